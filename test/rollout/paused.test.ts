import { expect } from 'vitest';
import type { Approval } from '../../src/api/rollout.ts';
import type { HoldReason } from '../../src/api/rollout-record.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { rollout, TWO_STEPS } from '../builders/rollout.ts';
import { ago, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { table } from './decided.ts';

const APPROVAL: Approval = { releaseId: 1, stepEntry: 1, step: 1, user: 'alice', at: ago(1) };

function approvedBy(part: Partial<Approval> = {}, steps = TWO_STEPS) {
  return rollout({
    steps,
    status: { currentStepIndex: 1, currentStepState: 'StepPaused', approvals: [{ ...APPROVAL, ...part }] },
  });
}

function paused(part: ReleasePart = {}) {
  return releasing({ state: 'StepPaused', ...part });
}

/** A guarded step that is held for this reason since so many seconds. */
function held(reason: HoldReason, since: number, part: ReleasePart = {}) {
  return paused({
    guards: [guardFacts({ holdTimeout: '10m' })],
    ...part,
    step: { hold: { reason, since: ago(since), message: 'it is held' }, ...part.step },
  });
}

const FAILED = { phase: 'Failed' as const, reason: 'AnalysisFailed', message: 'it failed', at: ago(9) };

table('a step that nobody guards', [
  {
    title: 'waits for a person where its pause has no duration',
    given: paused(),
    is: 'Wait WaitingForApproval',
    says: 'step 1/2 needs manual confirmation: kubectl-kruise rollout approve',
  },
  {
    title: 'waits for a person where it has no pause',
    given: paused({ rollout: rollout({ steps: [{ replicas: 1, traffic: '5%' }, ...TWO_STEPS.slice(1)] }) }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'rests for its duration, counted from the end of traffic routing',
    given: paused({
      rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 500 } }] }),
    }),
    is: 'Wait WaitingForPause',
    wakeIn: 3,
  },
  {
    title: 'is left when that is over',
    given: paused({
      rollout: rollout({
        steps: [{ replicas: 1, traffic: '5%', pause: { duration: 497 } }, ...TWO_STEPS.slice(1)],
      }),
    }),
    is: 'Advance PauseExpired',
    to: 'release 1 InRolling 2 BeforeStepUpgrade',
  },
  {
    title: 'with a duration of 0 is left at once',
    given: paused({
      step: { trafficSince: ago(0) },
      rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 0 } }] }),
    }),
    is: 'Finalise PauseExpired',
    to: 'release 1 Finalising',
  },
  {
    title: 'at the last step with the literal 100% never waits',
    given: paused({ rollout: rollout({ steps: [{ replicas: '100%', traffic: '5%', pause: {} }] }) }),
    is: 'Finalise LastStep',
  },
  {
    title: 'at the last step with as many pods as a number waits',
    given: paused({ rollout: rollout({ steps: [{ replicas: 5, traffic: '5%', pause: {} }] }) }),
    is: 'Wait WaitingForApproval',
  },
]);

table('a wish to go to another step', [
  {
    title: 'upwards lets the paused step go on, to that one',
    given: paused({
      rollout: approvedBy({ to: 3 }, [
        ...TWO_STEPS.slice(0, 1),
        { replicas: 2, traffic: '20%' },
        ...TWO_STEPS.slice(1),
      ]),
    }),
    is: 'Restart JumpRequested',
    to: 'release 1 InRolling 3 BeforeStepUpgrade',
    says: 'alice sent the release from step 1 to step 3',
  },
  {
    title: 'upwards does not let a failed step go on',
    given: paused({
      rollout: approvedBy({ to: 2 }),
      guards: [guardFacts()],
      step: { verdict: FAILED, hold: { reason: 'AnalysisFailed', since: ago(9), message: 'it failed' } },
    }),
    is: 'Wait WaitingForApproval',
    wakeIn: 1791,
  },
  {
    title: 'upwards does not count while the step is being judged',
    given: releasing({ rollout: approvedBy({ to: 2 }), guards: [guardFacts()] }),
    is: 'Analyse AnalysisStarted',
    acts: [expect.stringContaining('create AnalysisRun')],
  },
  {
    title: 'back is followed in whatever state the step is',
    given: releasing({ state: 'StepTrafficRouting', rollout: approvedBy({ to: 1 }) }),
    is: 'Restart JumpRequested',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
  },
  {
    title: 'back that was said to an earlier entry of the step is over',
    given: releasing({ state: 'StepPaused', rollout: approvedBy({ to: 1, stepEntry: 0 }) }),
    is: 'Wait WaitingForApproval',
  },
]);

