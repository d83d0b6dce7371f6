import { ROLLOUT_HASH_ANNOTATION } from '../api/annotations.ts';
import type { Condition } from '../api/kubernetes.ts';
import type { CanaryStatus, Rollout, RolloutPhase, RolloutStatus } from '../api/rollout.ts';
import type { RecordStatus, ReleaseRecord, ReleaseStage, Verdict } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { styleOf } from '../workload/styles.ts';
import type { Outcome, Reason } from './decision.ts';
import { finalisingStepOf } from './finalising-step.ts';
import { presentGuard } from './guard.ts';
import { kstatusConditions, type Wanted } from './kstatus.ts';
import { stepsOf } from './plan.ts';
import type { Snapshot } from './snapshot.ts';
import { wantedVersion } from './wanted-version.ts';

/** The reason of the Progressing condition, in the words of Kruise Rollouts. */
const PROGRESSING_REASON = {
  Initializing: 'Initializing',
  InRolling: 'InRolling',
  Finalising: 'Finalising',
  PostPromotion: 'Completed',
  GoingBack: 'InRolling',
  Cancelling: 'Cancelling',
  Superseding: 'InRolling',
  Aborting: 'Aborted',
  Aborted: 'Aborted',
  Completed: 'Completed',
} as const satisfies Record<ReleaseStage, string>;

/**
 * The Rollout's status as Kruise's tools know it, made from the record each time. Only the approvals are taken
 * over from what stands there: the admission webhook writes them.
 */
export function projectStatus(
  snapshot: Snapshot,
  record: RecordStatus,
  outcome: Outcome,
  now: number,
): RolloutStatus {
  const { rollout } = snapshot;
  const approvals = (rollout.status?.approvals ?? []).filter(
    (approval) => approval.releaseId >= record.releaseId,
  );
  const canaryStatus = projectCanary(snapshot, record, outcome.reason);
  return {
    ...(rollout.metadata.generation === undefined ? {} : { observedGeneration: rollout.metadata.generation }),
    phase: phaseOf(snapshot, record),
    message: outcome.message,
    conditions: projectConditions(snapshot, record, outcome, now),
    currentStepIndex: canaryStatus?.currentStepIndex ?? 0,
    currentStepState: canaryStatus?.currentStepState ?? '',
    ...(canaryStatus === undefined ? {} : asStyled(rollout, canaryStatus)),
    ...(approvals.length === 0 ? {} : { approvals }),
  };
}

/** Under the name, and with the words, that its strategy has in Kruise's tools. */
function asStyled({ spec }: Rollout, canaryStatus: CanaryStatus): Partial<RolloutStatus> {
  if (!spec.strategy.blueGreen) return { canaryStatus };
  const { canaryRevision, canaryReplicas, canaryReadyReplicas, ...steps } = canaryStatus;
  const blueGreenStatus = {
    ...steps,
    updatedRevision: canaryRevision,
    updatedReplicas: canaryReplicas,
    updatedReadyReplicas: canaryReadyReplicas,
  };
  return { blueGreenStatus };
}

function phaseOf({ rollout, workload }: Snapshot, { release, stable }: RecordStatus): RolloutPhase {
  const busy = release !== undefined && !isOver(release);
  if (rollout.metadata.deletionTimestamp) return 'Terminating';
  if (rollout.spec.disabled) return busy && release.stage !== 'Aborted' ? 'Disabling' : 'Disabled';
  if (busy) return 'Progressing';
  return workload && stable ? 'Healthy' : 'Initial';
}

/** For Kruise's tools a release is complete when its pods are promoted, whatever judges them afterwards. */
function isOver({ stage }: ReleaseRecord): boolean {
  return stage === 'Completed' || stage === 'PostPromotion';
}

