import type { Pod } from '../api/kubernetes.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { stayingPods } from '../workload/version-pods.ts';
import type { Context } from './context.ts';
import { isGivenUp, styleIn } from './order.ts';

/** The workload's own pods that are not going: those of this version, and those of any other. */
export function ownPods(
  { snapshot, workload }: Pick<Context, 'snapshot' | 'workload'>,
  { hash }: Pick<StableRevision, 'hash'>,
): { ofVersion: Pod[]; others: Pod[] } {
  const { podLabel } = styleIn(snapshot);
  const staying = stayingPods(workload);
  const isOfVersion = ({ metadata }: Pod) => metadata.labels?.[podLabel] === hash;
  return { ofVersion: staying.filter(isOfVersion), others: staying.filter((pod) => !isOfVersion(pod)) };
}

/**
 * Whether no stable pod is left and the workload's own controller makes none any more, as after it was scaled to
 * nothing in the middle: a Service that is pinned to them would have no pods for good.
 */
export function isStableGone(context: Omit<Context, 'now'>): boolean {
  return isGivenUp(context) && ownPods(context, context.release.stable).ofVersion.length === 0;
}