table('an approval', [
  {
    title: 'of this step of this release lets the step go on',
    given: paused({ rollout: approvedBy() }),
    is: 'Advance Approved',
    to: 'release 1 InRolling 2 BeforeStepUpgrade',
    says: 'step 1 was approved by alice',
  },
  {
    title: 'of the last step ends the release',
    given: paused({ step: { index: 2 }, rollout: approvedBy({ step: 2 }) }),
    is: 'Finalise Approved',
    to: 'release 1 Finalising',
  },
  {
    title: 'of another release does not count',
    given: paused({ record: { releaseId: 2 }, rollout: approvedBy() }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'of an earlier entry of this step does not count',
    given: paused({ step: { entry: 2 }, rollout: approvedBy() }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'of another step does not count',
    given: paused({ rollout: approvedBy({ step: 2 }) }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'ends a hold',
    given: held('AnalysisInconclusive', 9, { rollout: approvedBy() }),
    is: 'Advance Approved',
  },
  {
    title: 'lets a step go on whose guard says Hold',
    given: held('HoldOnSuccess', 9, { rollout: approvedBy() }),
    is: 'Advance Approved',
  },
  {
    title: 'lets a step go on whose guard was removed',
    given: held('GuardRemoved', 9, { rollout: approvedBy(), guards: [], pinnedGuards: [guardFacts()] }),
    is: 'Advance Approved',
  },
  {
    title: 'never lets a failed step go on',
    given: held('AnalysisFailed', 9, { rollout: approvedBy(), step: { verdict: FAILED } }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'that came while the step was still being judged does not count before it is paused',
    given: releasing({ state: 'StepUpgrade', rollout: approvedBy() }),
    is: 'Wait WaitingForCanaryPods',
    acts: ['create Deployment <canary>: 1 canary pods'],
  },
]);

table('a guarded step that waits', [
  {
    title: 'and is held for no reason goes back to its analysis: no pause lets it go on',
    given: paused({ guards: [guardFacts()] }),
    is: 'Analyse GuardPinned',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'is not let go on by the duration of its pause',
    given: paused({
      guards: [guardFacts()],
      rollout: rollout({ steps: [{ replicas: 1, traffic: '5%', pause: { duration: 0 } }] }),
    }),
    is: 'Analyse GuardPinned',
  },
  {
    title: 'is not let go on as the last step with 100%',
    given: paused({
      guards: [guardFacts()],
      rollout: rollout({ steps: [{ replicas: '100%', traffic: '5%', pause: {} }] }),
    }),
    is: 'Analyse GuardPinned',
  },
  {
    title: 'has its own pause where no analysis names it',
    given: paused({ guards: [guardFacts({ analyses: [analysis({ steps: [2] })] })] }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'waits for a person until the hold timeout',
    given: held('AnalysisInconclusive', 599),
    is: 'Wait WaitingForApproval',
    says: 'it is held',
    wakeIn: 1,
  },
  {
    title: 'is aborted when nobody came',
    given: held('AnalysisInconclusive', 600),
    is: 'Abort HoldTimeout',
    to: 'release 1 Aborting',
    says: 'nobody came within the hold timeout: it is held',
  },
  {
    title: 'is rolled back when nobody came, where the guard says so',
    given: held('HoldOnSuccess', 600, {
      guards: [guardFacts({ holdTimeout: '10m', onTimeout: 'Rollback' })],
    }),
    is: 'RollBack HoldTimeout',
    to: 'release 1 Cancelling',
  },
  {
    title: 'waits on when nobody came, where the guard says Pause',
    given: held('HoldOnSuccess', 600, { guards: [guardFacts({ holdTimeout: '10m', onTimeout: 'Pause' })] }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'goes back to its analysis when its guard has come back',
    given: held('GuardRemoved', 9),
    is: 'Analyse GuardPinned',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'waits while its guard is gone',
    given: held('GuardRemoved', 9, { guards: [], pinnedGuards: [guardFacts({ holdTimeout: '10m' })] }),
    is: 'Wait WaitingForApproval',
    wakeIn: 591,
  },
  {
    title: 'does not go back for a guard that cannot be resolved',
    given: held('GuardRemoved', 9, {
      guards: [{ ...guardFacts(), templates: [] }],
      pinnedGuards: [guardFacts({ holdTimeout: '10m' })],
    }),
    is: 'Wait WaitingForApproval',
  },
  {
    title: 'does not go back for any other reason than the guard',
    given: held('ForeignRun', 9),
    is: 'Wait WaitingForApproval',
  },
]);
