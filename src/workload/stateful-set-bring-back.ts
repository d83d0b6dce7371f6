import { deleteActs, replaceActs } from '../api/act.ts';
import type { Pod, StatefulSet } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { isSettled, partitionOf, withPartition } from './stateful-set-partition.ts';
import { brokenPods, indexOf } from './stateful-set-pods.ts';
import type { Asked, Retreat, WorkloadFacts } from './style.ts';
import { stayingPods, versionHashOf } from './version-pods.ts';

/** The partition comes down to just above the pods that stay: those with the lowest ordinals. */
export function bringBackPods(facts: WorkloadFacts, { rollout, stable, left }: Retreat): Asked | undefined {
  const set = facts.object as StatefulSet;
  const { name } = set.metadata;
  if (!isSettled(set)) return { acts: [], message: `waiting until ${name} is seen as it is` };
  const pods = stayingPods(facts);
  const broken = brokenPods(pods, stable.hash).filter((pod) => comesBackStable(set, pod, stable.hash));
  const staying = pods
    .filter((pod) => versionHashOf(pod) !== stable.hash && !broken.includes(pod))
    .map((pod) => indexOf(set, pod))
    .toSorted((a, b) => a - b)
    .slice(0, left);
  const partition = (staying.at(-1) ?? -1) + 1;
  const moved = withPartition(set, rollout, partition);
  if (moved !== set) {
    const acts = replaceActs(resources.statefulSet, set, moved, `let pods from ${partition} on go back`);
    return { acts, message: `${name}: pods from ${partition} on go back` };
  }
  if (broken.length === 0) return undefined;
  const message = 'replacing pods that are not ready and would stop the others';
  return { acts: broken.flatMap((pod) => deleteActs(resources.pod, pod, message)), message };
}

/** Below the partition its controller makes pods of the version that all of them had last, which may be the withdrawn one. */
function comesBackStable(set: StatefulSet, pod: Pod, stableHash: string): boolean {
  return set.status?.currentRevision === stableHash || indexOf(set, pod) >= partitionOf(set);
}
