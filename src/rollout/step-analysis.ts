import type { PinnedGuard } from '../api/rollout-record.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { awaitWatch } from './background.ts';
import { type Combined, combineRuns } from './combine-runs.ts';
import { type StepContext, timestamp, wait, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { failStep, hold } from './failure.ts';
import { analysesOfStep, holdsOnSuccess, isGuardGone } from './guard.ts';
import { type Judged, judgingOf } from './judging.ts';
import { repairedRoutes } from './kept-routes.ts';
import { pauseMs } from './plan.ts';
import { tryAgain } from './retry.ts';
import { advance } from './step.ts';

/** A guarded step waits here for its verdict; one that no analysis names goes on to its own pause. */
export function decideAnalysis(context: StepContext): Outcome {
  const { snapshot, release, step } = context;
  const guard = release.guard;
  const analyses = analysesOfStep(guard, step.index);
  if (!guard || analyses.length === 0) {
    return {
      decision: 'Wait',
      reason: 'NotGuarded',
      message: 'no analysis judges this step',
      record: withStep(context, { ...step, state: 'StepPaused' }),
    };
  }
  if (isGuardGone(snapshot, release.guard)) return holdWithoutGuard(context);
  const repaired = repairedRoutes(context);
  if (repaired) return repaired;
  return judgeStep(context, guard, advance);
}

/** How a step is left upwards, once it may be. */
export type Leave = (context: StepContext, reason: 'AnalysisSuccessful', message: string) => Outcome;

/** Judges a step by the analyses that name it, of which there is one at least. */
export function judgeStep(context: StepContext, guard: PinnedGuard, leave: Leave): Outcome {
  const judging = judgingOf(context.snapshot, analysesOfStep(guard, context.step.index));
  if (judging.kind === 'start') return judging.outcome;
  if (judging.kind === 'foreign') return holdForeign(context, judging.message);
  return follow(context, guard, judging.runs, leave);
}

/** What a verdict leads to. */
function follow(context: StepContext, guard: PinnedGuard, runs: readonly Judged[], leave: Leave): Outcome {
  const { step } = context;
  const verdict = combineRuns(runs);
  switch (verdict.phase) {
    case 'Running':
      return wait('WaitingForAnalysis', `the analysis of step ${step.index} is running`);
    case 'Failed':
      return failStep(context, 'AnalysisFailed', verdict.message, verdict.evidence);
    case 'Error':
    case 'Inconclusive':
      return followUndecided(context, guard, verdict, verdict.phase, runs);
    case 'Successful':
      return succeed(context, guard, verdict, leave);
  }
}

/** There is no verdict: it is judged anew as the guard says, and then a person is asked. */
function followUndecided(
  context: StepContext,
  guard: PinnedGuard,
  verdict: Combined,
  phase: 'Error' | 'Inconclusive',
  runs: readonly Judged[],
): Outcome {
  const { snapshot, step, now } = context;
  const again = tryAgain(guard, step, phase, runs, now, snapshot.outages);
  switch (again.kind) {
    case 'never':
      return holdUndecided(context, phase, verdict);
    case 'later':
      return wait(
        'WaitingForAnalysis',
        `step ${step.index} is judged anew at ${formatTime(again.at)}: ${verdict.message}`,
        again.at,
      );
    case 'again': {
      const { inconclusive: _inconclusive, errorSince: _since, ...rest } = step;
      return {
        decision: 'Analyse',
        reason: 'AnalysisRetried',
        message: `step ${step.index} is judged anew, attempt ${again.tries.attempt}: ${verdict.message}`,
        record: withStep(context, { ...rest, ...again.tries }),
      };
    }
  }
}

/** The verdict is good; the step is left when its bake time is over too. */
function succeed(context: StepContext, guard: PinnedGuard, verdict: Combined, leave: Leave): Outcome {
  const { snapshot, step, now } = context;
  const bakedAt = (parseTime(step.trafficSince) ?? now) + (pauseMs(snapshot.rollout, step.index) ?? 0);
  if (now < bakedAt)
    return wait('WaitingForBakeTime', 'the analysis passed; the pause of the step is not over', bakedAt);
  const blind = awaitWatch(context.watch, context.release);
  if (blind) return blind;
  const judged = {
    ...context,
    step: {
      ...step,
      verdict: {
        phase: 'Successful' as const,
        reason: 'AnalysisSuccessful',
        message: verdict.message,
        at: timestamp(context),
      },
    },
  };
  if (!holdsOnSuccess(guard, step.index)) return leave(judged, 'AnalysisSuccessful', verdict.message);
  return hold(judged, {
    state: 'StepPaused',
    reason: 'HoldOnSuccess',
    message: `${verdict.message}; onSuccess is Hold, a person must let the step go on`,
    evidence: verdict.evidence,
    event: 'Waiting',
  });
}

function holdUndecided(context: StepContext, phase: 'Error' | 'Inconclusive', verdict: Combined): Outcome {
  const reason = phase === 'Error' ? 'AnalysisError' : 'AnalysisInconclusive';
  const step = {
    ...context.step,
    verdict: { phase, reason, message: verdict.message, at: timestamp(context) },
  };
  return hold(
    { ...context, step },
    { state: 'StepPaused', reason, message: verdict.message, evidence: verdict.evidence, event: 'Waiting' },
  );
}

/** What the release began under is gone: nobody may let it go on but a person. */
export function holdWithoutGuard(context: StepContext): Outcome {
  return hold(context, {
    state: 'StepPaused',
    reason: 'GuardRemoved',
    message:
      'the guard of this release was deleted, suspended or points elsewhere; the step holds until it returns or a person lets it go on',
    evidence: [],
    event: 'Waiting',
  });
}

function holdForeign(context: StepContext, message: string): Outcome {
  return hold(context, {
    state: 'StepPaused',
    reason: 'ForeignRun',
    message,
    evidence: [],
    event: 'Waiting',
  });
}
