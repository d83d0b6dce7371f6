import { expect, test } from 'vitest';
import type { MetricQuery, QueryAnswer } from '../../src/analysis/query-answer.ts';
import { askForSamples } from '../../src/cli/backtest-query.ts';
import { metric, minutes, START, sampledPast } from '../backtest/past.ts';
import { virtualClock } from '../world/clock.ts';

const fault = (reason: string, retryable: boolean): QueryAnswer => ({
  kind: 'fault',
  reason,
  message: `it said ${reason}`,
  retryable,
});
const empty: QueryAnswer = { kind: 'series', series: [], warnings: [] };
const points = ({ range }: MetricQuery) => (range ? range.windowMs / range.stepMs + 1 : 0);

/** Asks a server that answers like this for 600 samples of one metric; time passes as fast as it is waited for. */
async function ask(
  answer: (query: MetricQuery, number: number) => QueryAnswer,
  signal = new AbortController().signal,
) {
  const { plan } = sampledPast([{ metric: metric(), past: minutes(1) }], { minutes: 600 });
  const clock = virtualClock(START);
  const asked: number[] = [];
  const progress: [number, number][] = [];
  let isOver = false;
  const outcome = askForSamples(plan.metrics, plan.period, {
    clock,
    signal,
    source: async (query) => {
      asked.push(points(query));
      return answer(query, asked.length);
    },
    onProgress: (done, all) => progress.push([done, all]),
  }).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(1_000);
  const told = await outcome;
  const chunks = told.ok ? [...told.value.chunks.values()].flat() : [];
  const samples = chunks.reduce((sum, { chunk }) => sum + (chunk.last - chunk.first) / 60_000 + 1, 0);
  return { told, asked, progress, samples };
}

test('asks for all samples, a few at a time', async () => {
  const { told, asked, progress, samples } = await ask(() => empty);
  expect(told).toMatchObject({ ok: true, value: { queries: 2 } });
  expect([asked, samples]).toEqual([[300, 300], 600]);
  expect(progress).toEqual([
    [1, 2],
    [2, 2],
  ]);
});

test('asks for halves of what is too much', async () => {
  const { told, samples, progress } = await ask((query) =>
    points(query) > 100 ? fault('TooLarge', false) : empty,
  );
  // Each of both is halved to 150 and to 75.
  expect(told).toMatchObject({ ok: true, value: { queries: 2 * (1 + 2 + 4) } });
  expect(samples).toBe(600);
  expect(progress.at(-1)).toEqual([14, 14]);
});

test('asks again for what may be answered later', async () => {
  const { told, samples } = await ask((_, number) => (number <= 2 ? fault('ServerError', true) : empty));
  expect(told).toMatchObject({ ok: true, value: { queries: 4 } });
  expect(samples).toBe(600);
});

test('gives up what is not answered the third time', async () => {
  const { told, asked } = await ask(() => fault('ServerError', true));
  expect(told).toEqual({
    ok: false,
    message: 'success-rate cannot be measured over the past: it said ServerError',
  });
  expect(asked).toHaveLength(6);
});

test('gives up at once what would not be answered later either, or is too much for one sample', async () => {
  expect((await ask(() => fault('BadQuery', false))).asked).toHaveLength(2);
  const tooMuch = await ask(() => fault('TooLarge', false));
  expect(tooMuch.told).toMatchObject({ ok: false });
});

test('takes an instant for no answer', async () => {
  const { told } = await ask(() => ({ kind: 'samples', values: [1], warnings: [] }));
  expect(told).toMatchObject({
    ok: false,
    message: expect.stringContaining('answered a range query with an instant'),
  });
});
