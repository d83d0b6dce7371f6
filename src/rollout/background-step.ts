import type { StepState } from '../api/rollout.ts';
import type { StepRecord } from '../api/rollout-record.ts';
import { awaitWatch, type Trouble } from './background.ts';
import { type Combined, combineRuns } from './combine-runs.ts';
import { type StepContext, timestamp, wait, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { failStep, hold } from './failure.ts';
import { analysesOfStep } from './guard.ts';
import { approvalOf, decideHeld } from './holding.ts';
import { judgingOf } from './judging.ts';

/** States in which the step has its traffic: nothing more happens to the canary, and a person may let it go on. */
const AT_REST: readonly StepState[] = ['StepMetricsAnalysis', 'StepPaused'];

/**
 * What the Background analyses make of a step, in whatever state it is: undefined lets the step machine go on.
 * Failed is followed at once; anything else holds the step where it is, and a step that is held on its way to its
 * traffic keeps its state, so that it goes on from there.
 */
export function decideWatched(context: StepContext): Outcome | undefined {
  const { watch, step, release } = context;
  const isHeldByWatch = step.hold?.mode === 'Background';
  if (watch.kind === 'start') return watch.outcome;
  const failed = watch.kind === 'well' && !isHeldByWatch ? undefined : failedBeside(context);
  if (failed) return failStep(context, 'AnalysisFailed', failed.message, failed.evidence);
  if (watch.kind === 'trouble') return followTrouble(context, watch.trouble) ?? stayHeld(context);
  if (isHeldByWatch) {
    // What failed has failed, whatever became of its run: only a person or a newer try ends that.
    const mayResume = watch.kind === 'well' && step.hold?.reason !== 'AnalysisFailed';
    return mayResume && !isApproved(context) ? resume(context) : stayHeld(context);
  }
  if (AT_REST.includes(step.state)) {
    if (watch.kind === 'later' && !step.hold) return wait('WaitingForAnalysis', watch.message, watch.at);
    return undefined;
  }
  // Pods may come up meanwhile; more traffic may not.
  if (step.state === 'StepUpgrade') return undefined;
  return watch.kind === 'later'
    ? wait('WaitingForAnalysis', watch.message, watch.at)
    : awaitWatch(watch, release);
}

/** Trouble of the Background analyses must not hide that those of the step have failed meanwhile. */
function failedBeside({ snapshot, release, step }: StepContext): Combined | undefined {
  if (!AT_REST.includes(step.state) || step.verdict?.phase === 'Failed') return undefined;
  const analyses = analysesOfStep(release.guard, step.index);
  const judging = analyses.length > 0 ? judgingOf(snapshot, analyses) : undefined;
  const combined = judging?.kind === 'runs' ? combineRuns(judging.runs) : undefined;
  return combined?.phase === 'Failed' ? combined : undefined;
}

/** A person let the step go while it was held: that is followed now, and not kept for another hold. */
function isApproved(context: StepContext): boolean {
  return context.step.state === 'StepPaused' && approvalOf(context) !== undefined;
}

function followTrouble(context: StepContext, { outage, ...trouble }: Trouble): Outcome | undefined {
  const { reason, message, evidence } = trouble;
  const { step } = context;
  const state = AT_REST.includes(step.state) ? 'StepPaused' : step.state;
  if (reason === 'AnalysisFailed') {
    if (waitsForPerson(step)) return undefined;
    return failStep(context, reason, message, evidence, { state, mode: 'Background' });
  }
  if (step.hold) return undefined;
  return hold(context, {
    state,
    reason,
    message,
    evidence,
    event: 'Waiting',
    mode: 'Background',
    ...(outage !== undefined && { outage }),
  });
}

/** It failed before, and the guard's action was to wait for a person. */
function waitsForPerson({ verdict, hold, state }: StepRecord): boolean {
  if (verdict?.phase !== 'Failed' || hold?.reason !== 'AnalysisFailed') return false;
  return hold.mode === 'Background' || state === 'StepPaused';
}

/** On its way to its traffic a held step does nothing; at rest its own state says what a person can do. */
function stayHeld(context: StepContext): Outcome | undefined {
  const { step } = context;
  return step.hold?.mode === 'Background' && !AT_REST.includes(step.state) ? decideHeld(context) : undefined;
}

function resume(context: StepContext): Outcome {
  const { hold: _hold, ...step } = context.step;
  const state = AT_REST.includes(step.state) ? 'StepMetricsAnalysis' : step.state;
  return {
    decision: 'Analyse',
    reason: 'AnalysisResumed',
    message: 'the Background analyses measure again, the step goes on',
    record: withStep(context, {
      ...step,
      state,
      ...(AT_REST.includes(state) ? {} : { upgradeStartedAt: timestamp(context) }),
    }),
  };
}
