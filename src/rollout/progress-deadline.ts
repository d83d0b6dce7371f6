import { formatDuration } from '../api/duration.ts';
import { parseTime } from '../api/timestamp.ts';
import { type StepContext, wait } from './context.ts';
import type { Outcome, Reason } from './decision.ts';
import { failStep } from './failure.ts';

/** Until when the pods of a step may take, in epoch milliseconds; unguarded releases wait for ever, as upstream does. */
export function deadlineOf({ release, step, now }: StepContext): number | undefined {
  if (!release.guard) return undefined;
  return (parseTime(step.upgradeStartedAt) ?? now) + release.guard.progressDeadlineMs;
}

/** Waits for pods of a step, of which `state` tells how far they are; past the deadline the step has failed. */
export function awaitPods(
  context: StepContext,
  state: string,
  reason: Reason = 'WaitingForCanaryPods',
): Outcome {
  const deadline = deadlineOf(context);
  if (deadline === undefined || context.now < deadline) return wait(reason, state, deadline);
  const allowed = formatDuration(context.release.guard?.progressDeadlineMs ?? 0);
  const message = `after ${allowed} (progressDeadlineSeconds) ${state}`;
  return failStep(context, 'ProgressDeadlineExceeded', message, []);
}
