import { describe, expect, test } from 'vitest';
import { countHistogram } from '../../src/analysis/histogram-counts.ts';
import type { Series } from '../../src/analysis/query-answer.ts';
import { type ArmSeries, countInterval } from '../../src/analysis/sequential-counts.ts';
import { counter } from './counters.ts';

const INTERVAL = { from: 20_000, to: 50_000 };
const ok = (values: number[], firstMs?: number) => counter({ code: '200' }, values, firstMs);
const failed = (values: number[], firstMs?: number) => counter({ code: '500' }, values, firstMs);
const STABLE: ArmSeries = { total: [ok([0, 0, 1_000, 1_900])], events: [failed([0, 0, 7, 16])] };
const STABLE_COUNT = { events: 9, total: 900 };

describe('the counts of an interval', () => {
  test.each<[title: string, canary: ArmSeries, events: number, total: number]>([
    [
      'events among requests',
      { total: [ok([0, 0, 50, 150]), failed([0, 0, 1, 4])], events: [failed([0, 0, 1, 4])] },
      3,
      103,
    ],
    ['good among requests', { total: [ok([0, 0, 50, 150])], good: [ok([0, 0, 50, 146])] }, 4, 100],
    [
      'a series of errors is born with its first error',
      { total: [ok([0, 0, 50, 150]), failed([2, 3], 30_000)], events: [failed([2, 3], 30_000)] },
      3,
      103,
    ],
    ['there is no error at all', { total: [ok([0, 0, 50, 150])], events: [] }, 0, 100],
    ['everything is bad', { total: [failed([0, 0, 50, 150])], good: [] }, 100, 100],
    [
      'a version that is seen for the first time is counted from there',
      { total: [ok([10, 50, 90], 30_000)], events: [failed([4, 5, 5], 30_000)] },
      1,
      80,
    ],
    ['a version without requests', { total: [ok([3, 3, 3, 3])], events: [] }, 0, 0],
  ])('%s', (_title, canary, events, total) => {
    expect(countInterval({ canary, stable: STABLE }, INTERVAL)).toEqual({
      kind: 'counts',
      counts: { canary: { events, total }, stable: STABLE_COUNT },
      clamped: [],
    });
  });

  test.each<[title: string, canary: ArmSeries, events: number, clamped: string]>([
    [
      'more events than requests',
      { total: [ok([0, 0, 0, 5])], events: [failed([0, 0, 0, 8])] },
      5,
      'the canary version counted 8 events among 5 requests; taken as 5 events',
    ],
    [
      'more good requests than requests',
      { total: [ok([0, 0, 0, 5])], good: [ok([0, 0, 0, 8])] },
      0,
      'the canary version counted 8 good requests among 5 requests; taken as 0 events',
    ],
  ])('%s are kept within bounds, and said', (_title, canary, events, clamped) => {
    expect(countInterval({ canary, stable: STABLE }, INTERVAL)).toEqual({
      kind: 'counts',
      counts: { canary: { events, total: 5 }, stable: STABLE_COUNT },
      clamped: [clamped],
    });
  });

  test.each<[title: string, canary: ArmSeries, expected: object]>([
    [
      'no series',
      { total: [], events: [] },
      {
        kind: 'noData',
        reason: 'NoSeries',
        message: 'the canary version has no series of requests; does the query select its pods?',
      },
    ],
    [
      'series that have ended',
      { total: [ok([1, 2, 3])], events: [] },
      {
        kind: 'noData',
        reason: 'NoSamples',
        message: 'the canary version has no sample in the interval; are its pods scraped?',
      },
    ],
    [
      'a broken total',
      { total: [counter({}, [1, 1, 1, 'NaN'])], events: [] },
      {
        kind: 'trouble',
        reason: 'NotANumber',
        message: 'the sample at 1970-01-01T00:00:30.000Z of {} is NaN, which no counter can be',
      },
    ],
    [
      'broken events',
      { total: [ok([1, 1, 1, 5])], events: [counter({}, [1, 1, 1, -1])] },
      {
        kind: 'trouble',
        reason: 'NegativeCounter',
        message: 'the sample at 1970-01-01T00:00:30.000Z of {} is -1, which no counter can be',
      },
    ],
  ])('%s: no counts, and the arm that has none', (_title, canary, expected) => {
    expect(countInterval({ canary, stable: STABLE }, INTERVAL)).toEqual({ arm: 'canary', ...expected });
    expect(countInterval({ canary: STABLE, stable: canary }, INTERVAL)).toMatchObject({ arm: 'stable' });
  });
});

describe('the counts of a histogram', () => {
  const buckets = (increases: Record<string, number>): Series[] =>
    Object.entries(increases).map(([le, increase]) => counter({ le, pod: 'a' }, [0, 0, 7, 7 + increase]));
  const stable = buckets({ '0.1': 500, '0.5': 890, '+Inf': 900 });

  test('are the requests slower than each common boundary, the fastest first', () => {
    const canary = buckets({ '+Inf': 100, '0.50': 97, '.1': 40, '2.5': 100 });
    expect(countHistogram({ canary, stable }, INTERVAL)).toEqual({
      kind: 'counts',
      boundaries: [
        { le: '0.1', canary: { events: 60, total: 100 }, stable: { events: 400, total: 900 } },
        { le: '0.5', canary: { events: 3, total: 100 }, stable: { events: 10, total: 900 } },
      ],
      clamped: [],
    });
  });

  test.each<[title: string, canary: Series[], expected: object]>([
    ['no series', [], { kind: 'noData', reason: 'NoSeries', arm: 'canary' }],
    ['no bucket for all', buckets({ '0.1': 5 }), { kind: 'noData', reason: 'NoSeries', arm: 'canary' }],
    ['other boundaries', buckets({ '0.2': 5, '+Inf': 5 }), { kind: 'trouble', reason: 'NoCommonBoundary' }],
    [
      'no le',
      [counter({ pod: 'a' }, [0, 0, 0, 1])],
      { kind: 'trouble', reason: 'NotABucket', arm: 'canary' },
    ],
  ])('%s: none', (_title, canary, expected) => {
    expect(countHistogram({ canary, stable }, INTERVAL)).toMatchObject(expected);
  });

  test('a bucket with more requests than there were is said with its boundary', () => {
    const canary = buckets({ '0.1': 7, '0.5': 5, '+Inf': 5 });
    expect(countHistogram({ canary, stable }, INTERVAL)).toMatchObject({
      clamped: ['le="0.1": the canary version counted 7 good requests among 5 requests; taken as 0 events'],
    });
  });
});
