import { type Act, replaceActs } from '../api/act.ts';
import type { Deployment, ReplicaSet } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { isTakenOver, keepsEveryPod, takenOver } from './blue-green-settings.ts';
import { pausedDeployment } from './deployment.ts';
import { isMarked, markedWorkload } from './marks.ts';
import { activeReplicaSets, replicaSetOf, revisionOf } from './pod-template.ts';
import type { Asked, Order, WorkloadFacts } from './style.ts';

/** Whether the Deployment may run on: it adds pods of the version that is asked for, and takes none away. */
function runsSafely(deployment: Deployment, { revision, goal }: Order): boolean {
  return goal > 0 && keepsEveryPod(deployment) && revisionOf(deployment.spec.template) === revision;
}

/** Holds a Deployment so that both of its versions stay whole, until a step or the end of the release lets it go. */
export function holdBoth(facts: WorkloadFacts, order: Order): Asked | undefined {
  const { object } = facts;
  const deployment = object as Deployment;
  const { rollout, goal, revision, stable } = order;
  const isSafe = deployment.spec.paused === true || runsSafely(deployment, order);
  if (isSafe && isMarked(rollout, object)) return goal === 0 ? makeStableWhole(facts, order) : undefined;
  const runsOn = goal > 0 && revisionOf(deployment.spec.template) === revision;
  const still = runsOn ? takenOver(deployment, goal, stable.hash) : pausedBeside(facts, order);
  const held = markedWorkload(rollout, isSafe ? object : still);
  return {
    acts: replaceActs(resources.deployment, object, held, 'hold the workload'),
    message: 'the workload is held again',
  };
}

/**
 * Of a paused Deployment its own controller takes pods of every version away while they are more than its size and
 * `maxSurge`. After it was scaled to nothing and back the new version may have more than a step asked for.
 */
function pausedBeside({ object, replicaSets }: WorkloadFacts, { rollout, stable }: Order): Deployment {
  const deployment = object as Deployment;
  const paused = pausedDeployment(rollout, object) as Deployment;
  if (!isBeside(deployment, stable)) return paused;
  const others = activeReplicaSets(replicaSets).filter(
    (set) => revisionOf(set.spec.template) !== stable.revision,
  );
  const running = others.reduce((sum, { spec }) => sum + (spec.replicas ?? 0), 0);
  // Kubernetes wants room for one at least.
  const surge = Math.max(1, running);
  if (deployment.spec.strategy?.rollingUpdate?.maxSurge === surge) return paused;
  const roomy = takenOver(paused, surge, stable.hash);
  return { ...roomy, spec: { ...roomy.spec, paused: true } };
}

/** The stable version gets the pods back that its controller took away, beside those of the new one. */
function makeStableWhole(facts: WorkloadFacts, order: Order): Asked | undefined {
  const deployment = facts.object as Deployment;
  const { replicas: size = 1 } = deployment.spec;
  const set = replicaSetOf(order.stable.revision, facts.replicaSets);
  if (!set || !isBeside(deployment, order.stable) || (set.spec.replicas ?? 0) >= size) return undefined;
  const message = `the stable version gets its ${size} pods back`;
  const room = replaceActs(
    resources.deployment,
    deployment,
    pausedBeside(facts, order),
    'make room for them',
  );
  return { acts: [...room, ...scaledActs(set, size, message)], message };
}

/** Whether the Deployment runs its present template beside the stable version. */
function isBeside(deployment: Deployment, { revision }: Order['stable']): boolean {
  return isTakenOver(deployment) && revisionOf(deployment.spec.template) !== revision;
}

export function scaledActs(set: ReplicaSet, replicas: number, why: string): Act[] {
  const scaled: ReplicaSet = { ...set, spec: { ...set.spec, replicas } };
  return replaceActs(resources.replicaSet, set, scaled, why);
}
