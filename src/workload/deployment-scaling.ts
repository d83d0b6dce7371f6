import { type Act, deleteActs, replaceActs } from '../api/act.ts';
import {
  DEPLOYMENT_EXTRA_STATUS_ANNOTATION,
  DESIRED_REPLICAS_ANNOTATION,
  MAX_REPLICAS_ANNOTATION,
} from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import type { Deployment, ReplicaSet } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { nextReplicas } from './exchange.ts';
import { newReplicaSet } from './new-replica-set.ts';
import { isMoving, partitionTargets, scaledByNote, type Targets } from './partition-targets.ts';
import { replicaSetOf, revisionOf } from './pod-template.ts';
import { type RollingBudget, rollingBudget } from './rolling-budget.ts';

/**
 * What brings the ReplicaSets of a Deployment nearer to what its annotation asks for, in place of Kubernetes, which
 * does nothing but scale a Deployment that is paused and of type Recreate. Nothing for any other Deployment.
 *
 * Kubernetes gives all pods to a version that is the only one with any. Therefore a version gets its first pod before
 * another gives one, even where no surge is allowed, and a new version that could become the only one with a
 * ReplicaSet, since the Deployment was scaled to nothing, loses it.
 */
export function scaleReplicaSets(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Act[] {
  const note = scaledByNote(deployment);
  if (!note) return [];
  const total = deployment.spec.replicas ?? 1;
  const budget = rollingBudget(note.rollingUpdate, total);
  const targets = partitionTargets(deployment, note, replicaSets);
  if (total === 0 && targets.length > 1) return withoutPods(deployment, targets, budget);
  const next = nextReplicas(targets.map(standingOf), total, budget);
  const scaled = targets.map(({ set, wanted }, index) => {
    const replicas = next[index] ?? 0;
    return set ? scaleActs(set, replicas, wanted, total, budget) : createActs(deployment, replicas, budget);
  });
  return [
    ...scaled.flatMap(({ grows, acts }) => (grows ? acts : [])),
    ...scaled.flatMap(({ grows, acts }) => (grows ? [] : acts)),
    ...(isMoving(deployment, note) ? statusActs(deployment, targets, replicaSets) : []),
  ];
}

function standingOf({ set, wanted }: Targets) {
  return {
    replicas: set?.spec.replicas ?? 0,
    available: set?.status?.availableReplicas ?? 0,
    wanted,
  };
}

interface Scaled {
  grows: boolean;
  acts: Act[];
}

function scaleActs(
  set: ReplicaSet,
  replicas: number,
  wanted: number,
  total: number,
  budget: RollingBudget,
): Scaled {
  const before = set.spec.replicas ?? 0;
  const noted = withSizeNote(set, total, budget);
  // On its way a version must not look to Kubernetes as if it had all the pods of a smaller Deployment.
  if (replicas === before && (replicas !== wanted || noted === set)) return { grows: false, acts: [] };
  const scaled: ReplicaSet = { ...noted, spec: { ...noted.spec, replicas } };
  return {
    grows: replicas > before,
    acts: replaceActs(resources.replicaSet, set, scaled, `${before} → ${replicas} pods`),
  };
}

function createActs(deployment: Deployment, replicas: number, budget: RollingBudget): Scaled {
  if (replicas === 0) return { grows: true, acts: [] };
  const made = newReplicaSet(deployment, replicas);
  const object = withSizeNote(made, deployment.spec.replicas ?? 1, budget);
  const why = `${replicas} pods of the new version`;
  return { grows: true, acts: [{ verb: 'create', resource: resources.replicaSet, object, why }] };
}

/** Scaled to nothing: the stable version alone must be left for Kubernetes to scale up again. */
function withoutPods(deployment: Deployment, targets: readonly Targets[], budget: RollingBudget): Act[] {
  const present = revisionOf(deployment.spec.template);
  return targets.flatMap(({ set }, index) => {
    if (!set) return [];
    if (index === 0 || (set.spec.replicas ?? 0) > 0) return scaleActs(set, 0, 0, 0, budget).acts;
    const isEmpty = revisionOf(set.spec.template) === present && (set.status?.replicas ?? 0) === 0;
    return isEmpty ? deleteActs(resources.replicaSet, set, 'the Deployment has no pods') : [];
  });
}

/** The ReplicaSet with what Kubernetes reads of it. The same object when it has that. */
function withSizeNote(set: ReplicaSet, total: number, { surge }: RollingBudget): ReplicaSet {
  const { annotations } = set.metadata;
  const noted = {
    ...annotations,
    [DESIRED_REPLICAS_ANNOTATION]: String(total),
    [MAX_REPLICAS_ANNOTATION]: String(total + surge),
  };
  return sameJson(annotations, noted) ? set : { ...set, metadata: { ...set.metadata, annotations: noted } };
}

/** Written when a step begins and when it is complete, and not for every pod in between. */
function statusActs(
  deployment: Deployment,
  targets: readonly Targets[],
  replicaSets: readonly ReplicaSet[],
): Act[] {
  const present = replicaSetOf(revisionOf(deployment.spec.template), replicaSets);
  const wanted = targets.find(({ set }) => set === present)?.wanted;
  if (wanted === undefined) return [];
  const ready = present?.status?.readyReplicas ?? 0;
  const { annotations } = deployment.metadata;
  const before = annotations?.[DEPLOYMENT_EXTRA_STATUS_ANNOTATION];
  const said = (updatedReadyReplicas: number) =>
    JSON.stringify({ updatedReadyReplicas, expectedUpdatedReplicas: wanted });
  const isNews = before === undefined || !before.endsWith(`"expectedUpdatedReplicas":${wanted}}`);
  const complete = said(wanted);
  if (!isNews && (before === complete) === ready >= wanted) return [];
  const noted: Deployment = {
    ...deployment,
    metadata: {
      ...deployment.metadata,
      annotations: { ...annotations, [DEPLOYMENT_EXTRA_STATUS_ANNOTATION]: said(Math.min(ready, wanted)) },
    },
  };
  return replaceActs(resources.deployment, deployment, noted, `${ready} of ${wanted} pods are updated`);
}
