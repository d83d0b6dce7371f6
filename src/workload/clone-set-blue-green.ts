import { replaceActs } from '../api/act.ts';
import type { CloneSet } from '../api/clone-set.ts';
import { resources } from '../api/resource.ts';
import { isTakenOver } from './blue-green-settings.ts';
import {
  cloneSetIn,
  cloneSetReadings,
  cloneSetRunning,
  cloneSetUpdate,
  currentVersion,
  isGivenUp,
  isSettled,
  keepsEveryPod,
} from './clone-set.ts';
import { admittedSet, asAuthored, isAsHeld, partitionOf, withPartition } from './clone-set-hold.ts';
import { cloneSetPartition } from './clone-set-partition.ts';
import {
  admittedSettings,
  authoredSize,
  hasHeldSettings,
  letsPodsGo,
  withBothVersions,
  withOwnSettings,
  withOwnSize,
} from './clone-set-settings.ts';
import { deletionActs, podsOfOthers } from './clone-set-take-back.ts';
import { markedWorkload } from './marks.ts';
import { revisionOf } from './pod-template.ts';
import { partitionFor } from './stable-count.ts';
import type { Asked, Order, Style, WorkloadFacts } from './style.ts';
import { stayingPods } from './version-pods.ts';

/**
 * The CloneSet itself runs both versions: it is larger by the pods of the new one until its own controller gets it back
 * and takes the others away.
 */
export const cloneSetBlueGreen: Style = {
  ...cloneSetReadings,
  hasExtraPods: true,
  isBlueGreen: true,
  abortRestores: true,
  heldFields: ['/spec/updateStrategy', '/spec/minReadySeconds'],
  size: ({ object }) => authoredSize(object as CloneSet),
  running: (facts) => (isTakenOver(cloneSetIn(facts)) ? currentVersion(facts) : cloneSetRunning(facts)),
  resumeCommand: cloneSetPartition.resumeCommand as NonNullable<Style['resumeCommand']>,
  isStill: cloneSetPartition.isStill,
  still: cloneSetPartition.still,
  isTurned: (object) => isTurned(object as CloneSet),
  keep: (before, after) =>
    admittedSet(before as CloneSet, admittedSettings(before as CloneSet, after as CloneSet)),
  hold: holdBoth,
  grow: growGreen,
  release: giveBack,
  handBack: (object) => withOwnSettings(object as CloneSet),
  clear: clearGreen,
};

/** Its author's settings are there, and its partition keeps no pod. */
function isTurned(set: CloneSet): boolean {
  return !isTakenOver(set) && isAsHeld(set) && partitionOf(set) === '0%';
}

/** Whether the present template is to have pods by this order. */
function isWanted({ spec }: CloneSet, { goal, revision }: Order): boolean {
  return goal > 0 && revisionOf(spec.template) === revision;
}

/** Of a version that is not asked for no pod is made: what runs stays as it is, and is made good in the former version. */
function holdBoth(facts: WorkloadFacts, order: Order): Asked | undefined {
  const set = cloneSetIn(facts);
  const { rollout } = order;
  const runs = isWanted(set, order);
  const isSafe = isAsHeld(set) && (keepsEveryPod(set) || (runs && hasHeldSettings(set)));
  const unsafe = () => (runs ? sideBySide(facts, order) : cloneSetPartition.still(set, rollout));
  const safe = isSafe ? markedWorkload(rollout, set) : (unsafe() as CloneSet);
  const held = runs ? safe : withOwnSize(safe);
  if (held === set) return undefined;
  return {
    acts: replaceActs(resources.cloneSet, set, held, 'hold the workload'),
    message: 'the workload is held again',
    ...(safe === set && { follows: true }),
  };
}

function growGreen(facts: WorkloadFacts, order: Order): Asked | undefined {
  const set = cloneSetIn(facts);
  const { name } = set.metadata;
  if (!isWanted(set, order)) return undefined;
  if (set.spec.updateStrategy?.type === 'InPlaceOnly') {
    const message = `CloneSet ${name} has updateStrategy.type InPlaceOnly, with which OpenKruise makes no pods beside others; set it to InPlaceIfPossible`;
    return { fault: { reason: 'UnsupportedWorkload', message } };
  }
  const why = `${order.goal} pods of the new version`;
  const acts = replaceActs(resources.cloneSet, set, sideBySide(facts, order), why);
  return acts.length === 0 ? undefined : { acts, message: `${name} gets ${why}` };
}

/**
 * A percentage, where there is one, lets no more pods of the new version come than their part, when the CloneSet is scaled
 * before anybody can look.
 */
function sideBySide(facts: WorkloadFacts, { rollout, goal }: Order): CloneSet {
  const set = cloneSetIn(facts);
  const former = authoredSize(set);
  const all = former + goal;
  // What was written last stands until its controller has seen it.
  const isTooMany = isSettled(facts) ? isTakenOver(set) && stayingPods(facts).length > all : letsPodsGo(set);
  const enlarged = withBothVersions(set, { former, present: goal, isTooMany });
  return withPartition(enlarged, rollout, partitionFor(former, all));
}

/**
 * Its controller takes away what is not of the present template. What its author has of partition and paused comes back
 * with the last of them: before, it would keep some of them from that.
 */
function giveBack(facts: WorkloadFacts, { rollout }: Pick<Order, 'rollout'>): Asked | undefined {
  const set = cloneSetIn(facts);
  const { name } = set.metadata;
  const own = asAuthored(withOwnSettings(set));
  if (own === set) return undefined;
  if (!isSettled(facts))
    return { acts: [], message: `waiting until ${name} is seen as it is`, follows: true };
  if (!isTakenOver(set) && cloneSetUpdate(facts).done) {
    const acts = replaceActs(resources.cloneSet, set, own, 'give the workload back as it was');
    return { acts, message: `${name} is given back`, follows: true };
  }
  const freed = withPartition(withOwnSettings(set), rollout, '0%');
  if (freed === set) return undefined;
  return {
    acts: replaceActs(resources.cloneSet, set, freed, 'resume the workload'),
    message: `${name} is resumed`,
  };
}

/**
 * The pods of every version but the stable one are given to the controller to be deleted, before it has to choose by
 * itself which are too many; then the settings are its author's again.
 */
function clearGreen(facts: WorkloadFacts, { stable }: Order): Asked | undefined {
  const set = cloneSetIn(facts);
  const green = podsOfOthers(facts, stable.hash);
  // Without the stable version its controller would make all of them anew.
  if (isGivenUp(facts, stable)) return undefined;
  if (green.length === 0 && !isTakenOver(set)) return undefined;
  const message = 'removing the pods of the new version';
  if (!isSettled(facts)) return { acts: [], message };
  const settings = replaceActs(resources.cloneSet, set, withOwnSettings(set), 'give the settings back');
  return { acts: [...deletionActs(green, message), ...settings], message };
}
