import { describe, expect, test } from 'vitest';
import type { Metric } from '../../src/api/analysis-template.ts';
import { replayRun } from '../../src/backtest/replay.ts';
import { metric, minute, minutes, type Past, type PastOf, sampledPast } from './past.ts';

/** The verdict of the analysis that starts at minute 0, and the minute of it. */
function verdictOf(pasts: PastOf[], length = 200) {
  const { plan, sampled } = sampledPast(pasts, { minutes: length });
  const { verdict, endedAt, metric: by } = replayRun(sampled, minute(0), plan);
  return [verdict, (endedAt - minute(0)) / 60_000, by];
}

const one = (fields: Partial<Metric>, ...values: Parameters<typeof minutes>) =>
  verdictOf([{ metric: metric(fields), past: minutes(...values) }]);

describe('an analysis that starts now would have', () => {
  test.each([
    ['passed', {}, [1, 1, 1], ['Successful', 2, undefined]],
    ['failed at the first failure', {}, [1, 0.9, 1], ['Failed', 1, 'success-rate']],
    [
      'passed in spite of a failure that is tolerated',
      { failureLimit: 1 },
      [1, 0.9, 1],
      ['Successful', 2, undefined],
    ],
    ['failed by two', { failureLimit: 1 }, [0.9, 1, 0.9], ['Failed', 2, 'success-rate']],
    [
      'failed by two in a row',
      { count: 5, failureLimit: -1, consecutiveFailureLimit: 1 },
      [1, 0.9, 1, 0.9, 0.9],
      ['Failed', 4, 'success-rate'],
    ],
    [
      'paused between the conditions',
      { failureCondition: 'value < 0.5' },
      [1, 0.9],
      ['Inconclusive', 1, 'success-rate'],
    ],
    ['had no data', {}, [1, undefined], ['NoData', 1, 'success-rate']],
    ['had no data but NaN', {}, ['NaN'], ['NoData', 0, 'success-rate']],
    ['failed for want of data', { noData: 'Fail' }, [1, undefined], ['Failed', 1, 'success-rate']],
    ['passed without data', { noData: 'Pass' }, [undefined], ['Successful', 2, undefined]],
    ['waited for data', { noData: 'Wait' }, [undefined, undefined, 1, 1, 1], ['Successful', 4, undefined]],
    ['waited for data in vain', { noData: 'Wait' }, [1, undefined], ['NoData', 60, 'success-rate']],
    ['begun after its delay', { initialDelay: '2m' }, [0, 0, 1, 1, 1], ['Successful', 4, undefined]],
    [
      'stopped at a streak',
      { count: 10, consecutiveSuccessLimit: 2 },
      [1, 1, 0],
      ['Successful', 1, undefined],
    ],
    ['gone on without an end', { count: undefined }, [1], ['Running', 60, undefined]],
    ['failed without an end', { count: undefined }, [1, 1, 1, 1, 0], ['Failed', 4, 'success-rate']],
  ] as [string, Partial<Metric>, Parameters<typeof minutes>, unknown[]][])(
    '%s',
    (_, fields, values, expected) => {
      expect(one(fields, ...values)).toEqual(expected);
    },
  );

  test('ended in an error, when the query answers several series', () => {
    const past: Past = () => [1, 1];
    expect(verdictOf([{ metric: metric({ consecutiveErrorLimit: 1 }), past }])).toEqual([
      'Error',
      1,
      'success-rate',
    ]);
  });

  test('not passed on an answer that may be incomplete', () => {
    expect(verdictOf([{ metric: metric(), past: minutes(1), warnings: ['a store is down'] }])).toEqual([
      'Inconclusive',
      0,
      'success-rate',
    ]);
  });

  test('failed by the first of its metrics that fails', () => {
    const pasts = [
      { metric: metric(), past: minutes(1, 1, 0) },
      { metric: metric({ name: 'latency', successCondition: 'value < 0.3' }), past: minutes(0.1, 0.4) },
    ];
    expect(verdictOf(pasts)).toEqual(['Failed', 1, 'latency']);
  });

  test('not ended when the data end', () => {
    expect(verdictOf([{ metric: metric({ noData: 'Wait' }), past: minutes(undefined) }], 30)).toEqual([
      'Running',
      30,
      undefined,
    ]);
  });
});

