import { deleteActs, replaceActs } from '../api/act.ts';
import { CONTROLLER_REVISION_LABEL } from '../api/annotations.ts';
import type { ControllerRevision, DaemonSet, Pod } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { keptTemplateOf, newestFirst, revisionIn, revisionWith } from './controller-revisions.ts';
import { controlledDaemonSet, heldDaemonSet, isOnDelete, ownDaemonSet } from './daemon-set-control.ts';
import { podsToReplace } from './daemon-set-pods.ts';
import { revisionOf } from './pod-template.ts';
import type { Asked, CanaryState, Order, Style, UpdateState, WorkloadFacts } from './style.ts';
import { countPods, isReadyPod, stayingPods, versionHashOf } from './version-pods.ts';

/**
 * Its own controller replaces a pod only when that is deleted, and the engine deletes as many as were granted. It makes
 * pods of the present template alone, so that the stable version comes back only with its template.
 */
export const daemonSet: Style = {
  resource: resources.daemonSet,
  type: 'daemonset',
  podLabel: CONTROLLER_REVISION_LABEL,
  hasExtraPods: false,
  makesRoomFirst: () => true,
  abortRestores: true,
  heldFields: ['/spec/updateStrategy/type'],
  size: sizeOf,
  version,
  template: (facts, revision) => {
    const kept = revisionWith(revision, facts.revisions);
    return kept && keptTemplateOf(kept);
  },
  running,
  ready: (facts, { hash }) => countPods(facts, hash).ready,
  update,
  resumeCommand: ({ metadata }) =>
    `kubectl patch daemonset/${metadata.name} -p '{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}'`,
  isStill: (object) => isOnDelete(object as DaemonSet),
  still: (object, rollout) => heldDaemonSet(object as DaemonSet, rollout),
  hold,
  grow,
  canary,
  release,
  clear: () => undefined,
};

function sizeOf({ object }: WorkloadFacts): number {
  return (object as DaemonSet).status?.desiredNumberScheduled ?? 0;
}

function version({ revisions }: WorkloadFacts, revision: string): StableRevision | undefined {
  const kept = revisionWith(revision, revisions);
  return kept && { revision, hash: hashOf(kept) };
}

function hashOf({ metadata }: ControllerRevision): string {
  return metadata.labels?.[CONTROLLER_REVISION_LABEL] ?? '';
}

/** The version of all pods; where a release left some of each, the one that was there before the present template. */
function running(facts: WorkloadFacts): StableRevision | undefined {
  const set = facts.object as DaemonSet;
  const present = revisionWith(revisionOf(set.spec.template), facts.revisions);
  const pods = stayingPods(facts);
  const ready = pods.filter(isReadyPod);
  // Beside pods that serve, those of a version that never did are nothing to go back to.
  const hashes = new Set((ready.length > 0 && isOnDelete(set) ? ready : pods).map(versionHashOf));
  const found = newestFirst(facts.revisions).filter((kept) => hashes.has(hashOf(kept)));
  if (found.length === 0) return present && named(present);
  const [only] = found;
  if (only && found.length === 1) return isOnDelete(set) || only === present ? named(only) : undefined;
  return isOnDelete(set) ? named(formerOf(found, present)) : undefined;
}

/**
 * The newest one beside that of the present template. A template that came back has the newest number and an older
 * object than the version it replaces: it is what ran before, and is on its way back.
 */
function formerOf(
  found: readonly ControllerRevision[],
  present: ControllerRevision | undefined,
): ControllerRevision | undefined {
  const former = found.find((kept) => kept !== present);
  const age = ({ metadata }: ControllerRevision) => Date.parse(metadata.creationTimestamp ?? '');
  return present && former && age(present) < age(former) ? present : former;
}

function named(kept: ControllerRevision | undefined): StableRevision | undefined {
  const revision = kept && revisionIn(kept);
  return kept && revision !== undefined ? { revision, hash: hashOf(kept) } : undefined;
}

