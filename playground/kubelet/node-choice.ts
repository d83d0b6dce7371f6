import type { RunnablePod } from './pod-status.ts';

/** The node that a pod is bound to: the one that it names, as the pods of DaemonSets do, else the first. */
export function nodeFor({ spec }: Pick<RunnablePod, 'spec'>, nodes: readonly string[]): string | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const named = (required?.nodeSelectorTerms ?? [])
    .flatMap(({ matchFields = [] }) => matchFields)
    .flatMap(({ key, values = [] }) => (key === 'metadata.name' ? values : []));
  return named.length === 0 ? nodes[0] : nodes.find((node) => named.includes(node));
}
