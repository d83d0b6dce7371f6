import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assessAll } from '../../src/analysis/measure.ts';
import { askedOf } from '../../src/analysis/questions.ts';
import { resolveMetrics } from '../../src/analysis/resolve-metric.ts';
import { intervalStart, rawRange } from '../../src/analysis/sequential-metric.ts';
import type { SequentialProgress } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { jsonReport } from '../../src/backtest/json-report.ts';
import { planBacktest } from '../../src/backtest/plan.ts';
import { judgeSamples, sampleAt } from '../../src/backtest/samples.ts';
import { askForSamples } from '../../src/cli/backtest-query.ts';
import { systemClock } from '../../src/clock.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { assay } from './assay-command.ts';
import { type PastPrometheus, startPastPrometheus, timeText, WEEK } from './past-prometheus.ts';

const MINUTE_MS = 60_000;
const SHOP = 'namespace="shop",pod=~"{{canary.pods}}"';
const REQUESTS = `sum(increase(http_requests_total{${SHOP}}[5m]))`;
const once = { interval: '1m', count: 1 };

/** One metric of each form. */
const forms: Metric[] = [
  {
    ...once,
    name: 'error-rate',
    queries: {
      errors: { query: `sum(increase(http_requests_total{${SHOP},code="500"}[5m])) > 0`, whenEmpty: 0 },
      requests: { query: REQUESTS },
    },
    // Of the hour from three o'clock on nobody knows anything.
    minimum: { query: `${REQUESTS} * (hour() != bool 3)`, value: 1_000 },
    successCondition: 'errors / requests <= 0.05',
  },
  {
    ...once,
    name: 'slowness',
    query: `max(request_seconds_max{${SHOP}})`,
    range: { window: '10m', step: '1m' },
    successCondition: 'mean(value) < 0.5',
  },
  {
    ...once,
    name: 'uneven-slowness',
    query: `max(request_seconds_max{${SHOP}}) + time() % 7`,
    range: { window: '{{window}}', step: '40s' },
    maxWindow: '7m',
    successCondition: 'max(value) - min(value) < 6.5',
  },
  {
    ...once,
    name: 'compared',
    mannWhitney: {
      canary: `max(request_seconds_max{${SHOP}}) + 0.01 * (time() % 420) / 60`,
      stable: '0.1 + 0.01 * vector((time() + 60) % 420) / 60',
      direction: 'increase',
    },
    range: { window: '20m', step: '1m' },
  },
];

let prometheus: PastPrometheus;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'assay-forms-'));
  prometheus = await startPastPrometheus();
});
afterAll(async () => {
  await prometheus?.close();
  await rm(dir, { recursive: true, force: true });
});

async function write(name: string, spec: Record<string, unknown>): Promise<string> {
  const file = join(dir, `${name}.json`);
  const object = { apiVersion: 'assay.dev/v1alpha1', kind: 'AnalysisTemplate', metadata: { name }, spec };
  await writeFile(file, JSON.stringify(object));
  return file;
}

async function backtest(...flags: string[]) {
  const before = prometheus.queries();
  const ended = await assay([
    'backtest',
    ...['--prometheus', prometheus.url, '--namespace', 'shop', '--canary-pods', 'shop-7d4b9c-.*'],
    ...['--from', timeText(WEEK.from), '--to', timeText(WEEK.to), '-o', 'json'],
    ...flags,
  ]);
  if (ended.code !== 0) throw new Error(ended.stderr);
  const report: ReturnType<typeof jsonReport> = JSON.parse(ended.stdout);
  return { report, queries: prometheus.queries() - before };
}

