import {
  ADVANCED_DEPLOYMENT_LABEL,
  DEPLOYMENT_EXTRA_STATUS_ANNOTATION,
  DEPLOYMENT_STRATEGY_ANNOTATION,
  STABLE_REVISION_LABEL,
} from '../api/annotations.ts';
import { type StrategyNote, strategyNote, withStrategyNote } from '../api/deployment-strategy.ts';
import type { Deployment } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { isMarked, markedWorkload, withoutAnnotation } from './marks.ts';
import { partitionSize } from './partition-size.ts';
import { isMoving } from './partition-targets.ts';

/** How many pods the annotation brings the present template to. */
export function granted(deployment: Deployment): number {
  const note = strategyNote(deployment);
  return note && isMoving(deployment, note)
    ? partitionSize(note.partition, deployment.spec.replicas ?? 1)
    : 0;
}

/** The Deployment so that neither Kubernetes nor Assay brings its present template to a pod. */
export function idleDeployment(deployment: Deployment, rollout: Rollout): Deployment {
  const { spec } = deployment;
  if (isMarked(rollout, deployment) && isIdle(deployment) && granted(deployment) === 0) return deployment;
  const idle = markedWorkload(rollout, { ...deployment, spec: { ...spec, paused: true } });
  if (isRecreatedByAuthor(deployment)) return idle;
  return notedDeployment(idle, { ...noteOf(deployment), paused: true, partition: 0, revision: undefined });
}

/** The Deployment held at what its annotation says already; undefined where its own strategy allows no steps. */
export function heldDeployment(
  deployment: Deployment,
  rollout: Rollout,
  stableHash: string,
): Deployment | undefined {
  if (isRecreatedByAuthor(deployment)) return undefined;
  const paused = deployment.spec.paused
    ? deployment
    : { ...deployment, spec: { ...deployment.spec, paused: true } };
  const marked = notedDeployment(markedWorkload(rollout, paused), noteOf(deployment));
  const labels = {
    ...marked.metadata.labels,
    [STABLE_REVISION_LABEL]: stableHash,
    [ADVANCED_DEPLOYMENT_LABEL]: 'true',
  };
  const { labels: present = {} } = marked.metadata;
  const isLabelled =
    present[STABLE_REVISION_LABEL] === stableHash && present[ADVANCED_DEPLOYMENT_LABEL] === 'true';
  return isLabelled ? marked : { ...marked, metadata: { ...marked.metadata, labels } };
}

/**
 * What may stand of a write in the middle of a release: the Deployment stays idle, and new settings of a rolling update
 * are noted, to be in force at once and put back at the end.
 */
export function keptDeployment(before: Deployment, after: Deployment): Deployment {
  if (!before.spec.paused) return after;
  const paused = { ...after, spec: { ...after.spec, paused: true } };
  const note = strategyNote(before);
  if (!note || before.spec.strategy?.type !== 'Recreate') return paused;
  const rollingUpdate = after.spec.strategy?.rollingUpdate ?? note.rollingUpdate;
  return notedDeployment(paused, { ...note, rollingUpdate });
}

/** The Deployment with the strategy that its author gave it, held or not as it was. The same object when it has that. */
export function restoredStrategy(deployment: Deployment): Deployment {
  const { labels = {} } = deployment.metadata;
  const { [STABLE_REVISION_LABEL]: stable, [ADVANCED_DEPLOYMENT_LABEL]: advanced, ...others } = labels;
  const unnoted = withoutAnnotation(
    withoutAnnotation(deployment, DEPLOYMENT_STRATEGY_ANNOTATION),
    DEPLOYMENT_EXTRA_STATUS_ANNOTATION,
  );
  if (unnoted === deployment && stable === undefined && advanced === undefined) return deployment;
  const { rollingUpdate } = noteOf(deployment);
  const strategy = { type: 'RollingUpdate', ...(rollingUpdate ? { rollingUpdate } : {}) };
  return {
    ...unnoted,
    metadata: { ...unnoted.metadata, labels: others },
    spec:
      deployment.spec.strategy?.type === 'Recreate' && !isRecreatedByAuthor(deployment)
        ? { ...unnoted.spec, strategy }
        : unnoted.spec,
  };
}

/** Its author's own Recreate, and not the one by which a release holds it. */
function isRecreatedByAuthor(deployment: Deployment): boolean {
  const { metadata, spec } = deployment;
  const isOurs = metadata.labels?.[ADVANCED_DEPLOYMENT_LABEL] === 'true' || strategyNote(deployment);
  return spec.strategy?.type === 'Recreate' && !isOurs;
}

function isIdle(deployment: Deployment): boolean {
  const { spec } = deployment;
  return spec.paused === true && spec.strategy?.type === 'Recreate' && !spec.strategy.rollingUpdate;
}

/**
 * The annotation of a Deployment that is held; for another the one it would get. What an earlier release may have left
 * in an annotation does not count beside a strategy that is in force.
 */
function noteOf(deployment: Deployment): StrategyNote {
  const { strategy } = deployment.spec;
  const fresh = { paused: true, partition: 0 };
  if (strategy?.type === 'Recreate') return strategyNote(deployment) ?? fresh;
  return { ...fresh, ...(strategy?.rollingUpdate ? { rollingUpdate: strategy.rollingUpdate } : {}) };
}

function notedDeployment(deployment: Deployment, note: StrategyNote): Deployment {
  const { spec } = deployment;
  const idle = isRecreate(spec)
    ? deployment
    : { ...deployment, spec: { ...spec, strategy: { type: 'Recreate' } } };
  return withStrategyNote(idle, note);
}

function isRecreate({ strategy }: Deployment['spec']): boolean {
  return strategy?.type === 'Recreate' && !strategy.rollingUpdate;
}
