import type { KubeObject } from '../src/api/kubernetes.ts';

/** The label of everything that a playground brings into a cluster: what bears it may be removed again. */
export const MARK = 'assay.dev/playground';

/** The node that the pods of a playground run on, unless they name another. */
export const NODE_NAME = 'playground';

/** The names of so many nodes. Only DaemonSets, which have a pod on each, make use of more than one. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? NODE_NAME : `${NODE_NAME}-${index + 1}`));
}

/** The object with the mark among its labels. */
export function marked<T extends KubeObject>(object: T): T {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [MARK]: '' } } };
}
