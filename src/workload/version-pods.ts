import { CONTROLLER_REVISION_LABEL } from '../api/annotations.ts';
import type { Pod } from '../api/kubernetes.ts';
import type { WorkloadFacts } from './style.ts';

/** The workload's pods that are not going. */
export function stayingPods({ pods }: Pick<WorkloadFacts, 'pods'>): Pod[] {
  return pods.filter(({ metadata }) => !metadata.deletionTimestamp);
}

/** What a pod's label says of its version; '' where it has none. */
export function versionHashOf({ metadata }: Pod): string {
  return metadata.labels?.[CONTROLLER_REVISION_LABEL] ?? '';
}

export function isReadyPod({ status }: Pod): boolean {
  return (status?.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True');
}

/** How many pods of a version there are, and how many of them are ready. */
export function countPods(facts: Pick<WorkloadFacts, 'pods'>, hash: string): { pods: number; ready: number } {
  const found = stayingPods(facts).filter((pod) => versionHashOf(pod) === hash);
  return { pods: found.length, ready: found.filter(isReadyPod).length };
}
