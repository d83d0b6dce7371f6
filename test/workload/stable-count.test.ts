import { describe, expect, test } from 'vitest';
import type { IntOrString } from '../../src/api/kubernetes.ts';
import { partitionFor, stableCount } from '../../src/workload/stable-count.ts';

describe('a partition keeps', () => {
  test.each<[IntOrString | undefined, number, number]>([
    [undefined, 5, 0],
    [0, 5, 0],
    [3, 5, 3],
    [7, 5, 5],
    [-1, 5, 0],
    ['0%', 5, 0],
    ['1%', 5, 1],
    ['20%', 5, 1],
    ['21%', 5, 2],
    ['50%', 5, 3],
    ['99%', 5, 4],
    ['100%', 5, 5],
    ['99%', 1, 1],
    ['100%', 1, 1],
    ['1%', 0, 0],
    ['100%', 0, 0],
  ])('%s of %i pods: %i', (partition, size, kept) => {
    expect(stableCount(partition, size)).toBe(kept);
  });
});

describe('the partition that keeps', () => {
  test.each<[number, number, IntOrString]>([
    [5, 5, '100%'],
    [4, 5, '80%'],
    [0, 5, '0%'],
    [1, 3, '33%'],
    [2, 3, '66%'],
    [1, 100, '1%'],
    // A hundredth of more than a hundred pods is more than one.
    [1, 150, 1],
    [103, 150, 103],
    [105, 150, '70%'],
  ])('%i of %i pods is %s', (kept, size, partition) => {
    expect(partitionFor(kept, size)).toBe(partition);
  });

  test('is a percentage, and exact, for every count up to 100 pods', () => {
    for (let size = 1; size <= 100; size++) {
      for (let kept = 0; kept <= size; kept++) {
        const partition = partitionFor(kept, size);
        expect(partition).toMatch(/%$/);
        expect(stableCount(partition, size)).toBe(kept);
      }
    }
  });

  test('keeps no less when it is scaled before anybody looks', () => {
    // 1 of 4 pods was granted: of 8 it would be 2, and not the 5 that a number leaves over.
    expect(stableCount(partitionFor(3, 4), 8)).toBe(6);
  });
});
