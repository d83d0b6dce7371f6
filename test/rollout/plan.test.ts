import { describe, expect, test } from 'vitest';
import {
  gracePeriodMs,
  isPlainLastStep,
  pauseMs,
  planHash,
  replicasOf,
  weightOf,
} from '../../src/rollout/plan.ts';
import { rollout, TWO_STEPS } from '../builders/rollout.ts';

const [first, second] = TWO_STEPS;

describe('what a plan says of a step', () => {
  const plan = rollout({
    steps: [
      { replicas: 1, traffic: '5%', pause: { duration: 90 } },
      { replicas: null, traffic: '40%', pause: { duration: 0 } },
      { replicas: '60%', pause: { duration: null } },
      { replicas: '100%', traffic: '100%' },
    ],
  });
  const steps = [1, 2, 3, 4];

  test('its weight, none where it routes nothing', () => {
    expect(steps.map((step) => weightOf(plan, step))).toEqual([5, 40, undefined, 100]);
  });

  test('no weight at all where the Rollout has no traffic routing', () => {
    const unrouted = rollout({ routing: null, steps: [{ replicas: 1, traffic: '5%' }] });
    expect(weightOf(unrouted, 1)).toBeUndefined();
  });

  test('its pods, as many as its traffic where it does not say', () => {
    expect(steps.map((step) => replicasOf(plan, step))).toEqual([1, '40%', '60%', '100%']);
  });

  test('its pause: 0 is passed on, none waits for a person', () => {
    expect(steps.map((step) => pauseMs(plan, step))).toEqual([90_000, 0, undefined, undefined]);
  });

  test('only a last step with the literal 100% is never waited at', () => {
    expect(steps.map((step) => isPlainLastStep(plan, step))).toEqual([false, false, false, true]);
    expect(isPlainLastStep(rollout({ steps: [{ replicas: 5, pause: {} }] }), 1)).toBe(false);
  });

  test('a grace period of 3 s unless it names one', () => {
    expect(gracePeriodMs(rollout())).toBe(3_000);
    expect(gracePeriodMs(rollout({ routing: { service: 's', gracePeriodSeconds: 0 } }))).toBe(0);
    expect(gracePeriodMs(rollout({ routing: { service: 's', gracePeriodSeconds: 20 } }))).toBe(20_000);
  });
});

describe('the identity of a plan', () => {
  const same = planHash(rollout());
  const rows: [string, Parameters<typeof rollout>[0], boolean][] = [
    ['is kept where a pause changes', { steps: [{ ...first, pause: { duration: 5 } }, { ...second }] }, true],
    ['is kept where failureThreshold changes', { failureThreshold: 2 }, true],
    ['is kept where the Rollout is paused', { paused: true }, true],
    ['changes with the weight of a step', { steps: [{ ...first, traffic: '6%' }, { ...second }] }, false],
    ['changes with the pods of a step', { steps: [{ ...first, replicas: 2 }, { ...second }] }, false],
    ['changes with the number of steps', { steps: [{ ...first }] }, false],
    ['changes with the routing', { routing: { service: 'another', ingress: { name: 'another' } } }, false],
    ['changes with the metadata of the canary pods', { patch: { labels: { a: 'b' } } }, false],
  ];
  for (const [title, part, isSame] of rows) {
    test(title, () => expect(planHash(rollout(part)) === same).toBe(isSame));
  }
});
