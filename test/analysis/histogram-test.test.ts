import { describe, expect, test } from 'vitest';
import {
  type BoundaryCounts,
  type HistogramState,
  takeHistogram,
} from '../../src/analysis/histogram-test.ts';
import { newSequentialState, SEQUENTIAL_DEFAULTS, takeInterval } from '../../src/analysis/sequential-test.ts';

/** 100 requests of the canary and 900 of the stable version, so many of them slower than each boundary. */
const slower = (boundaries: Record<string, [canary: number, stable: number]>): BoundaryCounts[] =>
  Object.entries(boundaries).map(([le, [canary, stable]]) => ({
    le,
    canary: { events: canary, total: 100 },
    stable: { events: stable, total: 900 },
  }));

function judge(intervals: BoundaryCounts[][], safeRate?: number) {
  const parameters = { ...SEQUENTIAL_DEFAULTS, ...(safeRate !== undefined && { safeRate }) };
  let state: HistogramState = [];
  let reading = takeHistogram(state, [], parameters).reading;
  for (const interval of intervals) ({ state, reading } = takeHistogram(state, interval, parameters));
  return { state, reading };
}

const EQUAL = slower({ '0.1': [50, 450], '0.5': [2, 18], '1.0': [0, 0] });
const SLOW_TAIL = slower({ '0.1': [50, 450], '0.5': [9, 18], '1.0': [5, 0] });
const times = (count: number, interval: BoundaryCounts[]) => Array.from({ length: count }, () => interval);

describe('a whole histogram', () => {
  test.each<[title: string, intervals: BoundaryCounts[][], safeRate: number | undefined, expected: object]>([
    [
      'nothing is known before the first interval',
      [],
      undefined,
      { decision: 'undecided', reason: 'LittleTraffic', worstLe: undefined },
    ],
    [
      'a slow tail fails though most requests are as fast',
      times(3, SLOW_TAIL),
      undefined,
      { decision: 'fail', worstLe: '1.0' },
    ],
    [
      'equal ones do not pass while a boundary has seen nothing',
      times(100, EQUAL),
      undefined,
      { decision: 'undecided', reason: 'Unclear' },
    ],
    ['… but with a rate that is safe there', times(100, EQUAL), 0.01, { decision: 'pass', reason: 'Safe' }],
  ])('%s', (_title, intervals, safeRate, expected) => {
    expect(judge(intervals, safeRate).reading).toMatchObject(expected);
  });

  test('the evidence for failing is the mean over the boundaries, that for passing the least', () => {
    const alone = SLOW_TAIL.map(
      (counts) => takeInterval(newSequentialState({}), counts, SEQUENTIAL_DEFAULTS).reading,
    );
    const { eFail, ePass } = judge([SLOW_TAIL]).reading;
    expect(eFail).toBeCloseTo(alone.reduce((sum, reading) => sum + reading.eFail, 0) / alone.length, 6);
    expect(ePass).toBeCloseTo(Math.min(...alone.map((reading) => reading.ePass)), 6);
  });

  test('a boundary that an interval lacks learns nothing, and a new one is not used', () => {
    const [first = EQUAL[0]] = EQUAL;
    const before = judge([EQUAL]).state;
    const after = judge([EQUAL, first ? [first, ...slower({ '7': [1, 1] })] : []]).state;
    expect(after.map(({ le }) => le)).toEqual(['0.1', '0.5', '1.0']);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after[0]).not.toEqual(before[0]);
  });

  test('of many boundaries twelve are kept, from the first to the last, and the state stays small', () => {
    const many = slower(
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index + 1}s`, [3, 20]])),
    );
    const { state } = judge(times(50, many), 0.01);
    expect(state.map(({ le }) => le)).toEqual(
      [1, 5, 8, 12, 15, 19, 22, 26, 29, 33, 36, 40].map((second) => `${second}s`),
    );
    expect(JSON.stringify(state).length).toBeLessThan(7_000);
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});
