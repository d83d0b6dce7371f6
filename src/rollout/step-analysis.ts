import type { AnalysisRun } from '../api/analysis-run.ts';
import { resources } from '../api/resource.ts';
import type { PinnedAnalysis, PinnedGuard } from '../api/rollout-record.ts';
import { parseTime } from '../api/timestamp.ts';
import { type StepContext, timestamp, wait, withStep } from './context.ts';
import type { Act, Outcome } from './decision.ts';
import { failStep, hold } from './failure.ts';
import { analysesOfStep, effectiveGuard, holdsOnSuccess } from './guard.ts';
import { pauseMs } from './plan.ts';
import { analysisRun, type Combined, combineRuns, isOwnRun } from './runs.ts';
import { advance } from './step.ts';
import { routeActs } from './step-routing.ts';

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
  if (effectiveGuard(snapshot.guards).kind === 'none') return holdWithoutGuard(context);
  const repaired = repairedRoutes(context);
  if (repaired) return repaired;
  const expected = analyses.map((analysis) => ({
    analysis,
    run: analysisRun(runSubject(context), analysis),
  }));
  const missing = expected.filter(({ run }) => !presentRun(context, run));
  if (missing.length > 0) return startRuns(missing);
  const foreign = expected.find(
    ({ run }) => !isOwnRun(presentRun(context, run) ?? run, run, snapshot.rollout.metadata.uid),
  );
  if (foreign) return holdForeign(context, foreign.run);
  const verdict = combineRuns(
    expected.map(({ analysis, run }) => ({ analysis: analysis.name, run: presentRun(context, run) ?? run })),
  );
  return follow(context, guard, verdict);
}

function runSubject({ snapshot, release, step }: StepContext) {
  return { rollout: snapshot.rollout, releaseId: snapshot.record.releaseId, release, step };
}

function presentRun({ snapshot }: StepContext, expected: AnalysisRun): AnalysisRun | undefined {
  return snapshot.runs.find((run) => run.metadata.name === expected.metadata.name);
}

function startRuns(missing: readonly { analysis: PinnedAnalysis; run: AnalysisRun }[]): Outcome {
  const acts: Act[] = missing.map(({ analysis, run }) => ({
    verb: 'create',
    resource: resources.analysisRun,
    object: run,
    why: `judge ${analysis.name}`,
  }));
  return {
    decision: 'Analyse',
    reason: 'AnalysisStarted',
    message: `judging ${missing.map(({ analysis }) => `${analysis.name} (${metricNames(analysis)})`).join(', ')}`,
    acts,
  };
}

function metricNames({ metrics }: PinnedAnalysis): string {
  return metrics.map((metric) => metric.name).join(', ');
}

/** What a verdict leads to. */
function follow(context: StepContext, guard: PinnedGuard, verdict: Combined): Outcome {
  const { step } = context;
  switch (verdict.phase) {
    case 'Running':
      return wait('WaitingForAnalysis', `the analysis of step ${step.index} is running`);
    case 'Failed':
      return failStep(context, 'AnalysisFailed', verdict.message, verdict.evidence);
    case 'Error':
      return holdUndecided(context, 'AnalysisError', verdict);
    case 'Inconclusive':
      return holdUndecided(context, 'AnalysisInconclusive', verdict);
    case 'Successful':
      return succeed(context, guard, verdict);
  }
}

/** The verdict is good; the step is left when its bake time is over too. */
function succeed(context: StepContext, guard: PinnedGuard, verdict: Combined): Outcome {
  const { snapshot, step, now } = context;
  const bakedAt = (parseTime(step.trafficSince) ?? now) + (pauseMs(snapshot.rollout, step.index) ?? 0);
  if (now < bakedAt)
    return wait('WaitingForBakeTime', 'the analysis passed; the pause of the step is not over', bakedAt);
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
  if (!holdsOnSuccess(guard, step.index)) return advance(judged, 'AnalysisSuccessful', verdict.message);
  return hold(judged, {
    state: 'StepPaused',
    reason: 'HoldOnSuccess',
    message: `${verdict.message}; onSuccess is Hold, a person must let the step go on`,
    evidence: verdict.evidence,
    event: 'Waiting',
  });
}

function holdUndecided(
  context: StepContext,
  reason: 'AnalysisError' | 'AnalysisInconclusive',
  verdict: Combined,
): Outcome {
  const phase = reason === 'AnalysisError' ? ('Error' as const) : ('Inconclusive' as const);
  const step = {
    ...context.step,
    verdict: { phase, reason, message: verdict.message, at: timestamp(context) },
  };
  return hold(
    { ...context, step },
    { state: 'StepPaused', reason, message: verdict.message, evidence: verdict.evidence, event: 'Waiting' },
  );
}

function holdWithoutGuard(context: StepContext): Outcome {
  return hold(context, {
    state: 'StepPaused',
    reason: 'GuardRemoved',
    message:
      'the guard of this release was deleted, suspended or points elsewhere; the step holds until it returns or a person lets it go on',
    evidence: [],
    event: 'Waiting',
  });
}

function holdForeign(context: StepContext, expected: AnalysisRun): Outcome {
  return hold(context, {
    state: 'StepPaused',
    reason: 'ForeignRun',
    message: `AnalysisRun ${expected.metadata.name} is not the one that the controller made: its owner, labels or spec differ; find out who wrote it and delete it`,
    evidence: [],
    event: 'Waiting',
  });
}

/** Routes that somebody took away while the step is judged are set again before anything is concluded. */
function repairedRoutes(context: StepContext): Outcome | undefined {
  const routes = routeActs(context);
  if ('stall' in routes) return routes.stall;
  if (routes.acts.length === 0) return undefined;
  return {
    ...wait('WaitingForRoutes', 'the routes of the canary were changed and are set again'),
    acts: routes.acts,
  };
}
