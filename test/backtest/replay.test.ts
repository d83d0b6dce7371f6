import { describe, expect, test } from 'vitest';
import type { Metric } from '../../src/api/analysis-template.ts';
import { replayRun } from '../../src/backtest/replay.ts';
import { metric, minute, minutes, type Past, sampledPast } from './past.ts';

/** The verdict of the analysis that starts at minute 0, and the minute of it. */
function verdictOf(pasts: { metric: Metric; past: Past; warnings?: string[] }[], length = 200) {
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
