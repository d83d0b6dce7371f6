import { describe, expect, test } from 'vitest';
import type { StepState } from '../../src/api/rollout.ts';
import { planHash } from '../../src/rollout/plan.ts';
import { deployment, NAME } from '../builders/deployment.ts';
import { analysis, guard, guardFacts } from '../builders/guard.ts';
import { rollout, TWO_STEPS } from '../builders/rollout.ts';
import { judged } from '../builders/run.ts';
import { ago, held, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { decided, type Row, table } from './decided.ts';

const STATES: StepState[] = [
  'BeforeStepUpgrade',
  'StepUpgrade',
  'StepTrafficRouting',
  'StepMetricsAnalysis',
  'StepPaused',
];

/** The same facts in every state of a step. */
function inEveryState(
  title: string,
  part: ReleasePart,
  told: Pick<Row, 'is' | 'to'> & { acts?: string[] },
): Row[] {
  return STATES.map((state) => ({
    title: `${title}, in ${state}`,
    given: releasing({ state, ...part }),
    ...told,
  }));
}

table('a restored stable template takes the release back', [
  ...inEveryState(
    'at once',
    { workload: { object: held('v1') } },
    { is: 'Cancel StableTemplateRestored', to: 'release 1 Cancelling' },
  ),
  ...inEveryState(
    'while the Rollout is paused',
    { rollout: rollout({ paused: true }), workload: { object: held('v1') } },
    { is: 'Cancel StableTemplateRestored', to: 'release 1 Cancelling' },
  ),
  ...inEveryState(
    'although the plan was changed as well',
    { release: { planHash: 'another' }, workload: { object: held('v1') } },
    { is: 'Cancel StableTemplateRestored', to: 'release 1 Cancelling' },
  ),
]);

table('a Rollout that is paused rests', [
  ...inEveryState('whatever is due', { rollout: rollout({ paused: true }) }, { is: 'Wait Paused' }),
  {
    title: 'although its analysis has passed',
    given: judged(releasing({ guards: [guardFacts()], rollout: rollout({ paused: true }) }), {
      'success-rate': 'Successful',
    }),
    is: 'Wait Paused',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'although a newer version came',
    given: releasing({ rollout: rollout({ paused: true }), workload: { object: held('v3') } }),
    is: 'Wait Paused',
  },
]);

table('a newer template takes the place of the released one', [
  ...inEveryState(
    'from the first step on',
    { workload: { object: held('v3') } },
    { is: 'Restart ContinuousRelease', to: 'release 1 Superseding' },
  ),
  {
    title: 'although the analysis of the released one has passed',
    given: {
      ...judged(releasing({ guards: [guardFacts()], workload: { object: held('v3') } }), {
        'success-rate': 'Successful',
      }),
    },
    is: 'Restart ContinuousRelease',
    to: 'release 1 Superseding',
  },
]);

const changedPlan = rollout({ steps: [{ ...TWO_STEPS[0], traffic: '10%' }, ...TWO_STEPS.slice(1)] });

table('a changed plan', [
  ...inEveryState(
    'makes the present step begin anew',
    { rollout: changedPlan, release: { planHash: planHash(rollout()) } },
    { is: 'Restart PlanChanged', to: 'release 1 InRolling 1 BeforeStepUpgrade' },
  ),
  {
    title: 'never uses a verdict that was reached under the former one',
    given: {
      ...judged(releasing({ guards: [guardFacts()] }), { 'success-rate': 'Successful' }),
      rollout: changedPlan,
    },
    is: 'Restart PlanChanged',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
  },
  {
    title: 'with fewer steps goes on with its last one',
    given: releasing({
      step: { index: 2 },
      rollout: rollout({ steps: TWO_STEPS.slice(0, 1) }),
      release: { planHash: planHash(rollout()) },
    }),
    is: 'Restart PlanChanged',
    to: 'release 1 InRolling 1 BeforeStepUpgrade',
  },
  {
    title: 'of pause durations only is no other plan',
    given: releasing({
      state: 'StepPaused',
      rollout: rollout({
        steps: [{ ...TWO_STEPS[0], pause: { duration: 10_000 } }, ...TWO_STEPS.slice(1)],
      }),
      release: { planHash: planHash(rollout()) },
    }),
    is: 'Wait WaitingForPause',
    wakeIn: 10_000 - 497,
  },
]);

table('a workload under release', [
  ...inEveryState(
    'is held again where somebody resumed it',
    { workload: { object: deployment({ version: 'v2', markedFor: NAME, updated: 0 }) } },
    { is: 'Wait WaitingForWorkload', acts: [`replace Deployment ${NAME}: hold the workload`] },
  ),
  ...inEveryState(
    'is marked again where somebody took the mark away',
    { workload: { object: deployment({ version: 'v2', paused: true, updated: 0 }) } },
    { is: 'Wait WaitingForWorkload', acts: [`replace Deployment ${NAME}: hold the workload`] },
  ),
  {
    title: 'is held again although the Rollout is paused: nobody judged what it would roll out',
    given: releasing({
      rollout: rollout({ paused: true }),
      workload: { object: deployment({ version: 'v2', markedFor: NAME, updated: 0 }) },
    }),
    is: 'Wait WaitingForWorkload',
    acts: [`replace Deployment ${NAME}: hold the workload`],
  },
  {
    title: 'that disappears stalls the release',
    given: { ...releasing(), workload: undefined },
    is: 'Stall WorkloadNotFound',
    to: 'release 1 InRolling 1 StepMetricsAnalysis',
  },
  {
    title: 'that an older Rollout claims is not touched any more',
    given: releasing({ rival: 'older' }),
    is: 'Stall WorkloadConflict',
  },
]);

table('a guard that comes in the middle of a release', [
  ...inEveryState(
    'guards it from the present step on',
    { guards: [guardFacts()], pinnedGuards: [] },
    { is: 'Adopt GuardPinned' },
  ),
  ...inEveryState(
    'stops it where it cannot be resolved',
    { guards: [{ guard: guard(), templates: [] }], pinnedGuards: [] },
    { is: 'Stall GuardNotReady' },
  ),
  {
    title: 'does not take the place of the one that was pinned',
    given: judged(
      releasing({
        guards: [guardFacts(), guardFacts({ name: 'another', analyses: [analysis({ name: 'latency' })] })],
        pinnedGuards: [guardFacts()],
      }),
      { 'success-rate': 'Running' },
    ),
    is: 'Wait WaitingForAnalysis',
  },
  {
    title: 'does not make up for one that is gone: its analyses are not left out without a word',
    given: judged(
      releasing({
        guards: [guardFacts({ name: 'another', analyses: [analysis({ name: 'latency' })] })],
        pinnedGuards: [
          guardFacts(),
          guardFacts({ name: 'another', analyses: [analysis({ name: 'latency' })] }),
        ],
      }),
      { 'success-rate': 'Successful', latency: 'Successful' },
    ),
    is: 'Hold GuardRemoved',
  },
]);

describe('what a changed plan leaves of the present step', () => {
  const { record } = decided(
    releasing({
      state: 'StepPaused',
      rollout: changedPlan,
      release: { planHash: planHash(rollout()) },
      step: { hold: { reason: 'ForeignRun', since: ago(9), message: 'it is held' } },
    }),
  ).full;

  test('is its number, under a new entry', () => {
    expect(record.stepEntry).toBe(2);
    expect(record.release?.step).toEqual({
      index: 1,
      entry: 2,
      attempt: 1,
      state: 'BeforeStepUpgrade',
      enteredAt: ago(0),
    });
  });

  test('and the release goes on under the new plan', () => {
    expect(record.release?.planHash).toBe(planHash(changedPlan));
  });
});
