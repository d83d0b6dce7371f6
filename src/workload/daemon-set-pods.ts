import { DELETION_COST_ANNOTATION } from '../api/annotations.ts';
import type { DaemonSet, Pod } from '../api/kubernetes.ts';
import { batchSize } from './batch-size.ts';
import { isReadyPod } from './version-pods.ts';

/**
 * The first `count` of these pods that may be deleted now: those that are not ready at once, since they serve nobody,
 * and of the others as many as `maxUnavailable` leaves. Upstream's order: pending ones, those that are not ready, a low
 * deletion cost, the newest; before all that the ones that `isIdle`, which get no requests.
 */
export function podsToReplace(
  set: DaemonSet,
  all: readonly Pod[],
  candidates: readonly Pod[],
  count: number,
  isIdle: (pod: Pod) => boolean = () => false,
): Pod[] {
  const size = set.status?.desiredNumberScheduled ?? 0;
  const missing = Math.max(0, size - all.filter(isReadyPod).length);
  let left = Math.max(0, maxUnavailable(set, size) - missing);
  const rank = (pod: Pod) => [
    isIdle(pod) ? 0 : 1,
    pod.status?.phase === 'Running' ? 1 : 0,
    isReadyPod(pod) ? 1 : 0,
    deletionCost(pod),
    -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ];
  return candidates
    .toSorted((a, b) => firstDifference(rank(a), rank(b)))
    .slice(0, Math.max(0, count))
    .filter((pod) => !isReadyPod(pod) || left-- > 0);
}

/** As Kubernetes counts: a percentage is rounded up. Where new pods are to come first there are none to be missing. */
function maxUnavailable({ spec }: DaemonSet, size: number): number {
  return Math.max(1, batchSize(spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, size));
}

function deletionCost({ metadata }: Pod): number {
  return Number(metadata.annotations?.[DELETION_COST_ANNOTATION] ?? 0) || 0;
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
