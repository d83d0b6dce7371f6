import { awaitWatch, type Trouble } from './background.ts';
import { type StepContext, wait, withStep } from './context.ts';
import type { Outcome } from './decision.ts';
import { failStep, hold } from './failure.ts';
import { decideHeld } from './holding.ts';
import { holdWorkload } from './removal.ts';

/**
 * What the Background analyses make of the last rolling update: undefined lets it go on. Failed takes the release
 * back at once; whatever else stops the update where it is until they measure again, or a person comes.
 */
export function decideWatchedUpdate(context: StepContext): Outcome | undefined {
  const { watch, step, release } = context;
  switch (watch.kind) {
    case 'none':
      return step.hold ? stayStopped(context) : undefined;
    case 'start':
      return watch.outcome;
    case 'later':
      return stopUpdate(context) ?? wait('WaitingForAnalysis', watch.message, watch.at);
    case 'trouble':
      return followTrouble(context, watch.trouble) ?? stopUpdate(context) ?? decideHeld(context);
    case 'well': {
      const blind = awaitWatch(watch, release);
      if (blind) return stopUpdate(context) ?? blind;
      if (step.hold?.reason === 'AnalysisFailed') return stopUpdate(context) ?? decideHeld(context);
      return step.hold ? goOn(context) : undefined;
    }
  }
}

function followTrouble(context: StepContext, { outage, ...trouble }: Trouble): Outcome | undefined {
  const { reason, message, evidence } = trouble;
  const { step } = context;
  if (reason === 'AnalysisFailed') {
    if (step.verdict?.phase === 'Failed' && step.hold) return undefined;
    return failStep(context, reason, message, evidence, { state: 'Completed', mode: 'Background' });
  }
  if (step.hold) return undefined;
  return hold(context, {
    state: 'Completed',
    reason,
    message,
    evidence,
    event: 'Waiting',
    mode: 'Background',
    ...(outage !== undefined && { outage }),
  });
}

/** Nothing watches any more: with the guard gone an update that was stopped waits for a person, as a step does. */
function stayStopped(context: StepContext): Outcome {
  if (context.release.updatedAt !== undefined) return goOn(context);
  return stopUpdate(context) ?? decideHeld(context);
}

function stopUpdate(context: StepContext): Outcome | undefined {
  return holdWorkload(context);
}

function goOn(context: StepContext): Outcome {
  const { hold: _hold, ...step } = context.step;
  return {
    decision: 'Analyse',
    reason: 'AnalysisResumed',
    message: 'the Background analyses are at ease, the rolling update goes on',
    record: withStep(context, step),
  };
}
