import { decideWatched } from '../rollout/background-step.ts';
import { type StepContext, wait } from '../rollout/context.ts';
import type { Outcome } from '../rollout/decision.ts';
import { analysesOfStep, isGuardGone } from '../rollout/guard.ts';
import { decideHeld } from '../rollout/holding.ts';
import { holdWithoutGuard, judgeStep } from '../rollout/step-analysis.ts';
import { heldAsRejected } from '../rollout/step-before-upgrade.ts';
import { approve } from './approve.ts';
import { type ForeignRelease, MOVER, nameStep } from './foreign-release.ts';
import { isFirstGuardable } from './guardable.ts';

/** Kruise Rollouts waits at a step that is ours to judge. */
export function decidePause(context: StepContext, foreign: ForeignRelease): Outcome {
  const { snapshot, release, step } = context;
  const rejected = isFirstGuardable(snapshot.rollout, step.index) && heldAsRejected(context, 'StepPaused');
  if (rejected) return rejected;
  const watched = decideWatched(context);
  if (watched) return watched;
  if (step.hold) return decideHeld(context);
  const { guard } = release;
  if (!guard || isGuardGone(snapshot, guard)) return holdWithoutGuard(context);
  if (analysesOfStep(guard, step.index).length === 0) {
    return wait(
      'WaitingForApproval',
      `no Step analysis judges ${nameStep(snapshot.rollout, step.index)}: a person lets ${MOVER} go on by kubectl-kruise rollout approve`,
    );
  }
  const outcome = judgeStep(context, guard, (judged, _reason, message) => approve(judged, foreign, message));
  if (context.watch.kind !== 'well') return outcome;
  return { ...outcome, wakeAt: Math.min(outcome.wakeAt ?? context.watch.staleAt, context.watch.staleAt) };
}
