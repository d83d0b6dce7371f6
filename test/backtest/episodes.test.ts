import { expect, test } from 'vitest';
import { type BadMoment, byWeight, episodesOf } from '../../src/backtest/episodes.ts';
import { MINUTE_MS, minute } from './past.ts';

const bad = (at: number, value?: number, outcome: BadMoment['outcome'] = 'Failed'): BadMoment => ({
  at: minute(at),
  outcome,
  value,
  message: `${outcome} at minute ${at}`,
});
const shown = (moments: BadMoment[], gapMs = 2 * MINUTE_MS) =>
  episodesOf({ name: 'm', dryRun: false }, moments, gapMs, 'below').map(
    ({ from, to, moments: count, outcome, worst }) => [
      outcome,
      (from - minute(0)) / MINUTE_MS,
      (to - minute(0)) / MINUTE_MS,
      count,
      worst.value,
    ],
  );

test.each([
  ['none of none', [], []],
  ['one alone', [bad(5, 1)], [['Failed', 5, 5, 1, 1]]],
  [
    'neighbours, and the lowest value is the worst',
    [bad(5, 3), bad(6, 1), bad(7, 2)],
    [['Failed', 5, 7, 3, 1]],
  ],
  ['a gap that is tolerated', [bad(5, 1), bad(7, 2)], [['Failed', 5, 7, 2, 1]]],
  [
    'a gap that is not',
    [bad(5, 1), bad(8, 2)],
    [
      ['Failed', 5, 5, 1, 1],
      ['Failed', 8, 8, 1, 2],
    ],
  ],
  [
    'outcomes apart, the severer first',
    [bad(5, undefined, 'NoData'), bad(6, 2), bad(7, undefined, 'NoData')],
    [
      ['Failed', 6, 6, 1, 2],
      ['NoData', 5, 7, 2, undefined],
    ],
  ],
])('%s', (_, moments, episodes) => {
  expect(shown(moments)).toEqual(episodes);
});

test('above a limit, the highest value is the worst; without a side, the first', () => {
  const moments = [bad(1, 3), bad(2, 9), bad(3, 4)];
  expect(episodesOf({ name: 'm', dryRun: false }, moments, MINUTE_MS, 'above')[0]?.worst.value).toBe(9);
  expect(episodesOf({ name: 'm', dryRun: false }, moments, MINUTE_MS, undefined)[0]?.worst.value).toBe(3);
});

test('are told the severest first, then the longest, then the oldest', () => {
  const episodes = [
    ...episodesOf(
      { name: 'a', dryRun: false },
      [bad(1, 1, 'NoData'), bad(2, 1, 'NoData'), bad(3, 1, 'NoData')],
      MINUTE_MS,
      undefined,
    ),
    ...episodesOf({ name: 'b', dryRun: false }, [bad(50)], MINUTE_MS, undefined),
    ...episodesOf({ name: 'c', dryRun: false }, [bad(10)], MINUTE_MS, undefined),
    ...episodesOf({ name: 'd', dryRun: false }, [bad(70), bad(71)], MINUTE_MS, undefined),
  ];
  expect(episodes.toSorted(byWeight).map(({ metric }) => metric)).toEqual(['d', 'c', 'b', 'a']);
});
