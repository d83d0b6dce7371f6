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
  length = 600,
) {
  const { plan } = sampledPast([{ metric: metric(), past: minutes(1) }], { minutes: length });
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
  const faults = told.ok
    ? [...told.value.chunks.values()].flat().filter(({ answer }) => answer.kind === 'fault').length
    : 0;
  const chunks = told.ok ? [...told.value.chunks.values()].flat() : [];
  const samples = chunks.reduce((sum, { chunk }) => sum + (chunk.last - chunk.first) / 60_000 + 1, 0);
  return { told, asked, progress, samples, faults };
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

test.each([
  ['no later try would help', fault('BadQuery', false), 2],
  ['three tries did not help', fault('ServerError', true), 4],
])('a part is a fault when %s, and the rest is asked for all the same', async (_, trouble, queries) => {
  const { told, samples, faults } = await ask(({ evaluateAt }) =>
    evaluateAt < START + 300 * 60_000 ? trouble : empty,
  );
  expect(told).toMatchObject({ ok: true, value: { queries } });
  expect([samples, faults]).toEqual([600, 1]);
});

test('does not halve on when one sample alone is too much', async () => {
  // The first one: its part is halved to 150, 75, 38, 19, 10, 5, 3, 2 and 1; the other halves are good.
  const { told, asked, samples, faults } = await ask((query) =>
    query.evaluateAt - (query.range?.windowMs ?? 0) === START ? fault('TooLarge', false) : empty,
  );
  expect(told).toMatchObject({ ok: true });
  expect([samples, faults]).toEqual([600, 1]);
  expect(asked).toHaveLength(2 + 2 * 9);
  const hopeless = await ask(() => fault('TooLarge', false));
  expect(hopeless.asked.length).toBeLessThan(40);
});

test('waits but once for a server that does not answer', async () => {
  const waitedFor: number[] = [];
  const { told } = await ask(
    (_, number) => {
      waitedFor.push(number);
      return fault('Unreachable', true);
    },
    undefined,
    6_000,
  );
  // Three parts are under way at once and tried three times each; the other seven are tried once.
  expect(told).toMatchObject({ ok: false });
  expect(waitedFor).toHaveLength(3 * 3 + 7);
});

test('a metric that cannot be measured at all ends it only when no other decides', async () => {
  const past = () => [1];
  const metrics = [metric(), metric({ name: 'latency', query: 'latency' })];
  const told = async (dryRun: boolean) => {
    const pasts = metrics.map((each, index) => ({
      metric: { ...each, ...(index === 1 && dryRun && { dryRun }) },
      past,
    }));
    const { plan } = sampledPast(pasts, { minutes: 60 });
    return askForSamples(plan.metrics, plan.period, {
      clock: virtualClock(START),
      signal: new AbortController().signal,
      source: async ({ query }) => (query === 'latency' ? empty : fault('BadQuery', false)),
      onProgress: () => {},
    });
  };
  expect(await told(false)).toMatchObject({ ok: true });
  expect(await told(true)).toEqual({
    ok: false,
    message: 'success-rate cannot be measured over the past: it said BadQuery',
  });
});

test('stops when it is told to', async () => {
  const stop = new AbortController();
  const { told, asked } = await ask(() => {
    stop.abort();
    return fault('Cancelled', false);
  }, stop.signal);
  expect(told).toEqual({ ok: false, message: 'stopped before all samples were there' });
  expect(asked.length).toBeLessThanOrEqual(2);
});

test('takes an instant for no answer', async () => {
  const { told } = await ask(() => ({ kind: 'samples', values: [1], warnings: [] }));
  expect(told).toMatchObject({
    ok: false,
    message: expect.stringContaining('answered a range query with an instant'),
  });
});
