import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SampleValue, Series } from '../../src/analysis/query-answer.ts';
import { type Chunk, chunksOf, halves } from '../../src/backtest/chunks.ts';
import { type AnsweredChunk, recallOf } from '../../src/backtest/recall.ts';
import { type PlannedSeries, planSeries } from '../../src/backtest/series.ts';
import { minute, refused, START } from './past.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR = { from: START, to: START + 60 * MINUTE_MS };

/** What the query is worth at an instant: the time itself, and now and then nothing. */
const valueAt = (at: number): SampleValue | undefined => (at % 11_000 === 0 ? undefined : at - START);

/** The samples from here to there, as Prometheus answers a range query. */
function samplesOf(first: number, last: number, stepMs: number): Series['samples'] {
  const samples: Series['samples'] = [];
  for (let at = first; at <= last; at += stepMs) {
    const value = valueAt(at);
    if (value !== undefined) samples.push([at, value]);
  }
  return samples;
}

const labels = { pod: 'a' };
const answerOf = (samples: Series['samples'], warnings: string[] = []): AnsweredChunk['answer'] => ({
  kind: 'series',
  series: samples.length > 0 ? [{ labels, samples }] : [],
  warnings,
});

function answered(series: PlannedSeries, chunks: readonly Chunk[]): AnsweredChunk[] {
  return chunks.map((chunk) => ({
    chunk,
    answer: answerOf(samplesOf(chunk.first, chunk.last, series.resolutionMs)),
  }));
}

const planned = (windowMs: number, stepMs: number, momentMs: number, period = HOUR) =>
  planSeries({ name: 'value', query: 'up', range: { windowMs, stepMs } }, period, momentMs);

describe('the samples of a range are', () => {
  test.each([
    ['its step, where that divides the distance of moments', [5 * MINUTE_MS, 15_000, MINUTE_MS], 15_000],
    ['what divides both', [5 * MINUTE_MS, 40_000, MINUTE_MS], 20_000],
    [
      'the moments, where its step is a multiple of them',
      [5 * MINUTE_MS, 2 * MINUTE_MS, MINUTE_MS],
      MINUTE_MS,
    ],
  ] as const)('%s', (_, [windowMs, stepMs, momentMs], resolutionMs) => {
    expect(planned(windowMs, stepMs, momentMs)).toMatchObject({
      first: START - windowMs,
      resolutionMs,
      exact: true,
    });
  });

  test('no more than may be asked for, and then the newest before each', () => {
    const week = { from: START, to: START + 7 * 24 * 60 * MINUTE_MS };
    const series = planned(MINUTE_MS, 7 * SECOND_MS, MINUTE_MS, week);
    // One a second would be needed; one in ten is what six full queries of a week and a minute come near to.
    expect(series).toMatchObject({ resolutionMs: 10 * SECOND_MS, exact: false });
    const recall = recallOf(series, answered(series, chunksOf(series, HOUR.to)));
    const at = minute(10);
    const wanted = [0, 7, 14, 21, 28, 35, 42, 49, 56].map((seconds) => at - MINUTE_MS + seconds * SECOND_MS);
    expect(recall(at)).toEqual(
      answerOf(
        wanted.map((time) => Math.floor(time / 10_000) * 10_000).flatMap((time) => samplesOf(time, time, 1)),
      ),
    );
  });
});

test('a window that is cut is what a range query at that moment answers, however the past was asked for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_200 }),
      fc.integer({ min: 1, max: 100 }),
      fc.constantFrom(10, 30, 60, 90),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
      (windowSeconds, stepSeconds, momentSeconds, cuts, picks) => {
        const [windowMs, stepMs, momentMs] = [windowSeconds, stepSeconds, momentSeconds].map(
          (seconds) => seconds * SECOND_MS,
        ) as [number, number, number];
        const series = planned(windowMs, stepMs, momentMs);
        const chunks = chunksOf(series, HOUR.to);
        for (const cut of cuts) {
          const index = cut % chunks.length;
          const chunk = chunks[index];
          const both = chunk && halves(chunk, series.resolutionMs);
          // The later half comes first, as answers may.
          if (both) chunks.splice(index, 1, both[1], both[0]);
        }
        const recall = recallOf(series, answered(series, chunks));
        const moments = Math.ceil((HOUR.to - HOUR.from) / momentMs);
        for (const pick of picks) {
          const at = START + (pick % moments) * momentMs;
          expect(recall(at)).toEqual(answerOf(samplesOf(at - windowMs, at, stepMs)));
        }
      },
    ),
  );
});

describe('a window over two range queries', () => {
  const series = planned(2 * MINUTE_MS, MINUTE_MS, MINUTE_MS);
  const before = { first: START - 2 * MINUTE_MS, last: minute(9) };
  const after = { first: minute(10), last: minute(59) };
  const good = (chunk: Chunk, warnings: string[] = []) => ({
    chunk,
    answer: answerOf(samplesOf(chunk.first, chunk.last, MINUTE_MS), warnings),
  });

  test('has the warnings of both', () => {
    const recall = recallOf(series, [good(before, ['first']), good(after, ['second'])]);
    const warningsAt = (count: number) => {
      const answer = recall(minute(count));
      return answer.kind === 'series' ? answer.warnings : undefined;
    };
    expect([9, 10, 11, 12].map(warningsAt)).toEqual([
      ['first'],
      ['first', 'second'],
      ['first', 'second'],
      ['second'],
    ]);
  });

  test('is the fault of either', () => {
    const recall = recallOf(series, [{ chunk: before, answer: refused }, good(after)]);
    expect([9, 10, 11, 12].map((count) => recall(minute(count)).kind)).toEqual([
      'fault',
      'fault',
      'fault',
      'series',
    ]);
  });

  test('has those series only that have a sample in it', () => {
    const late = { labels: { pod: 'b' }, samples: samplesOf(minute(30), minute(30), 1) };
    const first = good(after).answer;
    const both = { ...first, series: [...('series' in first ? first.series : []), late] };
    const recall = recallOf(series, [
      good(before),
      { chunk: after, answer: both as AnsweredChunk['answer'] },
    ]);
    const seriesAt = (count: number) => {
      const answer = recall(minute(count));
      return answer.kind === 'series' ? answer.series.length : undefined;
    };
    expect([29, 30, 32, 33].map(seriesAt)).toEqual([1, 2, 2, 1]);
  });
});
