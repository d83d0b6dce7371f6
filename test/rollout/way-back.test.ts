import { describe, expect, test } from 'vitest';
import { describeWayBack, leftBy, podsToReturn } from '../../src/rollout/way-back.ts';
import { rollout } from '../builders/rollout.ts';

describe('how many pods have to go back', () => {
  test.each<[string, { pods: number; of: number }, number, number]>([
    ['as many as had to when it began', { pods: 4, of: 5 }, 5, 4],
    ['with those that a new size adds', { pods: 4, of: 5 }, 8, 7],
    ['all that are left of a smaller workload', { pods: 4, of: 5 }, 3, 3],
    ['those that a smaller workload can still have', { pods: 2, of: 10 }, 9, 2],
    ['none of no pods', { pods: 4, of: 5 }, 0, 0],
    ['every pod, where every one had the new version', { pods: 5, of: 5 }, 10, 10],
  ])('%s', (_title, began, size, pods) => {
    expect(podsToReturn(began, size)).toBe(pods);
  });
});

describe('how many of them a step leaves', () => {
  const leaves = (replicas: number | string, pods: number) =>
    leftBy({ snapshot: { rollout: rollout({ kind: 'StatefulSet', steps: [{ replicas }] }) } }, 1, pods);

  test.each<[number | string, number, number]>([
    ['20%', 5, 4],
    ['20%', 4, 3],
    ['50%', 3, 1],
    ['1%', 100, 99],
    ['100%', 7, 0],
    [1, 4, 3],
    [3, 4, 1],
    [9, 4, 0],
    ['50%', 0, 0],
  ])('a step of %s leaves, of %i that have to go back, %i', (replicas, pods, left) => {
    expect(leaves(replicas, pods)).toBe(left);
  });
});

test('it is told how many are back, and never fewer than none', () => {
  const others = (count: number) => Array(count).fill({}) as never[];
  expect(describeWayBack({ pods: 4, others: others(2) })).toBe('2 of 4 pods are back on the stable version');
  expect(describeWayBack({ pods: 4, others: others(6) })).toBe('0 of 4 pods are back on the stable version');
});
