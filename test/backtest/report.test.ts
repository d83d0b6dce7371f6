import { describe, expect, test } from 'vitest';
import { htmlReport } from '../../src/backtest/html-report.ts';
import { jsonReport } from '../../src/backtest/json-report.ts';
import { backtest } from '../../src/backtest/report.ts';
import { textReport } from '../../src/backtest/text-report.ts';
import { metric, minute, type Past, sampledPast } from './past.ts';

/** Bad for the ten minutes from 100, and an incident from 300 to 330 in which it is bad from its fifth minute on. */
const past: Past = (at) => {
  const minuteOf = (at - minute(0)) / 60_000;
  if (minuteOf >= 100 && minuteOf < 110) return [minuteOf === 104 ? 0.5 : 0.9];
  if (minuteOf >= 305 && minuteOf < 330) return [0.2];
  return [0.99];
};
const incident = { from: minute(300), to: minute(330) };
const { plan, sampled } = sampledPast([{ metric: metric(), past }], { minutes: 600, incident });
const report = backtest(plan, sampled, { rate: 0.01 });
const style = { width: 80, bold: (text: string) => text, bad: (text: string) => text };

describe('a backtest', () => {
  test('counts the moments of the healthy time', () => {
    expect(report.moments).toBe(600);
    expect(report.metrics[0]?.outcomes).toEqual({
      Successful: 560,
      Failed: 10,
      Inconclusive: 0,
      NoData: 0,
      Error: 0,
    });
  });

  test('counts the analyses that would have failed, those that do not touch the incident', () => {
    // Starts at 0 to 597; of them 298 to 329 see something of the incident. Those from 98 to 109 fail.
    const { analyses, independent, verdicts } = report.healthy;
    expect([analyses, verdicts.Failed.count, verdicts.Successful.count]).toEqual([566, 12, 554]);
    // Two minutes each, without looking back.
    expect(independent).toBe(283);
    expect(verdicts.Failed.share).toBeCloseTo(12 / 566, 10);
  });

  test('tells the worst moments as episodes', () => {
    expect(report.episodes).toMatchObject([
      {
        metric: 'success-rate',
        outcome: 'Failed',
        from: minute(100),
        to: minute(109),
        moments: 10,
        worst: { at: minute(104), value: 0.5 },
      },
    ]);
  });

  test('suggests the threshold of the rate', () => {
    // 570 healthy moments: five may be bad, and the sixth lowest is 0.9.
    expect(report.metrics[0]?.thresholds).toMatchObject([
      {
        role: 'success',
        condition: 'value >= 0.95',
        threshold: 0.95,
        badShare: 10 / 570,
        suggested: 0.9,
        failedWithSuggested: { count: 3, of: 566 },
      },
    ]);
  });

  test('finds the incident', () => {
    expect(report.incident).toMatchObject({
      analyses: 30,
      failed: 27,
      stopped: 27,
      found: { at: minute(305), delayMs: 300_000, metric: 'success-rate' },
    });
  });

  test('misses an incident that it does not see', () => {
    const blind = sampledPast([{ metric: metric(), past: () => [0.99] }], { minutes: 600, incident });
    expect(backtest(blind.plan, blind.sampled, { rate: 0.01 }).incident).toMatchObject({
      failed: 0,
      found: undefined,
    });
  });

  test('leaves alone what looks back on the incident', () => {
    const looking = sampledPast([{ metric: metric({ query: 'rate(good[10m])' }), past }], {
      minutes: 600,
      incident,
    });
    const told = backtest(looking.plan, looking.sampled, { rate: 0.01 });
    expect(told.spanMs).toBe(12 * 60_000);
    expect(told.healthy.analyses).toBe(598 - (339 - 298 + 1));
  });

  test('says of which condition it knows no threshold', () => {
    const odd = sampledPast([{ metric: metric({ successCondition: 'value >= 0.9 and value <= 1' }), past }], {
      minutes: 600,
    });
    expect(backtest(odd.plan, odd.sampled, { rate: 0.01 }).metrics[0]?.thresholds[0]).toMatchObject({
      problem: expect.stringContaining('only a comparison'),
    });
  });
});

describe('what could not be asked for', () => {
  // Six hundred samples are two range queries: the second one is not answered.
  const fault = { from: minute(300), to: minute(599) };
  const some = sampledPast([{ metric: metric(), past: () => [1], fault }], { minutes: 600 });
  const told = backtest(some.plan, some.sampled, { rate: 0.01 });
  const message = 'success-rate could not be measured for value >= 0.95: it was refused';

  test('is told, and its moments are errors', () => {
    expect(told.unanswered).toEqual([
      {
        metric: 'success-rate',
        query: 'value',
        from: minute(300),
        to: minute(599),
        moments: 300,
        reason: 'BadQuery',
        message,
      },
    ]);
    expect(told.metrics[0]?.outcomes).toMatchObject({ Successful: 300, Error: 300 });
    expect(jsonReport('t', told, []).unanswered).toMatchObject([
      { from: '2026-03-01T05:00:00.000Z', to: '2026-03-01T09:59:00.000Z', moments: 300, reason: 'BadQuery' },
    ]);
    const line = `From 2026-03-01 05:00 to 09:59 success-rate could not be asked for, and 300 moments of it are taken for errors: BadQuery: ${message}`;
    expect(textReport('t', told, [], style).split('\n')).toContain(line);
    expect(htmlReport('t', told, [])).toContain('could not be asked for');
  });

  test('ends an analysis in an error when it meets too many of them', () => {
    // Three good ones are needed, and four errors in a row are tolerated: the fifth ends it.
    const { verdicts } = told.healthy;
    expect([verdicts.Successful.count, verdicts.Error.count, verdicts.Running.count]).toEqual([298, 298, 2]);
  });
});

