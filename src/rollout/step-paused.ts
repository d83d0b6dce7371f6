import { parseTime } from '../api/timestamp.ts';
import { awaitWatch } from './background.ts';
import { type StepContext, wait } from './context.ts';
import type { Outcome } from './decision.ts';
import { analysesOfStep, isGuarded, isGuardGone } from './guard.ts';
import { approvalOf, backToAnalysis, decideHeld } from './holding.ts';
import { repairedRoutes } from './kept-routes.ts';
import { isPlainLastStep, pauseMs, stepsOf } from './plan.ts';
import { advance, jump } from './step.ts';
import { holdWithoutGuard } from './step-analysis.ts';

/** A step that waits: for a person, for its time to pass, or for its guard to come back. */
export function decidePaused(context: StepContext): Outcome {
  const { snapshot, release, step } = context;
  const approval = approvalOf(context);
  if (approval && step.verdict?.phase !== 'Failed') {
    return approval.to === undefined
      ? advance(context, 'Approved', `step ${step.index} was approved by ${approval.user}`)
      : jump(context, approval);
  }
  const routes = repairedRoutes(context);
  if (routes?.acts) return routes;
  if (step.hold) return toldOf(routes, decideHeld(context));
  if (release.guard && analysesOfStep(release.guard, step.index).length > 0) return backToAnalysis(context);
  if (isGuarded(release.guard, step.index) && isGuardGone(snapshot, release.guard))
    return holdWithoutGuard(context);
  // What the step is to show is not there: only a person may go on without it.
  if (routes) return routes;
  const rest = restOf(context);
  return 'waiting' in rest ? rest.waiting : (unwatched(context) ?? advance(context, rest.over, rest.message));
}

/** The step's own pause: what is still waited for, or why it is over. */
export function restOf({
  snapshot: { rollout },
  step,
  now,
}: StepContext): { waiting: Outcome } | { over: 'LastStep' | 'PauseExpired'; message: string } {
  if (isPlainLastStep(rollout, step.index))
    return { over: 'LastStep', message: 'the last step runs every pod' };
  const pause = pauseMs(rollout, step.index);
  const count = stepsOf(rollout).length;
  if (pause === undefined) {
    const message = `step ${step.index}/${count} needs manual confirmation: kubectl-kruise rollout approve`;
    return { waiting: wait('WaitingForApproval', message) };
  }
  const over = (parseTime(step.trafficSince) ?? now) + pause;
  return now < over
    ? { waiting: wait('WaitingForPause', `step ${step.index}/${count} rests for ${pause / 1_000} s`, over) }
    : { over: 'PauseExpired', message: `step ${step.index} has rested for ${pause / 1_000} s` };
}

/** While a held step waits, what is in the way of its routes is told; what the hold leads to at last is done all the same. */
function toldOf(routes: Outcome | undefined, held: Outcome): Outcome {
  return routes?.stall && held.decision === 'Wait' ? { ...routes, wakeAt: held.wakeAt } : held;
}

/** Where only Background analyses watch, each must have seen something of this step's traffic. */
function unwatched({ watch, release, step }: StepContext): Outcome | undefined {
  return awaitWatch(watch, release, step.trafficSince);
}
