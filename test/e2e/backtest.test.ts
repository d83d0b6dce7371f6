import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { jsonReport } from '../../src/backtest/json-report.ts';
import { assay, documented, type Ended } from './assay-command.ts';
import { type PastPrometheus, startPastPrometheus, timeText, WEEK } from './past-prometheus.ts';
import { markupFaults } from './well-formed.ts';

const MINUTE_MS = 60_000;
const example = fileURLToPath(new URL('../../examples/backtest/template.yaml', import.meta.url));
const minutesAfter = (seconds: number, minutes: number) => timeText(seconds + minutes * 60);

let prometheus: PastPrometheus;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-backtest-'));
  prometheus = await startPastPrometheus();
});
afterAll(async () => {
  await prometheus?.close();
  await rm(dir, { recursive: true, force: true });
});

function backtest(file: string, ...more: string[]): Promise<Ended> {
  return assay([
    'backtest',
    ...['-f', file, '--prometheus', prometheus.url, '--namespace', 'shop', '--canary-pods', 'shop-7d4b9c-.*'],
    ...['--from', timeText(WEEK.from), '--to', timeText(WEEK.to)],
    ...more,
  ]);
}

describe('a week of three metrics', () => {
  let ended: Ended;
  let queries: number;
  let tookMs: number;
  let page: string;
  let report: ReturnType<typeof jsonReport>;
  beforeAll(async () => {
    const before = prometheus.queries();
    const startedAt = performance.now();
    const html = join(dir, 'report.html');
    const incident = `${timeText(WEEK.incident.from)}/${timeText(WEEK.incident.to)}`;
    ended = await backtest(example, '--incident', incident, '--html', html, '-o', 'json');
    tookMs = performance.now() - startedAt;
    queries = prometheus.queries() - before;
    report = JSON.parse(ended.stdout);
    page = await readFile(html, 'utf8');
  });

  test('takes at most 60 queries and 20 s', () => {
    console.log(`a week of three metrics: ${queries} queries, ${(tookMs / 1_000).toFixed(1)} s`);
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(`^${queries} range queries in`) });
    expect(queries).toBeLessThanOrEqual(60);
    expect(tookMs).toBeLessThan(20_000);
  });

  test('counts the moments of the healthy time, one by one', () => {
    // Of 10,080 minutes 60 lie in the incident, and the windows of 5 minutes look back on it for as long.
    const outcomes = report.metrics.map(({ name, outcomes: { Successful, Failed, NoData } }) => [
      name,
      Successful,
      Failed,
      NoData,
    ]);
    expect(report.moments).toBe(10_080);
    expect(outcomes).toEqual([
      // A window of 9 increments has more than 5 % errors with 3 of them bad: from the 2nd minute to the 33rd.
      ['success-rate', 10_015 - 32, 32, 0],
      // The newest sample is a quarter of a minute old: 30 minutes, one minute late.
      ['slowest-answer', 10_020 - 30, 30, 0],
      ['traffic', 10_015, 0, 0],
    ]);
  });

  test('counts the analyses that would have failed', () => {
    // Three measurements, one a minute: those that start 2 minutes before a bad moment fail as well.
    const { analyses, independent, falseAlarms, verdicts } = report.healthy;
    expect([analyses, independent]).toEqual([10_078 - 67, Math.floor(10_011 / 7)]);
    expect(falseAlarms.count).toBe(34 + 32);
    expect(verdicts.Successful.count).toBe(10_011 - 66);
    expect([verdicts.Inconclusive.count, verdicts.NoData.count, verdicts.Error.count]).toEqual([0, 0, 0]);
    // 66 of 10,011 is worth 9.43 of 1,430.
    expect(falseAlarms.share).toBeCloseTo(0.00659, 5);
    expect(falseAlarms.low).toBeCloseTo(0.0031, 3);
    expect(falseAlarms.high).toBeCloseTo(0.0122, 3);
  });

  test('tells both bad half-hours, and nothing else', () => {
    expect(report.episodes).toMatchObject([
      {
        metric: 'success-rate',
        from: minutesAfter(WEEK.errors.from, 2),
        to: minutesAfter(WEEK.errors.from, 33),
        moments: 32,
        worst: {
          value: expect.closeTo(0.8, 9),
          message: expect.stringContaining('does not satisfy value >= 0.95'),
        },
      },
      {
        metric: 'slowest-answer',
        from: minutesAfter(WEEK.slowness.from, 1),
        to: minutesAfter(WEEK.slowness.from, 30),
        moments: 30,
        worst: { value: 1 },
      },
    ]);
    expect(report.episodes).toHaveLength(2);
  });

  test('finds the incident when its errors come', () => {
    expect(report.incident).toMatchObject({
      found: { at: minutesAfter(WEEK.incident.from, 11), delayMs: 11 * MINUTE_MS, metric: 'success-rate' },
      paused: null,
      analyses: 60,
      failed: 51,
    });
  });

  test('suggests thresholds', () => {
    const suggested = report.metrics.flatMap(({ thresholds }) => thresholds);
    // The bad ones are fewer than 1 %: nothing but what is usual is left.
    expect(suggested).toMatchObject([
      { condition: 'value >= 0.95', argument: 'threshold', threshold: 0.95, suggested: 1 },
      { condition: 'value < 0.5', argument: null, suggested: 0.1001 },
      { condition: 'value > 10 and value < 1e6', problem: expect.stringContaining('only a comparison') },
    ]);
  });

  test('writes a page that is well-formed and has no script', () => {
    expect(page).not.toMatch(/<script|javascript:|\son\w+=/i);
    expect(page).not.toMatch(/(?:src|href)=/);
    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page.match(/<table>/g)).toHaveLength(5);
    expect(markupFaults(page)).toEqual([]);
  });
});

describe('what cannot be done ends with 3 and says why', () => {
  const template = async (metric: Record<string, unknown>): Promise<string> => {
    const file = join(dir, 'template.json');
    const object = {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 't' },
      spec: { metrics: [{ name: 'm', query: 'vector(1)', successCondition: 'value > 0', ...metric }] },
    };
    await writeFile(file, JSON.stringify(object));
    return file;
  };

  test.each([
    [
      'a query that means another instant in the past',
      { query: 'http_requests_total @ end()' },
      [],
      /nothing of the template t can be backtested:\n {2}m: .*@ end\(\)/,
    ],
    [
      'a query that Prometheus refuses',
      { query: 'http_requests_total / ignoring(code) http_requests_total' },
      [],
      /m cannot be measured over the past: .*many-to-many/,
    ],
    ['a time that is none', {}, ['--from', 'yesterday'], /--from yesterday is neither a time/],
    [
      'an incident outside of the period',
      {},
      ['--incident', '2024-01-01/2024-01-02'],
      /the incident is not within the period/,
    ],
    ['a step that is none', {}, ['--step', 'often'], /give a duration/],
    ['too fine a step', {}, ['--step', '1s'], /604800 moments/],
  ] as const)('%s', async (_, metric, flags, message) => {
    expect(await backtest(await template(metric), ...flags)).toEqual({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });
});

test('docs/backtest.md shows what comes out', async () => {
  const { code, stdout, shown } = await documented('backtest.md', prometheus.url);
  expect(code).toBe(0);
  expect(shown).toHaveLength(1);
  expect(stdout).toContain(shown[0]);
});
