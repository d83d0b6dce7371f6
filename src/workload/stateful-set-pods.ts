import type { Pod, StatefulSet } from '../api/kubernetes.ts';
import { partitionOf } from './stateful-set-partition.ts';
import { isReadyPod, versionHashOf } from './version-pods.ts';

/** The place of a pod among those of its StatefulSet, which a partition counts. */
export function indexOf({ spec }: StatefulSet, { metadata }: Pod): number {
  return Number(metadata.name.slice(metadata.name.lastIndexOf('-') + 1)) - (spec.ordinals?.start ?? 0);
}

/**
 * Pods below the partition that are not of the stable version, as a change of scale leaves them. They are deleted one at
 * a time, and while no other pod is missing: this only puts a share right.
 */
export function surplusPods(set: StatefulSet, pods: readonly Pod[], stableHash: string): Pod[] {
  if (isAnyMissing(set, pods)) return [];
  return highestFirst(set, pods)
    .filter((pod) => indexOf(set, pod) < partitionOf(set) && versionHashOf(pod) !== stableHash)
    .slice(0, 1);
}

/** Those of another version that serve nobody, at once; of the others the highest, while no other pod is missing. */
export function podsToTakeBack(set: StatefulSet, pods: readonly Pod[], stableHash: string): Pod[] {
  const broken = brokenPods(pods, stableHash);
  if (broken.length > 0 || isAnyMissing(set, pods)) return broken;
  return highestFirst(set, pods)
    .filter((pod) => versionHashOf(pod) !== stableHash)
    .slice(0, 1);
}

/** Pods of another version than this that are not ready. */
export function brokenPods(pods: readonly Pod[], hash: string): Pod[] {
  return pods.filter((pod) => versionHashOf(pod) !== hash && !isReadyPod(pod));
}

/**
 * Pods that are to have another version than they have, and are not ready: their controller goes in order, and would
 * wait for them for good. From the partition on they are to have `hash`, and before it `below`, where that is known.
 */
export function stuckPods(
  set: StatefulSet,
  pods: readonly Pod[],
  { hash, below }: { hash: string; below: string | undefined },
): Pod[] {
  return pods.filter((pod) => {
    const wanted = indexOf(set, pod) >= partitionOf(set) ? hash : below;
    return !isReadyPod(pod) && wanted !== undefined && versionHashOf(pod) !== wanted;
  });
}

/** The partition that lets just the highest pod of another version than this be replaced; undefined where there is none. */
export function tailOf(set: StatefulSet, pods: readonly Pod[], hash: string): number | undefined {
  const [highest] = highestFirst(set, pods).filter((pod) => versionHashOf(pod) !== hash);
  return highest && indexOf(set, highest);
}

function isAnyMissing({ spec }: StatefulSet, pods: readonly Pod[]): boolean {
  return pods.filter(isReadyPod).length < (spec.replicas ?? 1);
}

function highestFirst(set: StatefulSet, pods: readonly Pod[]): Pod[] {
  return pods.toSorted((a, b) => indexOf(set, b) - indexOf(set, a));
}
