import type { Act } from '../../src/api/act.ts';
import {
  CANARY_DEPLOYMENT_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  ROLLOUT_HASH_ANNOTATION,
} from '../../src/api/annotations.ts';
import { shortHash } from '../../src/api/canonical.ts';
import {
  type Condition,
  controllerReference,
  type Deployment,
  type PodTemplate,
  type ReplicaSet,
} from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { CanaryStatus, Rollout, RolloutStatus, RolloutStep } from '../../src/api/rollout.ts';
import { batchSize } from '../../src/workload/batch-size.ts';
import { isMarked, markedWorkload, unmarkedWorkload } from '../../src/workload/marks.ts';
import { activeReplicaSets, podHashOf, revisionOf } from '../../src/workload/pod-template.ts';

/** What the caches of Kruise Rollouts show of one Rollout of a Deployment with an extra Deployment for its canary. */
export interface Sight {
  rollout: Rollout;
  workload: Deployment;
  replicaSets: readonly ReplicaSet[];
  extra: Deployment | undefined;
  extraSets: readonly ReplicaSet[];
}

/** One reconcile: what it writes to other objects, and the whole status that it would put in place of the present one. */
export interface Turn {
  acts: Act[];
  status: RolloutStatus | undefined;
}

/** How long changed routes are given, as upstream's default has it, in a hurry. */
const GRACE_MS = 1_000;

/**
 * Stands in for the controller of Kruise Rollouts: canary style, without routes. The order of what it looks at, its
 * states, and that StepReady counts from wherever it comes, are upstream's; it knows nothing of Assay. Pure.
 */
export function reconcileKruise(sight: Sight, now: number): Turn {
  const { rollout, workload } = sight;
  const hash = kruisePlanHash(rollout);
  if (rollout.metadata.annotations?.[ROLLOUT_HASH_ANNOTATION] !== hash) return annotate(rollout, hash);
  if ((workload.status?.observedGeneration ?? 0) !== workload.metadata.generation) return IDLE;
  const before = rollout.status;
  const status: RolloutStatus = {
    ...(before ?? { currentStepIndex: 0, currentStepState: '' }),
    observedGeneration: rollout.metadata.generation ?? 0,
  };
  const turn =
    before?.phase === 'Progressing'
      ? progress({ ...sight, status, now, canary: before.canaryStatus ?? emptyCanary() })
      : between(sight, status, now);
  if (!turn.status) return turn;
  const { currentStepIndex = 0, currentStepState = '' } = turn.status.canaryStatus ?? {};
  return { ...turn, status: { ...turn.status, currentStepIndex, currentStepState } };
}

/** Its mutating webhook: a new template pauses the workload and marks it, and one under release stays paused. */
export function admitByKruise(rollout: Rollout, before: Deployment, after: Deployment): Deployment {
  const isNew = kruiseRevision(before.spec.template) !== kruiseRevision(after.spec.template);
  if (!isNew && !isMarked(rollout, after)) return after;
  return markedWorkload(rollout, { ...after, spec: { ...after.spec, paused: true } });
}

/** Its name of a template, which is no pod-template-hash. */
export function kruiseRevision(template: PodTemplate): string {
  return kruiseNameOf(revisionOf(template));
}

/** The same, of a revision as Assay names it. */
export function kruiseNameOf(revision: string): string {
  return `kruise-${shortHash(revision)}`;
}

export function kruisePlanHash({ spec }: Rollout): string {
  const { steps, failureThreshold: _threshold, ...rest } = spec.strategy.canary ?? {};
  return `plan-${shortHash({ ...rest, steps: steps?.map(({ pause: _pause, ...step }) => step) })}`;
}

const IDLE: Turn = { acts: [], status: undefined };

interface Progress extends Sight {
  status: RolloutStatus;
  canary: CanaryStatus;
  now: number;
}

function annotate(rollout: Rollout, hash: string): Turn {
  const annotations = { ...rollout.metadata.annotations, [ROLLOUT_HASH_ANNOTATION]: hash };
  const object = { ...rollout, metadata: { ...rollout.metadata, annotations } };
  return {
    acts: [{ verb: 'replace', resource: resources.rollout, object, why: 'plan hash' }],
    status: undefined,
  };
}

function between({ rollout, workload }: Sight, status: RolloutStatus, now: number): Turn {
  if (status.phase === 'Healthy' && isMarked(rollout, workload)) {
    const conditions = [condition('Progressing', 'True', 'Initializing', now)];
    return { acts: [], status: { ...status, phase: 'Progressing', conditions } };
  }
  if (status.phase === 'Healthy') return { acts: [], status };
  const canaryStatus = {
    ...emptyCanary(),
    currentStepIndex: stepsOf(rollout).length,
    nextStepIndex: -1,
    currentStepState: 'Completed',
  };
  return { acts: [], status: { ...status, phase: 'Healthy', canaryStatus } };
}

