import { replaceActs } from '../api/act.ts';
import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { CloneSet } from '../api/clone-set.ts';
import type { Pod } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import {
  cloneSetIn,
  cloneSetReadings,
  cloneSetSize,
  cloneSetUpdate,
  cloneSetVersion,
  currentVersion,
  isGivenUp,
  isSettled,
  keepsEveryPod,
} from './clone-set.ts';
import { exchangeBack } from './clone-set-bring-back.ts';
import { admittedSet, asAuthored, isAsHeld, partitionOf, withPartition } from './clone-set-hold.ts';
import { isGoing, podsOfOthers, replacementActs, spareReadyPods } from './clone-set-take-back.ts';
import { partitionFor, stableCount } from './stable-count.ts';
import type { Asked, Order, Style, WorkloadFacts } from './style.ts';
import { isReadyPod } from './version-pods.ts';

/** The CloneSet's own controller exchanges pods one for another, as many as its partition lets go. */
export const cloneSetPartition: Style = {
  ...cloneSetReadings,
  hasExtraPods: false,
  makesRoomFirst: () => true,
  givesBack: true,
  heldFields: ['/spec/updateStrategy/partition'],
  resumeCommand: ({ metadata }) =>
    `kubectl patch clonesets.apps.kruise.io/${metadata.name} --type=merge -p '{"spec":{"updateStrategy":{"partition":0}}}'`,
  isStill: (object) => keepsEveryPod(object) || (object as CloneSet).spec.updateStrategy?.paused === true,
  still: (object, rollout) => withPartition(object as CloneSet, rollout, '100%'),
  keep: (before, after) => admittedSet(before as CloneSet, after as CloneSet),
  hold,
  grow,
  release,
  bringBack: exchangeBack,
  clear,
};

/** As many pods as were not granted stay; of a new size too, where the partition is a percentage. */
function hold(facts: WorkloadFacts, { rollout, goal }: Order): Asked | undefined {
  const set = cloneSetIn(facts);
  const size = cloneSetSize(facts);
  const kept = size - goal;
  const present = partitionOf(set);
  const isExact = goal > 0 && present !== undefined && stableCount(present, size) === kept;
  const partition = isExact ? present : partitionFor(goal === 0 ? size : kept, size);
  const held = withPartition(set, rollout, partition);
  if (held === set) return undefined;
  const why = goal === 0 ? 'hold the workload' : `let ${goal} pods have the new version`;
  return {
    acts: replaceActs(resources.cloneSet, set, held, why),
    message: goal === 0 ? 'the workload is held again' : `setting its partition to ${partition}`,
    ...(isAsHeld(set) && { follows: true }),
  };
}

/** A number of pods lets more of them go when the CloneSet is scaled, before anybody can look. */
function grow(facts: WorkloadFacts, { revision, stable, goal }: Order): Asked | undefined {
  const released = cloneSetVersion(facts, revision)?.hash;
  const isReleased = (pod: Pod) => pod.metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === released;
  const pods = podsOfOthers(facts, stable.hash).filter((pod) => !isGoing(pod));
  // What an earlier release left goes before what this one brings.
  const surplus = [...pods.filter(isReleased), ...pods.filter((pod) => !isReleased(pod))].slice(goal);
  if (goal === 0 || surplus.length === 0 || !isSettled(facts) || isGivenUp(facts, stable)) return undefined;
  const message = 'more pods than granted run the new version';
  return { acts: replacementActs(facts, surplus, message), message };
}

/**
 * Forwards the controller does the rest alone. Back it is let go some pods at a time, so that requests can be drained
 * from the next ones. What its author has of partition and paused comes back when every pod is updated: before, it
 * would keep some of them from that.
 */
function release(
  facts: WorkloadFacts,
  { rollout, isRouted = false }: Pick<Order, 'rollout' | 'isRouted'>,
): Asked | undefined {
  const set = cloneSetIn(facts);
  const { name } = set.metadata;
  const own = asAuthored(set);
  if (own === set) return undefined;
  if (!isSettled(facts))
    return { acts: [], message: `waiting until ${name} is seen as it is`, follows: true };
  if (cloneSetUpdate(facts).done) {
    const acts = replaceActs(resources.cloneSet, set, own, 'give the workload back as it was');
    return { acts, message: `${name} is given back` };
  }
  const size = cloneSetSize(facts);
  const present = stableCount(partitionOf(set), size);
  const { currentRevision, updateRevision } = set.status ?? {};
  const kept = currentRevision === updateRevision ? keptOnTheWayBack(facts, isRouted) : 0;
  if (kept >= present) return undefined;
  const freed = withPartition(set, rollout, kept === 0 ? '0%' : kept);
  return {
    acts: replaceActs(resources.cloneSet, set, freed, 'resume the workload'),
    message: `${name} is resumed, ${kept} pods stay for now`,
    ...(present < size && { follows: true }),
  };
}

function keptOnTheWayBack(facts: WorkloadFacts, isRouted: boolean): number {
  const others = podsOfOthers(facts, currentVersion(facts)?.hash ?? '').filter((pod) => !isGoing(pod));
  // Its controller takes those first that are not ready: nobody is served by them, so that they need no room.
  const serving = others.filter(isReadyPod).length;
  return Math.max(keptForRequests(facts, isRouted, others), serving - spareReadyPods(facts));
}

/** The last pod to which requests are routed, unless it is the only one there is or serves nobody. */
function keptForRequests(facts: WorkloadFacts, isRouted: boolean, others: readonly Pod[]): number {
  return isRouted && cloneSetSize(facts) > 1 && others.some(isReadyPod) ? 1 : 0;
}

/** Every pod of another version is exchanged for a stable one, as long as its controller makes such. */
function clear(facts: WorkloadFacts, { stable, isRouted = false }: Order): Asked | undefined {
  const pods = podsOfOthers(facts, stable.hash);
  if (pods.length === 0 || isGivenUp(facts, stable)) return undefined;
  const message = 'taking back the pods of the new version';
  if (!isSettled(facts)) return { acts: [], message };
  const staying = pods.filter((pod) => !isGoing(pod));
  const last = staying.filter(isReadyPod).slice(0, keptForRequests(facts, isRouted, staying));
  const going = pods.filter((pod) => !last.includes(pod));
  return { acts: replacementActs(facts, going, message), message };
}
