import type { Approval } from '../api/rollout.ts';
import type { RecordStatus, ReleaseRecord, StepRecord } from '../api/rollout-record.ts';
import { type Context, type StepContext, timestamp, withRelease } from './context.ts';
import type { DecisionWord, Outcome, Reason } from './decision.ts';
import { presentGuard } from './guard.ts';
import { describeShare, replicasOf, shareOf, stepsOf } from './plan.ts';

/**
 * Enters a step (1-based). The entry number is new each time, so that no verdict and no approval of an earlier
 * stay counts; edits of the guard take effect here and nowhere else.
 */
export function enterStep(context: Context, index: number, reason: Reason, why?: string): Outcome {
  const { snapshot, now } = context;
  const entry = snapshot.record.stepEntry + 1;
  const step: StepRecord = {
    index,
    entry,
    state: 'BeforeStepUpgrade',
    enteredAt: timestamp({ now }),
    attempt: 1,
  };
  const record: RecordStatus = {
    ...withRelease(snapshot.record, { ...withPresentGuard(context), step }),
    stepEntry: entry,
  };
  const planned = `step ${index}/${stepsOf(snapshot.rollout).length}: ${describeStep(context, index)}`;
  return {
    decision: decisionOf(reason),
    reason,
    message: why ? `${why}; ${planned}` : planned,
    record,
  };
}

function decisionOf(reason: Reason): DecisionWord {
  if (reason === 'PlanChanged' || reason === 'JumpRequested') return 'Restart';
  return reason === 'StepEntered' ? 'Enter' : 'Advance';
}

function withPresentGuard({ snapshot, release }: Context): ReleaseRecord {
  const present = presentGuard(snapshot);
  return present.kind === 'guard' ? { ...release, guard: present.guard } : release;
}

function describeStep({ snapshot }: Context, index: number): string {
  const replicas = replicasOf(snapshot.rollout, index);
  const share = shareOf(snapshot.rollout, index);
  const pods = typeof replicas === 'number' ? `${replicas} canary pods` : `${replicas} of the pods`;
  return share === undefined ? pods : `${pods}, ${describeShare(share)}`;
}

/** Goes to the step that a person named, up or down the plan; canary pods that are more than it asks for stay. */
export function jump(context: Context, { to = 1, step, user }: Approval): Outcome {
  return enterStep(context, to, 'JumpRequested', `${user} sent the release from step ${step} to step ${to}`);
}

/** Leaves a step upwards: to the next one, or to the end of the release after the last. */
export function advance(context: StepContext, reason: Reason, message: string): Outcome {
  const { snapshot, release, step } = context;
  if (step.index < stepsOf(snapshot.rollout).length)
    return enterStep(context, step.index + 1, reason, message);
  const { hold: _hold, ...left } = step;
  const record = withRelease(snapshot.record, {
    ...release,
    stage: 'Finalising',
    step: { ...left, state: 'Completed' },
    reason,
    message,
  });
  return {
    decision: 'Finalise',
    reason,
    message: `${message}; every step is done, the release is finished`,
    record,
  };
}