test.each(forms.map((metric) => [metric.name, metric] as const))(
  '%s comes to what the controller would have measured then',
  async (_, metric) => {
    const pods = { hash: '7d4b9c', pods: 'shop-7d4b9c-.*' };
    const spec = { metrics: [metric], args: [], target: { canary: pods } };
    const period = { from: WEEK.from * 1_000, to: WEEK.to * 1_000 };
    const planned = planBacktest(spec, { period, stepMs: MINUTE_MS, namespace: 'shop' });
    if (!planned.ok) throw new Error(planned.message);
    const { plan } = planned;
    const [only] = plan.metrics;
    if (!only) throw new Error('the metric is planned');
    expect(only.series.every(({ exact }) => exact)).toBe(true);
    const config = { address: prometheus.url, timeoutMs: 30_000, evaluationDelayMs: 0 };
    const source = prometheusSource({ ...config, maxSamples: 1_000_000 }, systemClock);
    const { signal } = new AbortController();
    const asked = await askForSamples(plan.metrics, period, {
      source,
      clock: systemClock,
      signal,
      onProgress: () => {},
    });
    if (!asked.ok) throw new Error(asked.message);
    const sampled = judgeSamples(only, period, asked.value.chunks);

    // Every seven hours, and each minute of what is about to begin and to end.
    const moments = Array.from({ length: 24 }, (_, index) => WEEK.from + index * 7 * 3_600);
    for (const { from, to } of [WEEK.errors, WEEK.slowness, WEEK.incident]) {
      for (const edge of [from, from + 600, to]) {
        for (let minute = -3; minute <= 12; minute += 3) moments.push(edge + minute * 60);
      }
    }
    const windowMs = 7 * MINUTE_MS;
    const questions = askedOf(
      only.metric.questions,
      { args: [], namespace: 'shop', target: spec.target, windowMs },
      '',
    );
    const outcomes = new Set<string>();
    for (const at of moments.map((seconds) => seconds * 1_000)) {
      const answers = await Promise.all(
        (questions ?? []).map(async ({ name, ...question }) => ({
          name,
          answer: await source({ ...question, evaluateAt: at }, signal),
        })),
      );
      const assessment = assessAll(only.metric, answers);
      outcomes.add(assessment.outcome);
      expect({ at: timeText(at / 1_000), ...sampleAt(sampled, at)?.assessment }).toEqual({
        at: timeText(at / 1_000),
        ...assessment,
      });
    }
    expect(outcomes).toContain('Failed');
    expect(outcomes).toContain('Successful');
  },
);

describe('a template that nests another one', () => {
  test('is replayed with it, and what is a dry run decides nothing', async () => {
    const folder = await mkdtemp(join(dir, 'folder-'));
    const [errors, slowness, , compared] = forms;
    const kind = { apiVersion: 'assay.dev/v1alpha1', kind: 'AnalysisTemplate' };
    const top = { metrics: [errors, { ...compared, dryRun: true }], templates: [{ name: 'nested' }] };
    const texts = [
      { ...kind, metadata: { name: 'top' }, spec: top },
      { ...kind, metadata: { name: 'nested' }, spec: { metrics: [slowness] } },
    ];
    await writeFile(join(folder, 'all.yaml'), texts.map((each) => JSON.stringify(each)).join('\n---\n'));

    const { report, queries } = await backtest('-f', folder);
    // Six queries of ten parts each.
    expect(queries).toBe(60);
    const [errorRate, dry, slow] = report.metrics;
    // Without an hour a day; from the 2nd to the 33rd minute a window has too many errors, and so has the incident
    // from its 11th minute on to the 4th after it.
    expect(errorRate).toMatchObject({
      name: 'error-rate',
      outcomes: { NoData: 7 * 60, Failed: 32 + 54, Error: 0, Inconclusive: 0 },
    });
    expect(dry).toMatchObject({ name: 'compared', dryRun: true, thresholds: [] });
    // How many of the 21 samples must be slow is the test's affair; the moments themselves are compared above.
    expect(dry?.outcomes.Failed).toBe(22);
    // Of eleven samples five are slow from the 5th minute to the 36th.
    expect(slow).toMatchObject({
      name: 'slowness',
      lookbackMs: 10 * MINUTE_MS,
      windowResolutionMs: null,
      outcomes: { Successful: 10_080 - 32, Failed: 32 },
    });
    const { falseAlarms, verdicts } = report.healthy;
    expect([falseAlarms.count, verdicts.NoData.count]).toEqual([32 + 54 + 32, 7 * 60]);
  });
});