describe('a metric of several queries', () => {
  const fields = {
    query: undefined,
    queries: { errors: { query: 'sum(bad)', whenEmpty: 0 }, requests: { query: 'sum(all)' } },
    successCondition: 'errors / requests < 0.05',
  };
  const verdict = (past: Record<string, Past>, more: Partial<Metric> = {}) =>
    verdictOf([{ metric: metric({ ...fields, ...more }), past }]);

  test.each([
    ['joins its queries by moment', [1, 1, 9], [100, 100, 100], ['Failed', 2, 'success-rate']],
    ['passes', [1, 1, 4], [100, 100, 100], ['Successful', 2, undefined]],
    ['takes nothing for what whenEmpty says', [undefined], [100], ['Successful', 2, undefined]],
    ['has no data without a query that says nothing', [1], [100, undefined], ['NoData', 1, 'success-rate']],
  ] as [string, Parameters<typeof minutes>, Parameters<typeof minutes>, unknown[]][])(
    '%s',
    (_, errors, requests, expected) => {
      expect(verdict({ errors: minutes(...errors), requests: minutes(...requests) })).toEqual(expected);
    },
  );

  test.each([
    ['has no data below its minimum', [9], ['NoData', 0, 'success-rate']],
    ['waits for its minimum', [9, 9, 10], ['Successful', 4, undefined], { noData: 'Wait' }],
    ['has no data without any traffic', [undefined], ['NoData', 0, 'success-rate']],
    ['is judged with its minimum', [10], ['Successful', 2, undefined]],
  ] as [string, Parameters<typeof minutes>, unknown[], Partial<Metric>?][])(
    '%s',
    (_, observed, expected, more = {}) => {
      const minimum = { query: 'sum(all)', value: '10' };
      const past = { errors: minutes(0), requests: minutes(10), minimum: minutes(...observed) };
      expect(verdict(past, { minimum, ...more })).toEqual(expected);
    },
  );
});

test('a single query with a minimum keeps its value, and no threshold is chosen by what was too little', () => {
  const { sampled } = sampledPast(
    [
      {
        metric: metric({ minimum: { query: 'sum(all)', value: '10' } }),
        past: { value: minutes(0.5, 1), minimum: minutes(9, 10) },
      },
    ],
    { minutes: 10 },
  );
  expect(sampled[0]?.judged.slice(0, 2)).toMatchObject([
    { value: 0.5, assessment: { outcome: 'Inconclusive', reason: 'BelowMinimum', hasData: false } },
    { value: 1, assessment: { outcome: 'Successful', hasData: true } },
  ]);
});

describe('a metric of a range', () => {
  const ranged = metric({
    range: { window: '5m', step: '1m' },
    successCondition: 'mean(value) < 3',
    count: 1,
  });

  test('is judged by the samples of its window', () => {
    // Of six samples, five minutes and both ends, so many are 6 and the others 0: the third is one too many.
    const past: Past = (at) => [at >= minute(10) ? 6 : 0];
    const { plan, sampled } = sampledPast([{ metric: ranged, past }], { minutes: 60 });
    expect(plan).toMatchObject({ lengthMs: 0, spanMs: 300_000 });
    const verdicts = [11, 12, 13].map((count) => replayRun(sampled, minute(count), plan).verdict);
    expect(verdicts).toEqual(['Successful', 'Failed', 'Failed']);
    expect(sampled[0]?.judged[12]?.assessment).toMatchObject({ value: '[0, 0, 0, 6, 6, 6]', samples: 6 });
  });

  test('has no data where its window is empty', () => {
    const past: Past = (at) => (at < minute(10) ? [1] : []);
    const { sampled } = sampledPast([{ metric: ranged, past }], { minutes: 60 });
    expect([14, 15].map((count) => sampled[0]?.judged[count]?.assessment.hasData)).toEqual([true, false]);
  });

  test('may look back on {{window}}', () => {
    const { plan } = sampledPast(
      [
        {
          metric: { ...ranged, maxWindow: '2m', range: { window: '{{window}}', step: '30s' } },
          past: () => [1],
        },
      ],
      { minutes: 60 },
    );
    expect(plan.metrics[0]).toMatchObject({
      lookbackMs: 120_000,
      series: [{ first: minute(-2), resolutionMs: 30_000, range: { windowMs: 120_000, stepMs: 30_000 } }],
    });
  });

  test('is refused when its windows are too much to judge', () => {
    const week = 7 * 24 * 60;
    const huge = { ...ranged, range: { window: '6d', step: '1m' } };
    expect(() => sampledPast([{ metric: huge, past: () => [1] }], { minutes: week })).toThrow(
      'the windows of success-rate have 87 million samples in all, and at most 50 million can be judged: make --step longer, or the period shorter',
    );
  });
});

