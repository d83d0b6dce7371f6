import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { increaseOf, reachesBack } from '../../src/analysis/counter-increase.ts';
import type { SampleValue, Series } from '../../src/analysis/query-answer.ts';
import { counter } from './counters.ts';

const INTERVAL = { from: 20_000, to: 50_000 };
const A = { pod: 'a' };
const B = { pod: 'b' };

describe('the increase', () => {
  // Samples at 0 s, 10 s, … of which those after 20 s up to 50 s are inside.
  test.each<[title: string, series: Series[], bornInside: boolean, increase: number, samples: number]>([
    ['from the newest sample before to the newest inside', [counter(A, [0, 1, 3, 4, 4, 9, 20])], true, 6, 3],
    ['over a scrape that failed at the beginning', [counter(A, [0, 1, undefined, 4, 4, 9])], true, 8, 3],
    [
      'over a scrape that failed at the end',
      [counter(A, [0, 1, 3, 4, undefined, undefined, 20])],
      true,
      1,
      1,
    ],
    ['of several series', [counter(A, [0, 0, 5, 6]), counter(B, [0, 0, 7, 9])], true, 3, 2],
    ['over a restart: the new value counts', [counter(A, [0, 50, 90, 95, 3, 10])], true, 15, 3],
    ['over a restart just after the beginning', [counter(A, [0, 50, 90, 2])], true, 2, 1],
    ['over two restarts', [counter(A, [0, 0, 9, 1, 0, 2])], true, 3, 3],
    ['of a series that is born inside', [counter(A, [2, 3, 3], 30_000)], true, 3, 3],
    ['of a series that is seen for the first time', [counter(A, [2, 3, 3], 30_000)], false, 1, 3],
    ['of a series that has ended', [counter(A, [1, 2, 3])], true, 0, 0],
    ['of a series that begins later', [counter(A, [1, 2, 3], 60_000)], true, 0, 0],
    ['of no series', [], true, 0, 0],
  ])('%s', (_title, series, bornInside, increase, samples) => {
    expect(increaseOf(series, INTERVAL, bornInside)).toEqual({ kind: 'increase', increase, samples });
  });

  test.each<[title: string, series: Series[], reason: string, message: string]>([
    [
      'not a number',
      [counter(A, [0, 1, 3, 'NaN'])],
      'NotANumber',
      'the sample at 1970-01-01T00:00:30.000Z of {pod="a"} is NaN, which no counter can be',
    ],
    [
      'infinite',
      [counter(A, [0, 1, '+Inf', 1])],
      'NotANumber',
      'the sample at 1970-01-01T00:00:20.000Z of {pod="a"} is +Inf, which no counter can be',
    ],
    [
      'negative',
      [counter(A, [0, 1, 2, -1])],
      'NegativeCounter',
      'the sample at 1970-01-01T00:00:30.000Z of {pod="a"} is -1, which no counter can be',
    ],
    [
      'not in order',
      [
        {
          labels: A,
          samples: [
            [30_000, 1],
            [30_000, 2],
          ],
        },
      ],
      'OutOfOrder',
      'the sample at 1970-01-01T00:00:30.000Z of {pod="a"} is not newer than the one before it',
    ],
    [
      'twice the same',
      [counter({ pod: 'a', code: '500' }, [1]), counter({ code: '500', pod: 'a' }, [1])],
      'DuplicateSeries',
      'the answer has the series {code="500",pod="a"} twice',
    ],
  ])('is none of what is %s', (_title, series, reason, message) => {
    expect(increaseOf(series, INTERVAL, true)).toEqual({ kind: 'trouble', trouble: { reason, message } });
  });

  test('is not disturbed by what lies outside the interval', () => {
    const series = [counter(A, ['NaN', -5, 3, 4, 4, 9, 'NaN'])];
    expect(increaseOf(series, INTERVAL, true)).toEqual({ kind: 'increase', increase: 6, samples: 3 });
  });

  const values = fc.array(fc.option(fc.nat({ max: 1_000 }), { nil: undefined }), {
    minLength: 1,
    maxLength: 20,
  });
  const increase = (values: (SampleValue | undefined)[], from: number, to: number) => {
    const answer = increaseOf([counter(A, values)], { from, to }, true);
    return answer.kind === 'increase' ? answer.increase : Number.NaN;
  };

  test('property: intervals that touch neither lose nor repeat anything', () => {
    fc.assert(
      fc.property(values, fc.tuple(fc.nat(200_000), fc.nat(200_000), fc.nat(200_000)), (values, instants) => {
        const [from = 0, middle = 0, to = 0] = instants.toSorted((one, other) => one - other);
        const halves = increase(values, from, middle) + increase(values, middle, to);
        expect(halves).toBe(increase(values, from, to));
      }),
    );
  });
});

test('a series reaches back to the instant of its first sample', () => {
  const series = [counter(A, [], 0), counter(B, [1, 2], 10_000)];
  expect([9_999, 10_000].map((instant) => reachesBack(series, instant))).toEqual([false, true]);
});
