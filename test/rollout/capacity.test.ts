import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  besideWeight,
  carries,
  joiningWeight,
  leastWeight,
  mostExchanged,
  mostWeight,
} from '../../src/rollout/capacity.ts';

describe('the least weight of a canary', () => {
  const rows: [title: string, stable: number, canary: number, weight: number][] = [
    ['is nothing while every stable pod is there', 10, 3, 0],
    ['is nothing while four fifths of them are there', 8, 2, 0],
    ['relieves the stable pods that are left', 5, 5, 38],
    ['and of few nearly everything', 1, 9, 88],
    ['is everything without a stable pod', 0, 10, 100],
    ['is nothing without a canary pod', 0, 0, 0],
  ];
  for (const [title, stable, canary, weight] of rows)
    test(title, () => expect(leastWeight({ size: 10, stable, canary })).toBe(weight));
});

describe('the most weight of a canary', () => {
  const rows: [title: string, planned: number, goal: number, canary: number, weight: number][] = [
    ['is the planned one, once its pods are ready', 20, 2, 2, 20],
    ['is the planned one, where the author wants much of few', 50, 1, 1, 50],
    ['is no more than its pods can carry', 60, 6, 3, 37],
    ['is never more than planned', 20, 4, 3, 20],
    ['falls with its pods where the plan gives them much', 80, 2, 1, 40],
    ['is nothing without a ready pod', 20, 2, 0, 0],
  ];
  for (const [title, planned, goal, canary, weight] of rows)
    test(title, () => expect(mostWeight(planned, goal, { size: 10, stable: 10, canary })).toBe(weight));
});

describe('how many pods can be exchanged before requests are routed to the new ones', () => {
  const rows: [size: number, most: number][] = [
    [1, 0],
    [4, 0],
    [5, 1],
    [9, 1],
    [10, 2],
    [50, 10],
  ];
  for (const [size, most] of rows)
    test(`of ${size} it is ${most}`, () => {
      expect(mostExchanged(size)).toBe(most);
      expect([size - most, size - most - 1].map((stable) => carries({ size, stable }))).toEqual([
        true,
        false,
      ]);
    });
});

describe('the weight with which one Service may begin to select both versions', () => {
  const rows: [canary: number, stable: number, weight: number, joined: number][] = [
    [5, 5, 50, 33],
    [2, 8, 20, 5],
    [8, 2, 80, 76],
    [8, 2, 10, 10],
    [0, 10, 20, 0],
    [10, 0, 100, 100],
  ];
  for (const [canary, stable, weight, joined] of rows)
    test(`of ${weight} % with ${canary} canary and ${stable} stable pods is ${joined} %`, () =>
      expect(joiningWeight(weight, { size: canary + stable, stable, canary })).toBe(joined));
});

describe('the weight with which the stable Service may begin to select extra pods as well', () => {
  const rows: [canary: number, stable: number, weight: number, beside: number][] = [
    [3, 5, 50, 50],
    [1, 5, 5, 5],
    [2, 7, 20, 14],
    [2, 5, 50, 25],
    [1, 5, 80, 75],
    [0, 5, 20, 0],
  ];
  for (const [canary, stable, weight, beside] of rows)
    test(`of ${weight} % with ${canary} beside ${stable} pods is ${beside} %`, () =>
      expect(besideWeight(weight, { size: stable, stable, canary })).toBe(beside));
});

test('versions that are exchanged pod for pod are given at most a quarter more than before, rounding apart', () => {
  fc.assert(
    fc.property(fc.integer({ min: 4, max: 200 }), fc.nat(), (size, some) => {
      const canary = some % (size + 1);
      const pods = { size, canary, stable: size - canary };
      const weight = leastWeight(pods) / 100;
      const rounding = 0.01 * size;
      if (pods.stable > 0) expect((1 - weight) / (pods.stable / size)).toBeLessThanOrEqual(1.25 + 1e-9);
      if (canary > 0) expect(weight / (canary / size)).toBeLessThanOrEqual(1.25 + rounding);
    }),
  );
});