test('a Mann-Whitney test compares the windows of both versions', () => {
  const compared: Metric = {
    name: 'latency',
    mannWhitney: { canary: 'canary', stable: 'stable', direction: 'increase' },
    range: { window: '20m', step: '1m' },
  };
  const wave = (at: number) => ((at - minute(0)) / 60_000) % 7;
  const past = {
    canary: (at: number) => [wave(at) + (at >= minute(100) ? 20 : 0)],
    stable: (at: number) => [wave(at)],
  };
  const { plan, sampled } = sampledPast([{ metric: compared, past }], { minutes: 200 });
  expect([50, 150].map((count) => replayRun(sampled, minute(count), plan).verdict)).toEqual([
    'Successful',
    'Failed',
  ]);
  expect(sampled[0]?.judged[150]?.assessment).toMatchObject({ hasData: true, samples: 42 });
});

test('metrics with a group come to one score', () => {
  const grouped = (name: string, group: string): Metric => ({
    name,
    mannWhitney: { canary: 'canary', stable: 'stable', direction: 'increase', group },
    range: { window: '20m', step: '1m' },
  });
  const wave = (at: number) => ((at - minute(0)) / 60_000) % 7;
  const past = (worseFrom: number) => ({
    canary: (at: number) => [wave(at) + (at >= minute(worseFrom) ? 20 : 0)],
    stable: (at: number) => [wave(at)],
  });
  const pasts = [
    { metric: grouped('errors', 'errors'), past: past(150) },
    { metric: grouped('latency', 'latency'), past: past(100) },
  ];
  const { plan, sampled } = sampledPast(pasts, {
    minutes: 250,
    score: {
      pass: 90,
      marginal: 50,
      groups: [
        { name: 'errors', weight: 60 },
        { name: 'latency', weight: 40 },
      ],
    },
  });
  const replayed = [50, 130, 200].map((count) => replayRun(sampled, minute(count), plan));
  expect(replayed.map(({ verdict, metric: by }) => [verdict, by])).toEqual([
    ['Successful', undefined],
    ['Inconclusive', 'score'],
    ['Failed', 'errors'],
  ]);
  expect(replayed[1]?.message).toContain('score 60 is marginal (pass 90, marginal 50)');
});

describe('a dry run', () => {
  const dry = metric({ name: 'dry', dryRun: true, count: 30, query: 'rate(a[10m])' });

  test('is measured and decides nothing', () => {
    const { plan, sampled } = sampledPast(
      [
        { metric: dry, past: minutes(0) },
        { metric: metric(), past: minutes(1) },
      ],
      { minutes: 60 },
    );
    expect(replayRun(sampled, minute(0), plan)).toMatchObject({ verdict: 'Successful', endedAt: minute(2) });
    expect(sampled[0]?.judged[0]?.assessment.outcome).toBe('Failed');
    // Nobody waits for it, and its data are no evidence.
    expect(plan).toMatchObject({ lengthMs: 120_000, spanMs: 120_000 });
  });

  test('without an end keeps no analysis running', () => {
    const pasts = [
      { metric: { ...dry, count: undefined }, past: minutes(1) },
      { metric: metric(), past: minutes(1) },
    ];
    expect(verdictOf(pasts)).toEqual(['Successful', 2, undefined]);
  });
});

describe('samples', () => {
  test('are as fine as the interval of a metric', () => {
    const { plan, sampled } = sampledPast([{ metric: metric({ interval: '10s' }), past: minutes(1) }], {
      minutes: 60,
    });
    expect(plan.metrics[0]).toMatchObject({ resolutionMs: 10_000, exact: true });
    expect(sampled[0]?.judged).toHaveLength(360);
    expect(plan.lengthMs).toBe(20_000);
  });

  test('divide both step and interval', () => {
    const { plan } = sampledPast([{ metric: metric({ interval: '90s' }), past: minutes(1) }], {
      minutes: 60,
    });
    expect(plan.metrics[0]?.resolutionMs).toBe(30_000);
  });

  test('are no more than six full queries, and then the newest before a measurement counts', () => {
    const week = 7 * 24 * 60;
    const past: Past = (at) => [at % 60_000 >= 45_000 ? 0 : 1];
    const { plan, sampled } = sampledPast([{ metric: metric({ interval: '7s' }), past }], { minutes: week });
    expect(plan.metrics[0]).toMatchObject({ resolutionMs: 10_000, exact: false });
    // Measured at 0, 7 and 14 s by the samples of 0, 0 and 10 s.
    expect(replayRun(sampled, minute(5), plan)).toMatchObject({
      verdict: 'Successful',
      endedAt: minute(5) + 14_000,
    });
  });
});