test('a dry run is shown with its threshold, marked, and fails nothing', () => {
  const dry = metric({ name: 'dry', dryRun: true });
  const both = sampledPast(
    [
      { metric: dry, past },
      { metric: metric(), past: () => [1] },
    ],
    { minutes: 600 },
  );
  // A tenth may be bad, and fewer are: what is usual is left, and 12 and 27 analyses meet the bad moments.
  const told = backtest(both.plan, both.sampled, { rate: 0.1 });
  expect(told.healthy.verdicts.Successful).toMatchObject({ count: 598, of: 598 });
  expect(told.metrics).toMatchObject([
    {
      name: 'dry',
      dryRun: true,
      outcomes: { Failed: 35 },
      thresholds: [{ suggested: 0.99, failedWithSuggested: { count: 39, of: 598 } }],
    },
    { name: 'success-rate', dryRun: false },
  ]);
  const text = textReport('t', told, [], style);
  expect(text).toContain('dry (dry run: it decides nothing): value >= 0.95');
  expect(text).toContain(', dry (dry run): 25 moments Failed; worst at 2026-03-01 05:05: dry 0.2');
  expect(jsonReport('t', told, []).metrics.map(({ dryRun }) => dryRun)).toEqual([true, false]);
});

test('windows that are cut from other samples than the wanted ones are told', () => {
  const ranged = metric({ range: { window: '5m', step: '7s' }, successCondition: 'mean(value) > 0' });
  const finer = sampledPast([{ metric: ranged, past: () => [1] }], { minutes: 2 * 24 * 60 });
  const told = backtest(finer.plan, finer.sampled, { rate: 0.01 });
  expect(told.metrics[0]).toMatchObject({ exact: true, windowResolutionMs: 3_000 });
  expect(textReport('t', told, [], style)).toContain(
    'success-rate: the samples of its windows are finer than could be asked for; each is the newest of samples that are 3s apart.',
  );
});

test('a condition over several queries has no threshold of its own', () => {
  const several = sampledPast(
    [
      {
        metric: metric({ query: undefined, queries: { value: { query: 'a' }, other: { query: 'b' } } }),
        past: { value: () => [1], other: () => [1] },
      },
    ],
    { minutes: 60 },
  );
  expect(backtest(several.plan, several.sampled, { rate: 0.01 }).metrics[0]).toMatchObject({
    query: 'value: a\nother: b',
    outcomes: { Successful: 60 },
    thresholds: [{ problem: expect.stringContaining('only a comparison') }],
  });
});

describe('the report', () => {
  test('as text is no wider than the terminal in its plot', () => {
    const lines = textReport('Backtest of t', report, [], style).split('\n');
    const plot = lines.filter((line) => /[│┤]/.test(line));
    expect(plot).toHaveLength(6);
    expect(plot.map((line) => line.length)).toEqual(Array(6).fill(80));
    expect(plot.some((line) => line.includes('┄'))).toBe(true);
    expect(plot[0]).toMatch(/^ {5}0\.99 ┤/);
    expect(plot[5]).toMatch(/^ {6}0\.2 ┤/);
  });

  test('as JSON has the names that programs rely on', () => {
    const json = jsonReport('t', report, [{ name: 'm', reason: 'r' }]);
    expect(Object.keys(json)).toEqual([
      'formatVersion',
      'template',
      'from',
      'to',
      'stepMs',
      'moments',
      'rate',
      'analysis',
      'metrics',
      'skipped',
      'unanswered',
      'healthy',
      'episodes',
      'incident',
    ]);
    expect(json).toMatchObject({
      formatVersion: 1,
      from: '2026-03-01T00:00:00.000Z',
      healthy: { falseAlarms: { count: 12, of: 566 } },
      incident: { found: { at: '2026-03-01T05:05:00.000Z', delayMs: 300_000 } },
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  test('as a page has no script and escapes what it shows', () => {
    const hostile = '<script>alert("x")</script>';
    const odd = sampledPast([{ metric: metric({ query: `sum(a{b="${hostile}"})` }), past }], { minutes: 60 });
    const page = htmlReport(hostile, backtest(odd.plan, odd.sampled, { rate: 0.01 }), [hostile]);
    expect(page).not.toMatch(/<script/i);
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
    expect(page).toContain("default-src 'none'");
  });
});
