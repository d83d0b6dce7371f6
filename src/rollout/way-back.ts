import type { Pod } from '../api/kubernetes.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { batchOf } from '../workload/batch-size.ts';
import { isReadyPod } from '../workload/version-pods.ts';
import type { Context } from './context.ts';
import { styleIn } from './order.ts';
import { ownPods } from './own-pods.ts';
import { replicasOf } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** How far the pods of a workload are on their way back to its stable version. */
export interface WayBack {
  /** The stable version, as its pods carry it now. */
  target: StableRevision;
  size: number;
  /** How many pods have to go back in all; those that had the stable version when it began are not counted. */
  pods: number;
  /** Those of another version that have not gone yet. */
  others: readonly Pod[];
  /** Those of the stable version. */
  stable: readonly Pod[];
  ready: number;
}

/** Where the pods of a release are that goes back, or would. */
export function wayBackOf({ snapshot, workload, release }: Omit<Context, 'now'>): WayBack {
  const style = styleIn(snapshot);
  const size = style.size(workload);
  const target = style.version(workload, release.stable.revision) ?? release.stable;
  const { ofVersion: stable, others } = ownPods({ snapshot, workload }, target);
  const pods = release.wayBack ? podsToReturn(release.wayBack, size) : others.length;
  return { target, size, pods, others, stable, ready: stable.filter(isReadyPod).length };
}

/**
 * How many pods have to go back, of a workload that may have been scaled since `pods` of `of` had to. As upstream has
 * it, pods that are added count as such that go back, though they may have the stable version from the beginning: this
 * lets fewer go at a time, and never more.
 */
export function podsToReturn({ pods, of }: { pods: number; of: number }, size: number): number {
  return Math.max(Math.min(pods, size), pods + size - of);
}

/** How many of them may stay at another version in a step (1-based) of the plan. */
export function leftBy(
  { snapshot }: { snapshot: Pick<Snapshot, 'rollout'> },
  step: number,
  pods: number,
): number {
  return pods - batchOf(styleIn(snapshot), replicasOf(snapshot.rollout, step), pods);
}

/** How many are back, in words. */
export function describeWayBack({ pods, others }: Pick<WayBack, 'pods' | 'others'>): string {
  const back = Math.max(0, pods - others.length);
  return `${back} of ${pods} pods are back on the stable version`;
}
