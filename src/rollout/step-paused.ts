import { parseTime } from '../api/timestamp.ts';
import { type StepContext, wait, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { applyFailureAction } from './failure.ts';
import { analysesOfStep, effectiveGuard } from './guard.ts';
import { isPlainLastStep, pauseMs, stepsOf } from './plan.ts';
import { advance } from './step.ts';

/** A step that waits: for a person, for its time to pass, or for its guard to come back. */
export function decidePaused(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const { rollout, record } = snapshot;
  const approval = rollout.status?.approvals?.find(
    (entry) =>
      entry.releaseId === record.releaseId && entry.stepEntry === step.entry && entry.step === step.index,
  );
  if (approval && step.verdict?.phase !== 'Failed') {
    return advance(context, 'Approved', `step ${step.index} was approved by ${approval.user}`);
  }
  if (step.hold) return decideHeld(context);
  if (release.guard && analysesOfStep(release.guard, step.index).length > 0) return backToAnalysis(context);
  if (isPlainLastStep(rollout, step.index))
    return advance(context, 'LastStep', 'the last step runs every pod');
  const pause = pauseMs(rollout, step.index);
  const count = stepsOf(rollout).length;
  if (pause === undefined) {
    return wait(
      'WaitingForApproval',
      `step ${step.index}/${count} needs manual confirmation: kubectl-kruise rollout approve`,
    );
  }
  const over = (parseTime(step.trafficSince) ?? now) + pause;
  if (now < over)
    return wait('WaitingForPause', `step ${step.index}/${count} rests for ${pause / 1_000} s`, over);
  return advance(context, 'PauseExpired', `step ${step.index} has rested for ${pause / 1_000} s`);
}

function decideHeld(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const { hold } = step;
  if (!hold) return wait('WaitingForApproval', 'waiting for a person');
  if (hold.reason === 'GuardRemoved' && effectiveGuard(snapshot.guards).kind === 'guard')
    return backToAnalysis(context);
  const { guard } = release;
  if (!guard) return wait('WaitingForApproval', hold.message);
  const timeoutAt = (parseTime(hold.since) ?? now) + guard.holdTimeoutMs;
  if (now < timeoutAt || guard.onTimeout === 'Pause')
    return wait('WaitingForApproval', hold.message, now < timeoutAt ? timeoutAt : undefined);
  return applyFailureAction(
    context,
    guard.onTimeout,
    'HoldTimeout',
    `nobody came within the hold timeout: ${hold.message}`,
    [],
  );
}

/** The guard is there (again): its verdict, and no person, lets the step go on. */
function backToAnalysis(context: StepContext): Outcome {
  const { hold: _hold, ...step } = context.step;
  return {
    decision: 'Analyse',
    reason: 'GuardPinned',
    message: 'the step is judged by its guard',
    record: withStep(context, { ...step, state: 'StepMetricsAnalysis' }),
  };
}
