import { type Act, replaceActs } from '../api/act.ts';
import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { Deployment } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { holdBoth, scaledActs } from './blue-green-hold.ts';
import {
  handedBack,
  isTakenOver,
  keptSettings,
  NEVER_AVAILABLE_SECONDS,
  takenOver,
} from './blue-green-settings.ts';
import {
  deploymentReadings,
  deploymentRunning,
  deploymentSize,
  deploymentVersion,
  pausedDeployment,
} from './deployment.ts';
import { unmarkedWorkload } from './marks.ts';
import { activeReplicaSets, replicaSetOf, revisionOf } from './pod-template.ts';
import type { Asked, CanaryState, Order, Style, WorkloadFacts } from './style.ts';

/**
 * The Deployment itself runs both versions: its own controller adds pods of the new one as `maxSurge` rises, and takes
 * none of the stable ones away before it gets its settings back.
 */
export const deploymentBlueGreen: Style = {
  ...deploymentReadings,
  hasExtraPods: true,
  isBlueGreen: true,
  abortRestores: true,
  heldFields: ['/spec/paused', '/spec/strategy', '/spec/minReadySeconds', '/spec/progressDeadlineSeconds'],
  running: (facts) =>
    isTakenOver(facts.object as Deployment) ? deploymentRunning(facts, true) : deploymentRunning(facts),
  isStill: (object) => (object as Deployment).spec.paused === true,
  still: (object, rollout) => pausedDeployment(rollout, object),
  keep: (before, after) => keptWorkload(before as Deployment, after as Deployment),
  hold: holdBoth,
  grow: growGreen,
  canary: greenState,
  release: giveBack,
  clear: clearGreen,
};

function keptWorkload(before: Deployment, after: Deployment): Deployment {
  const kept = isTakenOver(before) ? keptSettings(before, after) : after;
  return before.spec.paused ? { ...kept, spec: { ...kept.spec, paused: true } } : kept;
}

function growGreen(facts: WorkloadFacts, order: Order): Asked | undefined {
  const deployment = facts.object as Deployment;
  const { goal, revision, stable } = order;
  if (goal === 0 || revisionOf(deployment.spec.template) !== revision) return undefined;
  if (!isTakenOver(deployment) && deployment.spec.strategy?.type === 'Recreate') {
    const message = `Deployment ${deployment.metadata.name} has strategy.type Recreate, which leaves no pods to go back to; set it to RollingUpdate`;
    return { fault: { reason: 'UnsupportedWorkload', message } };
  }
  const why = `${goal} pods of the new version`;
  const acts = [
    ...keepStableActs(facts, order),
    ...replaceActs(resources.deployment, deployment, takenOver(deployment, goal, stable.hash), why),
  ];
  return acts.length === 0 ? undefined : { acts, message: `${deployment.metadata.name} gets ${why}` };
}

/**
 * The stable pods count as not available, too: whoever restored their template past admission would else have the pods of
 * the new version taken away in the middle of their requests. And when the workload is scaled, its controller shares
 * out the difference among both versions; the stable one gets its part of the whole.
 */
function keepStableActs(facts: WorkloadFacts, { revision, stable }: Order): Act[] {
  const set = revision === stable.revision ? undefined : replicaSetOf(stable.revision, facts.replicaSets);
  if (!set) return [];
  const isFew = isSettled(facts) && (set.spec.replicas ?? 0) < deploymentSize(facts);
  if (!isFew && set.spec.minReadySeconds === NEVER_AVAILABLE_SECONDS) return [];
  const replicas = isFew ? deploymentSize(facts) : (set.spec.replicas ?? 0);
  const kept = { ...set, spec: { ...set.spec, replicas, minReadySeconds: NEVER_AVAILABLE_SECONDS } };
  return replaceActs(resources.replicaSet, set, kept, 'keep every stable pod');
}

/** Whether its own controller has acted on the newest spec. */
function isSettled({ object }: WorkloadFacts): boolean {
  const { metadata, spec, status = {} } = object as Deployment;
  return !spec.paused && (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** A pod of the new version is ready as Kubernetes has it; available it never is before the end. */
function greenState(facts: WorkloadFacts, { revision }: Order): CanaryState {
  const { status } = replicaSetOf(revision, facts.replicaSets) ?? {};
  const { metadata, status: own = {} } = facts.object as Deployment;
  return {
    version: deploymentVersion(facts, revision),
    settled: (own.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    pods: status?.replicas ?? 0,
    ready: status?.readyReplicas ?? 0,
  };
}

function giveBack({ object }: WorkloadFacts): Asked | undefined {
  const { paused, ...spec } = (object as Deployment).spec;
  const resumed = paused ? { ...(object as Deployment), spec } : (object as Deployment);
  const released = unmarkedWorkload(handedBack(resumed));
  if (released === object) return undefined;
  return {
    acts: replaceActs(resources.deployment, object, released, 'resume the workload'),
    message: `${object.metadata.name} is resumed`,
  };
}

/** Of the paused Deployment every version but the stable one goes; then its settings are its author's again. */
function clearGreen({ object, replicaSets, pods }: WorkloadFacts, { stable }: Order): Asked | undefined {
  const deployment = object as Deployment;
  const set = replicaSetOf(stable.revision, replicaSets);
  // Without stable pods, what runs is all there is.
  if (!set?.spec.replicas) return undefined;
  const message = 'removing the pods of the new version';
  const green = activeReplicaSets(replicaSets).filter(({ metadata }) => metadata.name !== set.metadata.name);
  if (green.length > 0) return { acts: green.flatMap((each) => scaledActs(each, 0, message)), message };
  if (pods.some(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] !== stable.hash))
    return { acts: [], message };
  const handed = handedBack(deployment);
  const { minReadySeconds = 0 } = handed.spec;
  const acts = replaceActs(resources.deployment, deployment, handed, 'give the settings back');
  if (set.spec.minReadySeconds === NEVER_AVAILABLE_SECONDS) {
    const available = { ...set, spec: { ...set.spec, minReadySeconds } };
    acts.push(...replaceActs(resources.replicaSet, set, available, 'give the settings back'));
  }
  return acts.length === 0 ? undefined : { acts, message: 'the settings of the workload are given back' };
}
