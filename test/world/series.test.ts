import { describe, expect, test } from 'vitest';
import { parseSeries, sampleAt } from './series.ts';

describe('a series as promtool writes it', () => {
  const rows: [string, (number | undefined)[]][] = [
    ['1 0.9 -2 1e3', [1, 0.9, -2, 1_000]],
    ['1x3', [1, 1, 1, 1]],
    ['1+2x3', [1, 3, 5, 7]],
    ['0.9-0.1x2', [0.9, 0.8, 0.7]],
    ['_ 1 stale', [undefined, 1, undefined]],
    ['_x3 5', [undefined, undefined, undefined, 5]],
    ['  1   2 ', [1, 2]],
  ];
  for (const [text, samples] of rows) {
    test(`"${text}"`, () => expect(parseSeries(text)).toEqual(samples));
  }

  for (const text of ['', 'one', '1x', '1+2', '1x-3', '_1', '1,2']) {
    test(`"${text}" is none, and the message says what is`, () => {
      expect(() => parseSeries(text)).toThrow(/write 1/);
    });
  }
});

describe('the sample at an age', () => {
  const samples = parseSeries('1 _ 3');
  const rows: [number, number | undefined][] = [
    [-1, undefined],
    [0, 1],
    [9_999, 1],
    [10_000, undefined],
    [20_000, 3],
    [1_000_000, 3],
  ];
  for (const [age, sample] of rows) {
    test(`of ${age} ms is ${sample}`, () => expect(sampleAt(samples, age, 10_000)).toBe(sample));
  }
});