describe('a sequential test of one half of the pods against the other', () => {
  const arms = (counter: string) => ({
    canary: `${counter}{namespace="shop",pod=~"{{canary.pods}}"}`,
    stable: `${counter}{namespace="shop",pod=~"{{stable.pods}}"}`,
  });
  const metric: Metric = {
    name: 'failed-orders',
    interval: '1m',
    sequential: { events: arms('orders_failed_total'), total: arms('orders_total') },
  };
  const period = { from: WEEK.from * 1_000, to: WEEK.to * 1_000 };
  const target = {
    canary: { hash: '', pods: 'shop-7d4b9c-0' },
    stable: { hash: '', pods: 'shop-7d4b9c-1' },
  };

  test('finds the time in which one half was worse, and nothing else', async () => {
    const file = await write('orders', { metrics: [metric] });
    const pods = ['--canary-pods', 'shop-7d4b9c-0', '--stable-pods', 'shop-7d4b9c-1'];
    const sick = `${timeText(WEEK.sickPod.from)}/${timeText(WEEK.sickPod.to)}`;
    const startedAt = performance.now();
    const { report, queries } = await backtest('-f', file, ...pods, '--incident', sick);
    console.log(
      `a week of a sequential test: ${queries} queries, ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
    );
    // Four queries of ten parts each.
    expect(queries).toBe(40);
    const { falseAlarms, verdicts, analyses } = report.healthy;
    expect([falseAlarms.count, verdicts.Successful.count]).toEqual([0, analyses]);
    expect(report.incident).toMatchObject({
      found: { metric: 'failed-orders', message: expect.stringMatching(/a regression beyond 1\.25 times/) },
    });
    expect(report.incident?.found?.delayMs).toBeLessThanOrEqual(10 * MINUTE_MS);
    expect(report.metrics[0]?.thresholds).toMatchObject([
      { role: 'sequential', threshold: 1.25, suggested: 1.1 },
    ]);
  });

  test('comes to what the controller would have said, look by look', async () => {
    const planned = planBacktest(
      { metrics: [metric], args: [], target },
      { period, stepMs: MINUTE_MS, namespace: 'shop' },
    );
    if (!planned.ok) throw new Error(planned.message);
    const [only] = planned.plan.metrics;
    const [resolved] = resolveMetrics({ metrics: [metric], args: [], target });
    if (!only || !resolved) throw new Error('the metric is planned');
    const config = { address: prometheus.url, timeoutMs: 30_000, evaluationDelayMs: 0 };
    const source = prometheusSource({ ...config, maxSamples: 1_000_000 }, systemClock);
    const { signal } = new AbortController();
    const deps = { source, clock: systemClock, signal, onProgress: () => {} };
    const asked = await askForSamples(planned.plan.metrics, period, deps);
    if (!asked.ok) throw new Error(asked.message);
    const sampled = judgeSamples(only, period, asked.value.chunks);

    const outcomes = new Set<string>();
    for (const start of [-10, -3, 0, 7, 22, 29].map((minute) => (WEEK.sickPod.from + minute * 60) * 1_000)) {
      let state: SequentialProgress | undefined;
      let decided: { minute: number; outcome: string; value: string | undefined } | undefined;
      for (let minute = 1; minute < 60 && !decided; minute++) {
        const evaluateAt = start + minute * MINUTE_MS;
        const since = intervalStart(state, evaluateAt, start);
        const context = { args: [], namespace: 'shop', target };
        const questions = askedOf(resolved.questions, context, rawRange(since, evaluateAt)) ?? [];
        const answers = await Promise.all(
          questions.map(async ({ name, ...question }) => ({
            name,
            answer: await source({ ...question, evaluateAt }, signal),
          })),
        );
        const { outcome, value, ...assessed } = assessAll(resolved, answers, { since, state });
        state = assessed.state ?? state;
        if (outcome === 'Failed' || outcome === 'Successful') decided = { minute, outcome, value };
      }
      const look = sampled.tests?.looksFrom(start).at(-1);
      expect({
        minute: look?.slot,
        outcome: look?.assessment.outcome,
        value: look?.assessment.value,
      }).toEqual(decided);
      if (decided) outcomes.add(decided.outcome);
    }
    expect([...outcomes].toSorted()).toEqual(['Failed', 'Successful']);
  });
});

test('what Prometheus refuses for a part of the week is told, and the rest is judged', async () => {
  // Two pods are slow at once in one hour only, and then there are two samples for one.
  const file = await write('partly', {
    metrics: [
      {
        ...once,
        name: 'partly',
        query: 'sum(request_seconds_max) + on () (request_seconds_max > 0.5)',
        successCondition: 'value > 0',
        noData: 'Pass',
        consecutiveErrorLimit: 0,
      },
    ],
  });
  const { report, queries } = await backtest('-f', file);
  expect(queries).toBe(10);
  expect(report.metrics[0]?.outcomes).toEqual({
    Successful: 0,
    Failed: 0,
    Inconclusive: 0,
    NoData: 10_080 - 1_008,
    Error: 1_008,
  });
  expect(report.unanswered).toMatchObject([
    {
      metric: 'partly',
      from: timeText(WEEK.from + 4 * 1_008 * 60),
      to: timeText(WEEK.from + (5 * 1_008 - 1) * 60),
      moments: 1_008,
      reason: 'BadQuery',
      message: expect.stringMatching(/many-to-many|duplicate series/),
    },
  ]);
  expect(report.healthy.verdicts.Error.count).toBe(1_008);
});
