import { deleteActs, replaceActs } from '../api/act.ts';
import { CONTROLLER_REVISION_LABEL } from '../api/annotations.ts';
import type { Pod, StatefulSet, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { keptTemplateOf, revisionIn, revisionWith } from './controller-revisions.ts';
import { revisionOf } from './pod-template.ts';
import { bringBackPods } from './stateful-set-bring-back.ts';
import {
  HELD_PARTITION,
  isOnDelete,
  isPartitionKept,
  isSettled,
  isUnderRelease,
  partitionOf,
  withOwnPartition,
  withPartition,
} from './stateful-set-partition.ts';
import { brokenPods, podsToTakeBack, stuckPods, surplusPods, tailOf } from './stateful-set-pods.ts';
import type { Asked, CanaryState, Order, Style, UpdateState, WorkloadFacts } from './style.ts';
import { countPods, stayingPods, versionHashOf } from './version-pods.ts';

/** The pods with the highest ordinals get the new version, as many as the partition leaves above it. */
export const statefulSet: Style = {
  resource: resources.statefulSet,
  type: 'statefulset',
  podLabel: CONTROLLER_REVISION_LABEL,
  hasExtraPods: false,
  makesRoomFirst: () => true,
  givesBack: true,
  heldFields: ['/spec/updateStrategy/rollingUpdate/partition'],
  problem: (object) => onDeleteProblem(object as StatefulSet),
  size: ({ object }) => sizeOf(object),
  version,
  template: (facts, revision) => {
    const kept = revisionWith(revision, facts.revisions);
    return kept && keptTemplateOf(kept);
  },
  running,
  ready: (facts, { hash }) => countPods(facts, hash).ready,
  update,
  isGivenUp: ({ object }, { hash }) => (object as StatefulSet).status?.currentRevision !== hash,
  resumeCommand: ({ metadata }) =>
    `kubectl patch statefulset/${metadata.name} -p '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'`,
  isStill: (object) => {
    const set = object as StatefulSet;
    return isOnDelete(set) || partitionOf(set) >= sizeOf(set);
  },
  still: (object, rollout) => withPartition(object as StatefulSet, rollout, HELD_PARTITION),
  hold,
  grow,
  canary,
  release,
  bringBack: bringBackPods,
  clear,
};

function sizeOf({ spec }: Workload): number {
  return spec.replicas ?? 1;
}

function onDeleteProblem(set: StatefulSet): string | undefined {
  if (!isOnDelete(set)) return undefined;
  return (
    `StatefulSet ${set.metadata.name} has updateStrategy.type OnDelete, under which its controller brings a new ` +
    'version to no pod; set it to RollingUpdate, and it is released step by step'
  );
}

/** Of the present template it is what the controller says: a newer Kubernetes may write the same template otherwise. */
function version({ object, revisions }: WorkloadFacts, revision: string): StableRevision | undefined {
  const kept = revisionWith(revision, revisions);
  if (kept) return { revision, hash: kept.metadata.name };
  const { spec, status } = object as StatefulSet;
  return revision === revisionOf(spec.template) && status?.updateRevision && isSettled(object as StatefulSet)
    ? { revision, hash: status.updateRevision }
    : undefined;
}

/**
 * The version of all pods, or the one that its controller makes pods of below the partition while a release, or its
 * author, holds it between two.
 */
function running(facts: WorkloadFacts): StableRevision | undefined {
  const set = facts.object as StatefulSet;
  const { currentRevision, updateRevision } = set.status ?? {};
  const hashes = new Set(stayingPods(facts).map(versionHashOf));
  const [only] = hashes;
  if (statefulSet.isStill(set) || isUnderRelease(set)) {
    return named(facts, hashes.size === 1 ? only : currentRevision);
  }
  return hashes.size === 0 || (hashes.size === 1 && only === updateRevision)
    ? named(facts, updateRevision)
    : undefined;
}

function named(facts: WorkloadFacts, name: string | undefined): StableRevision | undefined {
  const { object, revisions } = facts;
  const present = version(facts, revisionOf(object.spec.template));
  if (present?.hash === name) return present;
  const kept = revisions.find(({ metadata }) => metadata.name === name);
  const revision = kept && revisionIn(kept);
  return kept && revision !== undefined ? { revision, hash: kept.metadata.name } : undefined;
}

function update({ object }: WorkloadFacts): UpdateState {
  const { metadata, status = {} } = object as StatefulSet;
  const total = sizeOf(object);
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = readyReplicas } = status;
  return {
    done:
      isSettled(object as StatefulSet) &&
      replicas === total &&
      updatedReplicas === total &&
      readyReplicas === total &&
      availableReplicas === total,
    message: `${metadata.name}: ${updatedReplicas} of ${total} pods updated, ${availableReplicas} available`,
  };
}

