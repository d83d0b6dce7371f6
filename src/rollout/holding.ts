import type { Approval } from '../api/rollout.ts';
import type { HoldReason, ReleaseRecord, StepRecord } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import { withFreshAttempts } from './background.ts';
import { type StepContext, timestamp, wait, withRelease, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { applyFailureAction, heldNotice } from './failure.ts';
import { effectiveAction } from './failure-action.ts';
import { isGuardGone, presentGuard } from './guard.ts';
import { caughtUpAt, outageOf } from './outage.ts';
import { isRetryAsked } from './retry.ts';

type Hold = NonNullable<StepRecord['hold']>;

/** Holds that a new judging can end. */
const JUDGED: readonly HoldReason[] = [
  'AnalysisFailed',
  'AnalysisInconclusive',
  'AnalysisError',
  'AnalysisStale',
  'ForeignRun',
];

/** A step, or the last rolling update, that is held: until its cause is gone, a person comes, or time is up. */
export function decideHeld(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const { hold } = step;
  if (!hold) return wait('WaitingForApproval', 'waiting for a person');
  if (isRetryAsked(snapshot)) {
    const retried = retriedRelease(context, hold.reason);
    if (retried) {
      return {
        decision: 'Restart',
        reason: 'Retried',
        message: 'a person asked to try this step again',
        record: { ...withRelease(snapshot.record, retried), retried: snapshot.record.releaseId },
      };
    }
  }
  const { guard } = release;
  const hasReturned = presentGuard(snapshot).kind === 'guard' && !isGuardGone(snapshot, guard);
  if (hold.reason === 'GuardRemoved' && hasReturned) return backToAnalysis(context);
  const outage = hold.outage === undefined ? undefined : outageOf(hold.outage, snapshot.outages);
  if (outage && now < caughtUpAt(outage)) {
    const at = outage.endedAt === undefined ? undefined : caughtUpAt(outage);
    return wait('WaitingForApproval', hold.message, at);
  }
  if (hold.outage !== undefined) return tellAfterOutage(context, hold);
  if (!guard) return wait('WaitingForApproval', hold.message);
  const timeoutAt = (parseTime(hold.since) ?? now) + guard.holdTimeoutMs;
  if (now < timeoutAt || guard.onTimeout === 'Pause')
    return wait('WaitingForApproval', hold.message, now < timeoutAt ? timeoutAt : undefined);
  const { action, why } = effectiveAction(context, guard.onTimeout);
  // What cannot be undone for good stays held: a person was told already.
  if (action === 'Pause') return wait('WaitingForApproval', hold.message);
  const message = `nobody came within the hold timeout: ${hold.message}${why ? `; ${why}` : ''}`;
  return applyFailureAction(context, action, 'HoldTimeout', message, []);
}

/**
 * The source is back, and what it held has measured nothing since: from here on that is a hold as any other, which is
 * told, and whose time begins now.
 */
function tellAfterOutage(context: StepContext, { outage: _outage, ...held }: Hold): Outcome {
  const hold = { ...held, since: timestamp(context) };
  const { reason, message } = hold;
  return {
    decision: 'Hold',
    reason,
    message,
    record: withStep(context, { ...context.step, hold }),
    notice: heldNotice(context, { reason, message, evidence: [], event: 'Waiting' }),
  };
}

/** The release with its held step as before the hold, and with whatever held it to be judged anew. */
function retriedRelease(context: StepContext, reason: HoldReason): ReleaseRecord | undefined {
  const { release, step } = context;
  const { hold, verdict: _verdict, inconclusive: _inconclusive, errorSince: _since, ...rest } = step;
  if (reason === 'ProgressDeadlineExceeded') {
    const state: StepRecord['state'] = 'StepUpgrade';
    return { ...release, step: { ...rest, state, upgradeStartedAt: timestamp(context) } };
  }
  if (!JUDGED.includes(reason)) return undefined;
  const state = rest.state === 'StepPaused' ? 'StepMetricsAnalysis' : rest.state;
  if (hold?.mode !== 'Background') return { ...release, step: { ...rest, state, attempt: rest.attempt + 1 } };
  return withFreshAttempts({
    ...release,
    step: {
      ...rest,
      state,
      ...(state === 'StepMetricsAnalysis' ? {} : { upgradeStartedAt: timestamp(context) }),
    },
  });
}

/** The guard is there (again): its verdict, and no person, lets the step go on. */
export function backToAnalysis(context: StepContext): Outcome {
  const { hold: _hold, ...step } = context.step;
  return {
    decision: 'Analyse',
    reason: 'GuardPinned',
    message: 'the step is judged by its guard',
    record: withStep(context, { ...step, state: 'StepMetricsAnalysis' }),
  };
}

/** What a person said to this step of this release, if anybody did: that it may go on, or to what step it shall go. */
export function approvalOf(context: StepContext): Approval | undefined {
  return saidOf(context).find(({ to }) => to === undefined || to > context.step.index);
}

/** To what earlier step, or to which anew, a person sent this release back. */
export function sentBack(context: StepContext): Approval | undefined {
  return saidOf(context).findLast(({ to }) => to !== undefined && to <= context.step.index);
}

function saidOf({ snapshot: { rollout, record }, step }: StepContext): readonly Approval[] {
  return (rollout.status?.approvals ?? []).filter(
    (entry) =>
      entry.releaseId === record.releaseId && entry.stepEntry === step.entry && entry.step === step.index,
  );
}
