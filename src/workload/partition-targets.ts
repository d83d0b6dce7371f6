import { DESIRED_REPLICAS_ANNOTATION, STABLE_REVISION_LABEL } from '../api/annotations.ts';
import { type StrategyNote, strategyNote } from '../api/deployment-strategy.ts';
import type { Deployment, ReplicaSet } from '../api/kubernetes.ts';
import { partitionSize } from './partition-size.ts';
import { activeReplicaSets, podHashOf, replicaSetOf, revisionOf } from './pod-template.ts';
import { rollingBudget } from './rolling-budget.ts';

/** How many pods each version of a Deployment is to have in the end, the one that keeps the rest first. */
export interface Targets {
  /** undefined for a version that has no ReplicaSet yet: that of the present template. */
  set: ReplicaSet | undefined;
  wanted: number;
}

/** What the annotation says of a Deployment that leaves its scaling to Assay; undefined for any other. */
export function scaledByNote(deployment: Deployment): StrategyNote | undefined {
  const { metadata, spec } = deployment;
  const isIdle = spec.paused === true && spec.strategy?.type === 'Recreate';
  return isIdle && !metadata.deletionTimestamp ? strategyNote(deployment) : undefined;
}

/** Whether the annotation brings the present template to pods: a template that it does not mean gets none. */
export function isMoving({ spec }: Pick<Deployment, 'spec'>, note: StrategyNote): boolean {
  return !note.paused && (note.revision === undefined || note.revision === revisionOf(spec.template));
}

/**
 * The stable version is the one that the label names, without a label the oldest that has pods. It keeps what the
 * present template does not get; pods of any third version go. Nothing is said where the stable version is gone: which
 * pods may go then is not known.
 */
export function partitionTargets(
  deployment: Deployment,
  note: StrategyNote,
  replicaSets: readonly ReplicaSet[],
): Targets[] {
  const [kept, ...others] = finalTargets(deployment, note, replicaSets);
  if (!kept) return [];
  const { surge } = rollingBudget(note.rollingUpdate, deployment.spec.replicas ?? 1);
  // Without a surge an only pod has to go before another can come.
  const most = Math.min(note.keptPods ?? 0, (deployment.spec.replicas ?? 1) + surge - 1);
  return [
    kept,
    ...others.map(({ set, wanted }) => ({
      set,
      wanted: Math.max(wanted, Math.min(most, set?.spec.replicas ?? 0)),
    })),
  ];
}

function finalTargets(
  deployment: Deployment,
  note: StrategyNote,
  replicaSets: readonly ReplicaSet[],
): Targets[] {
  const { spec, metadata } = deployment;
  const total = spec.replicas ?? 1;
  const present = replicaSetOf(revisionOf(spec.template), replicaSets);
  const active = activeReplicaSets(replicaSets);
  const label = metadata.labels?.[STABLE_REVISION_LABEL];
  const named = label === undefined ? undefined : replicaSets.find((set) => podHashOf(set) === label);
  if (label !== undefined && !named) return [];
  const stable = named ?? active.find((set) => set !== present) ?? present;
  const others = active.filter((set) => set !== stable && set !== present);
  if (!isMoving(deployment, note)) {
    const all = present && present !== stable ? [present, ...others] : others;
    return frozen(stable, all, total);
  }
  if (!stable || stable === present) {
    return [{ set: present, wanted: total }, ...others.map((set) => ({ set, wanted: 0 }))];
  }
  const goal = partitionSize(note.partition, total);
  return [
    { set: stable, wanted: total - goal },
    { set: present, wanted: goal },
    ...others.map((set) => ({ set, wanted: 0 })),
  ];
}

/** Every version as it is. Where the Deployment was scaled the stable one takes what there is more, each its part of less. */
function frozen(stable: ReplicaSet | undefined, others: readonly ReplicaSet[], total: number): Targets[] {
  if (!stable) return [];
  const isScaled = [stable, ...others].some((set) => scaledFor(set, total) !== total);
  const kept = others.map((set) => {
    const replicas = set.spec.replicas ?? 0;
    const from = scaledFor(set, total);
    return { set, wanted: Math.min(replicas, Math.floor((replicas * total) / Math.max(1, from))) };
  });
  const rest = total - kept.reduce((sum, { wanted }) => sum + wanted, 0);
  return [{ set: stable, wanted: isScaled ? Math.max(0, rest) : (stable.spec.replicas ?? 0) }, ...kept];
}

/** The size of the Deployment that this ReplicaSet was scaled for. */
function scaledFor({ metadata }: ReplicaSet, total: number): number {
  const noted = Number(metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION] ?? total);
  return Number.isInteger(noted) ? noted : total;
}
