import type { KubeObject } from '../src/api/kubernetes.ts';

/** The label of everything that a playground brings into a cluster: what bears it may be removed again. */
export const MARK = 'assay.dev/playground';

/** The one node that all pods of a playground run on. */
export const NODE_NAME = 'playground';

/** The object with the mark among its labels. */
export function marked<T extends KubeObject>(object: T): T {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [MARK]: '' } } };
}