/** Whether its controller has seen the newest spec: a pod that is deleted comes back with the present template. */
function isSettled({ metadata, status }: DaemonSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

function update({ object }: WorkloadFacts): UpdateState {
  const { metadata, status = {} } = object as DaemonSet;
  const { desiredNumberScheduled: total = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = status;
  return {
    done: isSettled(object as DaemonSet) && updatedNumberScheduled === total && numberAvailable === total,
    message: `${metadata.name}: ${updatedNumberScheduled} of ${total} pods updated, ${numberAvailable} available`,
  };
}

function hold(facts: WorkloadFacts, { rollout, revision, goal }: Order): Asked | undefined {
  const set = facts.object as DaemonSet;
  const held = heldDaemonSet(set, rollout);
  const found = version(facts, revision);
  const wanted =
    found && goal > 0
      ? controlledDaemonSet(held, { hash: found.hash, partition: sizeOf(facts) - goal })
      : held;
  if (wanted === set) return undefined;
  return {
    acts: replaceActs(resources.daemonSet, set, wanted, 'hold the workload'),
    message: held === set ? `${goal} pods are to have the new version` : 'the workload is held again',
    ...(held === set && { follows: true }),
  };
}

/** As many pods of other versions are deleted as are missing of the goal; what is deleted already comes back with it. */
function grow(facts: WorkloadFacts, { revision, stable, goal }: Order): Asked | undefined {
  const set = facts.object as DaemonSet;
  const found = version(facts, revision);
  if (!found || !isSettled(set) || revisionOf(set.spec.template) !== revision) return undefined;
  const pods = stayingPods(facts);
  const others = pods.filter((pod) => versionHashOf(pod) !== found.hash);
  const toCome = sizeOf(facts) - others.length;
  const isIdle = (pod: Pod) => versionHashOf(pod) !== stable.hash;
  const replaced = podsToReplace(set, pods, others, goal - toCome, isIdle);
  return replaced.length === 0 ? undefined : deletion(replaced, `${goal} pods are to have the new version`);
}

function canary(facts: WorkloadFacts, { revision }: Order): CanaryState {
  const found = version(facts, revision);
  return {
    version: found,
    settled: isSettled(facts.object as DaemonSet),
    ...(found ? countPods(facts, found.hash) : { pods: 0, ready: 0 }),
  };
}

/**
 * The rest of the pods are replaced here as well, and the strategy comes back with the last: its own controller would
 * not wait until requests are drained from the next ones. The last pod of a version goes alone, while none is missing.
 */
function release(facts: WorkloadFacts): Asked | undefined {
  const set = facts.object as DaemonSet;
  const own = ownDaemonSet(set);
  if (own === set) return undefined;
  const { name } = set.metadata;
  if (!isSettled(set)) return { acts: [], message: `waiting until ${name} is seen as it is`, follows: true };
  if (update(facts).done) {
    const acts = replaceActs(resources.daemonSet, set, own, 'give the workload back as it was');
    return { acts, message: `${name} is given back` };
  }
  const present = version(facts, revisionOf(set.spec.template));
  if (!present || !isOnDelete(set)) return undefined;
  const pods = stayingPods(facts);
  const others = pods.filter((pod) => versionHashOf(pod) !== present.hash);
  const serving = others.filter(isReadyPod).length;
  const isAnyMissing = pods.filter(isReadyPod).length < sizeOf(facts);
  const kept = serving > 1 || (serving === 1 && isAnyMissing) ? 1 : 0;
  const count = others.length - kept;
  const replaced = podsToReplace(set, pods, others, count);
  return replaced.length === 0
    ? undefined
    : { ...deletion(replaced, `replacing the pods of ${name}`), follows: true };
}

function deletion(pods: readonly Pod[], message: string): Asked {
  return { acts: pods.flatMap((pod) => deleteActs(resources.pod, pod, message)), message };
}