function progress(at: Progress): Turn {
  const reason = at.status.conditions?.find(({ type }) => type === 'Progressing')?.reason;
  switch (reason) {
    case 'Initializing':
      return initialize(at);
    case 'InRolling':
      return roll(at);
    case 'Paused':
      return at.rollout.spec.strategy.paused ? told(at, {}) : told(at, {}, 'InRolling');
    case 'Finalising':
      return finish(at, 'True');
    default:
      return finish(at, 'False');
  }
}

function initialize(at: Progress): Turn {
  const { rollout, workload, now } = at;
  const canary: CanaryStatus = {
    ...emptyCanary(),
    canaryRevision: kruiseRevision(workload.spec.template),
    stableRevision: podHashOf(stableSet(at)),
    rolloutHash: rollout.metadata.annotations?.[ROLLOUT_HASH_ANNOTATION] ?? '',
    currentStepIndex: 1,
    nextStepIndex: next(rollout, 1),
    currentStepState: 'BeforeStepUpgrade',
    lastUpdateTime: seconds(now),
  };
  return told({ ...at, canary }, {}, 'InRolling');
}

/** Upstream's order: rollback, pause, continuous release, changed plan, and only then the step. */
function roll(at: Progress): Turn {
  const { rollout, workload, canary } = at;
  const revision = kruiseRevision(workload.spec.template);
  if (revision !== canary.canaryRevision) {
    if (revisionOf(workload.spec.template) === revisionOf(stableSet(at).spec.template)) {
      return told(at, { canaryRevision: revision }, 'Cancelling');
    }
    return { acts: dropExtra(at), status: told({ ...at, canary: emptyCanary() }, {}, 'Initializing').status };
  }
  const seen = {
    ...at,
    canary: { ...canary, observedWorkloadGeneration: workload.metadata.generation ?? 0 },
  };
  if (rollout.spec.strategy.paused) return told(seen, {}, 'Paused');
  if (canary.rolloutHash !== rollout.metadata.annotations?.[ROLLOUT_HASH_ANNOTATION]) return replan(seen);
  return step(seen);
}

/** The first step that has as many pods, the present one before all; the next one is entered as if it were approved. */
function replan(at: Progress): Turn {
  const { rollout, canary } = at;
  const rolloutHash = rollout.metadata.annotations?.[ROLLOUT_HASH_ANNOTATION] ?? '';
  const count = stepsOf(rollout).length;
  const present = Math.min(canary.currentStepIndex, count);
  const others = Array.from({ length: count }, (_, index) => index + 1);
  const pods = at.extra?.spec.replicas ?? 0;
  const pick = [present, ...others].find((index) => wantedPods(at, index) >= pods) ?? count;
  if (pick === canary.nextStepIndex) return told(at, { rolloutHash, currentStepState: 'StepReady' });
  const currentStepState = wantedPods(at, pick) === pods ? 'StepTrafficRouting' : 'BeforeStepUpgrade';
  return told(at, {
    rolloutHash,
    currentStepIndex: pick,
    nextStepIndex: next(rollout, pick),
    currentStepState,
    lastUpdateTime: seconds(at.now),
  });
}

function step(at: Progress): Turn {
  const { rollout, canary, now } = at;
  const index = canary.currentStepIndex;
  const since = Date.parse(canary.lastUpdateTime ?? '');
  const isLast = index >= stepsOf(rollout).length;
  switch (canary.currentStepState) {
    case 'BeforeStepUpgrade':
      return told(at, { currentStepState: 'StepUpgrade' });
    case 'StepUpgrade':
      return upgrade(at);
    case 'StepTrafficRouting':
      if (now < since + GRACE_MS) return told(at, {});
      return told(at, { currentStepState: 'StepMetricsAnalysis', lastUpdateTime: seconds(now) });
    case 'StepMetricsAnalysis':
      return told(at, { currentStepState: 'StepPaused' });
    case 'StepPaused': {
      const { replicas, pause } = stepAt(rollout, index);
      const duration = pause?.duration ?? undefined;
      const isOver = duration !== undefined && now >= since + duration * 1_000;
      return told(at, (isLast && replicas === '100%') || isOver ? { currentStepState: 'StepReady' } : {});
    }
    case 'StepReady':
      if (isLast) return told(at, { currentStepState: 'Completed', lastUpdateTime: seconds(now) });
      return told(at, {
        currentStepIndex: index + 1,
        nextStepIndex: next(rollout, index + 1),
        currentStepState: 'BeforeStepUpgrade',
        lastUpdateTime: seconds(now),
      });
    default:
      return told(at, {}, 'Finalising');
  }
}

