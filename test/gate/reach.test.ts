import { expect, test } from 'vitest';
import type { RolloutStep } from '../../src/api/rollout.ts';
import { outOfReach, reachOf, weaker } from '../../src/gate/reach.ts';
import { analysis, type GuardPart, guard } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';

const STEPS: RolloutStep[] = [
  { replicas: 1, pause: {} },
  { replicas: 2, pause: { duration: 30 } },
  { replicas: '100%', pause: {} },
];
const TIMED =
  'Rollout echoserver: step 2/3 has a pause of 30 s, after which Kruise Rollouts goes on by itself; take the duration away to have it guarded';
const LAST =
  'Rollout echoserver: step 3/3 runs 100% of the pods, at which Kruise Rollouts never pauses; give it a number of pods, or judge the step before';

test.each<[string, GuardPart, string[]]>([
  ['an analysis of every step', {}, [TIMED, LAST]],
  ['an analysis of the steps that wait', { analyses: [analysis({ steps: [1] })] }, []],
  ['an analysis of a timed step', { analyses: [analysis({ steps: [1, 2] })] }, [TIMED]],
  [
    'of two analyses, one of every step',
    { analyses: [analysis({ steps: [1] }), analysis({ name: 'latency' })] },
    [TIMED, LAST],
  ],
  ['a Background analysis, which waits for no step', { analyses: [analysis({ mode: 'Background' })] }, []],
])('%s', (_, part, missed) => {
  const { spec } = guard(part);
  expect(outOfReach(spec.analyses, rollout({ steps: STEPS }))).toEqual(missed);
  const { status, message } = reachOf(guard(part), [rollout({ steps: STEPS })]);
  expect([status, missed.length > 0 ? message : '']).toEqual(
    missed.length > 0 ? ['False', missed.join('; ')] : ['True', ''],
  );
});

test('a guard that selects nothing is not known to guard', () => {
  expect(reachOf(guard(), [])).toMatchObject({ status: 'Unknown', message: 'no Rollout is selected' });
});

test('Abort is told to act as Pause', () => {
  expect(weaker(guard({ onFailure: 'Abort', onTimeout: 'Rollback' }))).toEqual([
    'spec.onFailure: Abort acts as Pause beside Kruise Rollouts, which takes no canary away alone',
  ]);
});
