import { replaceActs } from '../api/act.ts';
import { type StrategyNote, strategyNote, withStrategyNote } from '../api/deployment-strategy.ts';
import type { Deployment, ReplicaSet } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { deploymentReadings, deploymentVersion } from './deployment.ts';
import { unmarkedWorkload } from './marks.ts';
import {
  granted,
  heldDeployment,
  idleDeployment,
  keptDeployment,
  restoredStrategy,
} from './partition-hold.ts';
import { partitionSize } from './partition-size.ts';
import { scaledByNote } from './partition-targets.ts';
import { replicaSetOf, revisionOf } from './pod-template.ts';
import { rollingBudget } from './rolling-budget.ts';
import type { Asked, CanaryState, Order, Style, WorkloadFacts } from './style.ts';

/**
 * The pods of the Deployment are exchanged for those of the new version, as far as the steps ask for it. Its own
 * controller stands idle meanwhile: what the steps grant is written in an annotation, and the ReplicaSets are scaled by
 * that (deployment-scaling.ts).
 */
export const deploymentPartition: Style = {
  ...deploymentReadings,
  hasExtraPods: false,
  givesBack: true,
  makesRoomFirst: ({ spec, ...object }) => {
    const { rollingUpdate } = strategyNote(object) ?? {};
    return rollingBudget(rollingUpdate, spec.replicas ?? 1).surge === 0;
  },
  heldFields: ['/spec/paused', '/spec/strategy/type'],
  batch: partitionSize,
  isStill: (object) => (object as Deployment).spec.paused === true && granted(object as Deployment) === 0,
  still: (object, rollout) => idleDeployment(object as Deployment, rollout),
  keep: (before, after) => keptDeployment(before as Deployment, after as Deployment),
  hold: holdPartition,
  grow: growPartition,
  canary: canaryState,
  release: ({ object, replicaSets }, { isRouted }) => {
    const kept = isRouted ? keptForRequests(object as Deployment, replicaSets) : undefined;
    if (kept) return kept;
    const released = resumed(restoredStrategy(unmarkedWorkload(object as Deployment)));
    if (released === object) return undefined;
    return {
      acts: replaceActs(resources.deployment, object, released, 'resume the workload'),
      message: `${object.metadata.name} is resumed`,
    };
  },
  handBack: (object) => restoredStrategy(object as Deployment),
  clear: clearPartition,
};

function holdPartition({ object }: WorkloadFacts, order: Order): Asked | undefined {
  const held = heldDeployment(object as Deployment, order.rollout, order.stable.hash);
  if (!held) {
    const message = `strategy type Recreate of Deployment ${object.metadata.name} ends every pod before a new one starts, so that it cannot be released step by step: set RollingUpdate`;
    return { fault: { reason: 'UnsupportedWorkload', message } };
  }
  // A template that this order does not mean gets nothing by it.
  const { goal, granted: plan = 0 } = isMeant(held, order) ? order : { goal: 0 };
  // Without a goal the pods wait for `clear`: until then those that have requests keep them.
  const lower: Partial<StrategyNote> = goal === 0 ? { paused: true } : { partition: plan };
  const lowered = granted(held) > goal ? noted(held, lower) : held;
  if (lowered === object) return undefined;
  return {
    acts: replaceActs(resources.deployment, object, lowered, 'hold the workload'),
    message: 'the workload is held again',
  };
}

function growPartition({ object }: WorkloadFacts, order: Order): Asked | undefined {
  const deployment = object as Deployment;
  const { goal, granted: plan, revision } = order;
  if (plan === undefined || goal === 0 || !isMeant(deployment, order)) return undefined;
  const grown = noted(deployment, { paused: false, partition: plan, revision, keptPods: undefined });
  if (grown === deployment) return undefined;
  const message = `${goal} pods of the new version`;
  return { acts: replaceActs(resources.deployment, object, grown, message), message };
}

/** The stable version gets every pod again; without a stable version left there is nothing that could be taken away. */
function clearPartition(
  { object, replicaSets }: WorkloadFacts,
  { stable, isRouted }: Order,
): Asked | undefined {
  const deployment = object as Deployment;
  const kept = replicaSetOf(stable.revision, replicaSets);
  const hasPods = replicaSets.some(
    (set) => set !== kept && ((set.spec.replicas ?? 0) > 0 || (set.status?.replicas ?? 0) > 0),
  );
  if (!kept || !hasPods) return undefined;
  const message = 'the stable version gets its pods back';
  const revision = revisionOf(object.spec.template);
  const keptPods = isRouted ? 1 : undefined;
  const cleared = noted(deployment, { paused: false, partition: 0, revision, keptPods });
  return { acts: replaceActs(resources.deployment, object, cleared, message), message };
}

/**
 * On the way back the stable version gets its pods by the annotation until no request is routed to the other one any
 * more: Kubernetes would take the last pod of that away in the moment in which a stable one takes its place.
 */
function keptForRequests(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Asked | undefined {
  const revision = revisionOf(deployment.spec.template);
  const present = replicaSetOf(revision, replicaSets);
  const isLeft = replicaSets.some((set) => set !== present && (set.spec.replicas ?? 0) > 0);
  if (!scaledByNote(deployment) || !isLeft) return undefined;
  const back = noted(deployment, { paused: false, partition: '100%', revision, keptPods: 1 });
  const message = 'the stable version gets its pods back, the last one of the other waits';
  const acts = replaceActs(resources.deployment, deployment, back, message);
  return { acts, message, follows: true };
}

function isMeant({ spec }: Deployment, { revision }: Order): boolean {
  return revisionOf(spec.template) === revision;
}

/** What its annotation says beside that stays; without one, which `hold` writes first, there is nothing to change. */
function noted(deployment: Deployment, change: Partial<StrategyNote>): Deployment {
  const note = strategyNote(deployment);
  return note ? withStrategyNote(deployment, { ...note, ...change }) : deployment;
}

/** Counted at its ReplicaSet, whose controller knows of fewer or more pods than are asked for only for a moment. */
function canaryState({ replicaSets }: WorkloadFacts, { revision }: Order): CanaryState {
  const set = replicaSetOf(revision, replicaSets);
  if (!set) return { version: undefined, settled: false, pods: 0, ready: 0 };
  const { replicas = 0 } = set.spec;
  const { replicas: pods = 0, availableReplicas = 0 } = set.status ?? {};
  return {
    version: deploymentVersion({ replicaSets: [set] }, revision),
    settled: true,
    pods: Math.min(replicas, pods),
    ready: Math.min(replicas, availableReplicas),
  };
}

function resumed(deployment: Deployment): Deployment {
  const { paused, ...spec } = deployment.spec;
  return paused ? { ...deployment, spec } : deployment;
}