function upgrade(at: Progress): Turn {
  const { rollout, workload, extra, extraSets, canary, now } = at;
  const pods = wantedPods(at, canary.currentStepIndex);
  const why = 'pods of the step';
  if (!extra) {
    const object = extraDeployment(rollout, workload, pods);
    return { ...told(at, {}), acts: [{ verb: 'create', resource: resources.deployment, object, why }] };
  }
  if ((extra.spec.replicas ?? 0) < pods) {
    const object: Deployment = { ...extra, spec: { ...extra.spec, replicas: pods } };
    return { ...told(at, {}), acts: [{ verb: 'replace', resource: resources.deployment, object, why }] };
  }
  const set = extraSets.find(({ spec }) => revisionOf(spec.template) === revisionOf(extra.spec.template));
  const { observedGeneration, updatedReplicas = 0, availableReplicas = 0 } = extra.status ?? {};
  const isReady = observedGeneration === extra.metadata.generation && availableReplicas >= pods;
  if (!set || !isReady) return told(at, { canaryReplicas: updatedReplicas });
  return told(at, {
    podTemplateHash: podHashOf(set),
    canaryReplicas: pods,
    canaryReadyReplicas: pods,
    currentStepState: 'StepTrafficRouting',
    lastUpdateTime: seconds(now),
  });
}

/** Takes the mark away, resumes the workload, and waits for it; then the extra Deployment goes. */
function finish(at: Progress, succeeded: 'True' | 'False'): Turn {
  const { workload, status, now } = at;
  const resumed = unmarkedWorkload({ ...workload, spec: { ...workload.spec, paused: false } });
  if (workload.spec.paused || isMarked(at.rollout, workload)) {
    const act: Act = { verb: 'replace', resource: resources.deployment, object: resumed, why: 'resume' };
    return { ...told(at, {}), acts: [act] };
  }
  const total = workload.spec.replicas ?? 1;
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = workload.status ?? {};
  if (updatedReplicas !== total || availableReplicas !== total || replicas !== total) return told(at, {});
  const conditions = [
    condition('Progressing', 'False', 'Completed', now),
    { type: 'Succeeded', status: succeeded },
  ];
  const { canaryStatus } = told(at, {}).status ?? {};
  return { acts: dropExtra(at), status: { ...status, phase: 'Healthy', conditions, canaryStatus } };
}

/** The status with changes of the canary's part, and another reason where one is given. */
function told(at: Progress, change: Partial<CanaryStatus>, reason?: string): Turn {
  const { status, canary, now } = at;
  const conditions = reason ? [condition('Progressing', 'True', reason, now)] : status.conditions;
  return {
    acts: [],
    status: { ...status, ...(conditions && { conditions }), canaryStatus: { ...canary, ...change } },
  };
}

function extraDeployment(rollout: Rollout, workload: Deployment, replicas: number): Deployment {
  const { name, namespace, labels } = workload.metadata;
  return {
    apiVersion: workload.apiVersion,
    kind: workload.kind,
    metadata: {
      name: `${name}-${shortHash([rollout.metadata.uid, kruiseRevision(workload.spec.template)]).slice(0, 5)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [CANARY_DEPLOYMENT_LABEL]: name },
      ownerReferences: [controllerReference(rollout)],
    },
    spec: { ...workload.spec, replicas, paused: false },
  };
}

function dropExtra({ extra }: Sight): Act[] {
  if (!extra || extra.metadata.deletionTimestamp) return [];
  return [{ verb: 'delete', resource: resources.deployment, object: extra, why: 'the canary goes' }];
}

/** The oldest that has pods; where the workload is scaled to none, the oldest that there is. */
function stableSet({ replicaSets }: Sight): ReplicaSet {
  const set =
    activeReplicaSets(replicaSets)[0] ??
    replicaSets.toSorted((a, b) =>
      (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''),
    )[0];
  if (!set) throw new Error(`a workload with ${POD_TEMPLATE_HASH_LABEL} has a ReplicaSet`);
  return set;
}

function stepsOf({ spec }: Rollout): readonly RolloutStep[] {
  return spec.strategy.canary?.steps ?? [];
}

function stepAt(rollout: Rollout, index: number): RolloutStep {
  return stepsOf(rollout)[index - 1] ?? {};
}

function wantedPods({ rollout, workload }: Sight, index: number): number {
  return batchSize(stepAt(rollout, index).replicas ?? '100%', workload.spec.replicas ?? 1);
}

function next(rollout: Rollout, index: number): number {
  return index < stepsOf(rollout).length ? index + 1 : -1;
}

function emptyCanary(): CanaryStatus {
  return {
    canaryRevision: '',
    podTemplateHash: '',
    currentStepIndex: 0,
    nextStepIndex: 0,
    currentStepState: '',
    finalisingStep: '',
    canaryReplicas: 0,
    canaryReadyReplicas: 0,
  };
}

function condition(type: string, status: Condition['status'], reason: string, now: number): Condition {
  return { type, status, reason, lastUpdateTime: seconds(now), lastTransitionTime: seconds(now) };
}

/** Kubernetes' own timestamps have no fractions. */
function seconds(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}