function projectCanary(snapshot: Snapshot, record: RecordStatus, reason: Reason): CanaryStatus | undefined {
  const { rollout, workload } = snapshot;
  const { release, stable } = record;
  const steps = stepsOf(rollout).length;
  const base = {
    rolloutHash: rollout.metadata.annotations?.[ROLLOUT_HASH_ANNOTATION] ?? '',
    ...(workload?.object.metadata.generation === undefined
      ? {}
      : { observedWorkloadGeneration: workload.object.metadata.generation }),
    finalisingStep: release
      ? finalisingStepOf(release, reason, rollout.spec.strategy.blueGreen !== undefined)
      : '',
  };
  if (!release || isOver(release)) {
    if (!stable) return undefined;
    return {
      ...base,
      ...(release ? { observedRolloutID: release.revision } : {}),
      stableRevision: stable.hash,
      canaryRevision: stable.revision,
      podTemplateHash: stable.hash,
      currentStepIndex: steps,
      nextStepIndex: -1,
      currentStepState: 'Completed',
      canaryReplicas: 0,
      canaryReadyReplicas: 0,
    };
  }
  const { step } = release;
  const index = step?.index ?? 1;
  const updated = step?.trafficSince ?? step?.upgradeStartedAt ?? step?.enteredAt ?? release.startedAt;
  const known =
    workload && styleOf(rollout) ? { snapshot: { ...snapshot, record }, workload, release } : undefined;
  return {
    ...base,
    rolloutHash: release.planHash,
    stableRevision: release.stable.hash,
    ...wantedVersion(release, known),
    currentStepIndex: index,
    nextStepIndex: index < steps ? index + 1 : -1,
    currentStepState: step?.state ?? 'BeforeStepUpgrade',
    lastUpdateTime: updated,
  };
}

function projectConditions(
  snapshot: Snapshot,
  { release, stable }: RecordStatus,
  outcome: Outcome,
  now: number,
): Condition[] {
  const { rollout } = snapshot;
  const wanted: Wanted[] = [];
  const busy = release !== undefined && !isOver(release);
  const isInSteps = release?.stage === 'InRolling' || release?.stage === 'GoingBack';
  const paused = isInSteps && rollout.spec.strategy.paused === true;
  const progress = release && (paused ? 'Paused' : PROGRESSING_REASON[release.stage]);
  if (release && progress) {
    wanted.push({
      type: 'Progressing',
      status: busy ? 'True' : 'False',
      reason: progress,
      message: release.message ?? '',
    });
    if (!busy) wanted.push({ type: 'Succeeded', status: release.outcome === 'Promoted' ? 'True' : 'False' });
  }
  if (release?.postPromotion) wanted.push(postPromotionCondition(release.postPromotion));
  const guard = presentGuard(snapshot);
  if (guard.kind === 'guard') {
    const names = [...new Set(guard.guard.analyses.map((analysis) => analysis.guard.name))].join(', ');
    wanted.push({
      type: 'Guarded',
      status: 'True',
      reason: 'Guarded',
      message: `guarded by RolloutGuard ${names}`,
    });
  }
  if (guard.kind === 'faulty') {
    wanted.push({ type: 'Guarded', status: 'False', reason: 'GuardNotReady', message: guard.message });
  }
  const standing = {
    busy: busy ? progress : undefined,
    known: snapshot.workload !== undefined && stable !== undefined,
    disabled: rollout.spec.disabled === true && !busy,
  };
  wanted.push(...kstatusConditions(standing, release, outcome.stall));
  return wanted.map((condition) => datedCondition(rollout.status?.conditions ?? [], condition, now));
}

/** What the PostPromotion analyses say of the promoted pods. */
function postPromotionCondition({ verdict }: NonNullable<ReleaseRecord['postPromotion']>): Wanted {
  if (!verdict) {
    const message = 'the promoted pods are being judged';
    return { type: 'PostPromotion', status: 'Unknown', reason: 'WaitingForAnalysis', message };
  }
  const statuses: Partial<Record<Verdict['phase'], Condition['status']>> = {
    Successful: 'True',
    Failed: 'False',
  };
  const { phase, reason, message } = verdict;
  return { type: 'PostPromotion', status: statuses[phase] ?? 'Unknown', reason, message };
}

/** A condition keeps its times while nothing of it changes. */
export function datedCondition(present: readonly Condition[], wanted: Wanted, now: number): Condition {
  const before = present.find((condition) => condition.type === wanted.type);
  const at = formatTime(now);
  const turned = before?.status !== wanted.status;
  const changed =
    turned || before?.reason !== wanted.reason || (before?.message ?? '') !== (wanted.message ?? '');
  return {
    ...wanted,
    lastTransitionTime: turned ? at : (before?.lastTransitionTime ?? at),
    lastUpdateTime: changed ? at : (before?.lastUpdateTime ?? at),
  };
}
