import { type JsonOperation, type PatchAct, pointerTo } from '../api/act.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { parseTime } from '../api/timestamp.ts';
import { type StepContext, timestamp, wait, withStep } from '../rollout/context.ts';
import type { Outcome } from '../rollout/decision.ts';
import { type ForeignRelease, MOVER, nameStep } from './foreign-release.ts';

/** How long Kruise Rollouts is given to take up an approval before it counts as overwritten. */
export const CONFIRM_MS = 2_000;

/**
 * Lets Kruise Rollouts go on from this step. Its controller replaces the whole status with what it computed from a
 * copy that may be older than the approval, so one that left no trace after a while is given again: what the
 * verdict is bound to is looked at anew each time, here and in the tests of the patch.
 */
export function approve(context: StepContext, foreign: ForeignRelease, why: string): Outcome {
  const { snapshot, step, now } = context;
  const name = nameStep(snapshot.rollout, foreign.index);
  const sinceMs = now - (parseTime(step.approvedAt) ?? -Infinity);
  // A clock that was set back must not make an approval of the future out of one of the past.
  if (sinceMs >= 0 && sinceMs < CONFIRM_MS) {
    const at = now - sinceMs + CONFIRM_MS;
    return wait('WaitingForEngine', `${name} is approved; waiting until ${MOVER} goes on`, at);
  }
  const isAgain = step.approvedAt !== undefined;
  return {
    decision: 'Advance',
    reason: isAgain ? 'ApprovalOverwritten' : 'AnalysisSuccessful',
    message: isAgain
      ? `${name} is approved once more: the approval of ${step.approvedAt} was overwritten`
      : `${name} is approved: ${why}`,
    acts: [approval(snapshot.rollout, foreign)],
    record: withStep(context, { ...step, approvedAt: timestamp(context) }),
    wakeAt: now + CONFIRM_MS,
  };
}

/** The one write that lets a step go on, and everything that must still be as it was judged. */
export function approval(rollout: Rollout, foreign: ForeignRelease): PatchAct {
  const at = (field: string) => pointerTo('status', foreign.field, field);
  const test = (path: string, value: unknown): JsonOperation => ({ op: 'test', path, value });
  return {
    verb: 'patch',
    resource: resources.rollout,
    subresource: 'status',
    object: rollout,
    operations: [
      test('/metadata/uid', rollout.metadata.uid),
      test('/metadata/generation', rollout.metadata.generation),
      test('/status/phase', 'Progressing'),
      test(at(foreign.revisionField), foreign.revision),
      test(at('currentStepIndex'), foreign.index),
      test(at('rolloutHash'), foreign.planHash),
      test(at('lastUpdateTime'), foreign.since),
      test(at('currentStepState'), 'StepPaused'),
      { op: 'replace', path: at('currentStepState'), value: 'StepReady' },
    ],
    why: `let step ${foreign.index} go on`,
  };
}
