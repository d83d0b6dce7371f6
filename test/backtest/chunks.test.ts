import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asksTooMuch, chunkQuery, chunksOf, halves } from '../../src/backtest/chunks.ts';
import { lookbackMs } from '../../src/backtest/lookback.ts';
import { metric, minute, minutes, sampledPast } from './past.ts';

const WEEK_MS = 7 * 24 * 3_600_000;

describe('the range queries of a period', () => {
  test.each([
    ['a week, one a minute', WEEK_MS, 60_000, 10],
    ['a week, one every ten seconds', WEEK_MS, 10_000, 10],
    ['a week, one a second', WEEK_MS, 1_000, 55],
    ['an hour, one a minute', 3_600_000, 60_000, 1],
  ])('%s', (_, periodMs, resolutionMs, count) => {
    expect(chunksOf({ first: 0, resolutionMs }, periodMs)).toHaveLength(count);
  });

  test('cover each sample once, with no more points than Prometheus answers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400_000 }),
        fc.constantFrom(1_000, 7_000, 60_000),
        (points, resolutionMs) => {
          const chunks = chunksOf({ first: 0, resolutionMs }, points * resolutionMs);
          const sizes = chunks.map(({ first, last }) => (last - first) / resolutionMs + 1);
          expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(points);
          expect(Math.max(...sizes)).toBeLessThanOrEqual(11_000);
          for (const [index, { first }] of chunks.entries()) {
            expect(first).toBe(index === 0 ? 0 : (chunks[index - 1]?.last ?? 0) + resolutionMs);
          }
        },
      ),
    );
  });

  test('are asked for up to and with their last sample', () => {
    const [planned] = sampledPast([{ metric: metric(), past: minutes(1) }], { minutes: 10 }).plan.metrics;
    const [series] = planned?.series ?? [];
    if (!series) throw new Error('the metric is planned');
    expect(chunkQuery(series, { first: minute(0), last: minute(9) })).toEqual({
      query: 'sum(good)',
      evaluateAt: minute(9),
      range: { windowMs: 540_000, stepMs: 60_000 },
    });
  });

  test.each([
    [
      { first: 0, last: 9_000 },
      [
        { first: 0, last: 4_000 },
        { first: 5_000, last: 9_000 },
      ],
    ],
    [
      { first: 0, last: 1_000 },
      [
        { first: 0, last: 0 },
        { first: 1_000, last: 1_000 },
      ],
    ],
    [{ first: 3_000, last: 3_000 }, undefined],
  ])('in halves: %j', (chunk, both) => {
    expect(halves(chunk, 1_000)).toEqual(both);
  });

  test.each([
    ['Timeout', 'it did not answer', true],
    ['TooLarge', 'it answered more than 10 bytes', true],
    ['BadQuery', 'query processing would load too many samples into memory', true],
    ['BadQuery', 'parse error', false],
    ['Unauthorized', 'no', false],
  ])('%s (%s) is too much: %s', (reason, message, expected) => {
    expect(asksTooMuch({ kind: 'fault', reason, message, retryable: false })).toBe(expected);
  });
});

test.each([
  ['up', 0],
  ['sum(rate(a[5m]))', 300_000],
  ['rate(a[1h30m]) / rate(b[ 90s ])', 5_400_000],
  ['max_over_time(rate(a[1m])[1d:5m])', 86_400_000],
])('%s looks back on %i ms', (query, expected) => {
  expect(lookbackMs(query)).toBe(expected);
});