function hold({ object }: WorkloadFacts, { rollout, goal }: Order): Asked | undefined {
  const set = object as StatefulSet;
  const problem = onDeleteProblem(set);
  if (problem) return { fault: { reason: 'UnsupportedWorkload', message: problem } };
  const partition = goal === 0 ? HELD_PARTITION : sizeOf(set) - goal;
  const held = withPartition(set, rollout, partition);
  if (held === set) return undefined;
  const why = goal === 0 ? 'hold the workload' : `let the last ${goal} pods have the new version`;
  return {
    acts: replaceActs(resources.statefulSet, set, held, why),
    message: goal === 0 ? 'the workload is held again' : `setting its partition to ${partition}`,
    ...(isPartitionKept(set) && { follows: true }),
  };
}

/**
 * Its controller replaces pods above the partition by itself, unless one of them never gets ready, and never those that
 * came to be below it.
 */
function grow(facts: WorkloadFacts, { stable, goal }: Order): Asked | undefined {
  const set = facts.object as StatefulSet;
  if (goal === 0 || !isSettled(set)) return undefined;
  const pods = stayingPods(facts);
  const { currentRevision, updateRevision = '' } = set.status ?? {};
  const stuck = stuckPods(set, pods, {
    hash: updateRevision,
    below: currentRevision === stable.hash ? stable.hash : undefined,
  });
  if (stuck.length > 0) return deletion(stuck, 'replacing pods that are not ready and would stop the update');
  if (currentRevision !== stable.hash) return undefined;
  const surplus = surplusPods(set, pods, stable.hash);
  return surplus.length === 0 ? undefined : deletion(surplus, 'more pods than granted run the new version');
}

function canary(facts: WorkloadFacts, { revision }: Order): CanaryState {
  const set = facts.object as StatefulSet;
  const found = version(facts, revision);
  return {
    version: found,
    settled: isSettled(set) && found !== undefined && set.status?.updateRevision === found.hash,
    ...(found ? countPods(facts, found.hash) : { pods: 0, ready: 0 }),
  };
}

/**
 * Forwards the controller does the rest alone. Back it is let go pod by pod, so that requests can be drained from the
 * next one. A pod of another version that is not ready would stop the controller for good, and is deleted.
 */
function release(facts: WorkloadFacts, { rollout }: Pick<Order, 'rollout'>): Asked | undefined {
  const set = facts.object as StatefulSet;
  const { name } = set.metadata;
  if (!isUnderRelease(set)) return undefined;
  if (isOnDelete(set)) return givenBack(set);
  if (!isSettled(set)) return { acts: [], message: `waiting until ${name} is seen as it is`, follows: true };
  if (update(facts).done) return givenBack(set);
  const { currentRevision, updateRevision = '' } = set.status ?? {};
  const pods = stayingPods(facts);
  const present = partitionOf(set);
  const partition = currentRevision === updateRevision ? (tailOf(set, pods, updateRevision) ?? present) : 0;
  if (partition < present) {
    const freed = withPartition(set, rollout, partition);
    return {
      acts: replaceActs(resources.statefulSet, set, freed, 'resume the workload'),
      message: `${name} is resumed from pod ${partition} on`,
      ...(partition > 0 && present < HELD_PARTITION && { follows: true }),
    };
  }
  const broken = brokenPods(pods, updateRevision);
  if (broken.length === 0) return undefined;
  return {
    ...deletion(broken, 'replacing pods that are not ready and would stop the update'),
    follows: true,
  };
}

function givenBack(set: StatefulSet): Asked {
  const own = withOwnPartition(set);
  const acts = replaceActs(resources.statefulSet, set, own, 'give the workload back as it was');
  return { acts, message: `${set.metadata.name} is given back` };
}

/** Its controller leaves pods of a rejected version where they are: they are deleted, and come back as stable ones. */
function clear(facts: WorkloadFacts, { stable }: Order): Asked | undefined {
  const set = facts.object as StatefulSet;
  const pods = facts.pods.filter((pod) => versionHashOf(pod) !== stable.hash);
  // Once every pod ran the new version its controller knows no other to make pods of.
  if (pods.length === 0 || set.status?.currentRevision !== stable.hash) return undefined;
  if (!isSettled(set)) return { acts: [], message: 'waiting for the StatefulSet to be held' };
  return deletion(
    podsToTakeBack(set, stayingPods(facts), stable.hash),
    'taking back the pods of the new version',
  );
}

function deletion(pods: readonly Pod[], message: string): Asked {
  return { acts: pods.flatMap((pod) => deleteActs(resources.pod, pod, message)), message };
}
