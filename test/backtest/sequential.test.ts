import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assessAll } from '../../src/analysis/measure.ts';
import type { QueryAnswer, Series } from '../../src/analysis/query-answer.ts';
import { resolveMetrics } from '../../src/analysis/resolve-metric.ts';
import { intervalStart } from '../../src/analysis/sequential-metric.ts';
import type { SequentialProgress } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { chunksOf } from '../../src/backtest/chunks.ts';
import { type BacktestPlan, type Period, planBacktest } from '../../src/backtest/plan.ts';
import type { AnsweredChunk } from '../../src/backtest/recall.ts';
import { replayRun } from '../../src/backtest/replay.ts';
import { backtest } from '../../src/backtest/report.ts';
import { judgeSamples, type SampledMetric } from '../../src/backtest/samples.ts';
import { thresholdText } from '../../src/backtest/words.ts';
import { metric as conditionMetric, MINUTE_MS, minute, refused, START } from './past.ts';

/** What one pod counted, minute by minute; undefined where it has no sample. */
type Pod = (number | undefined)[];
/** By the names of the queries: `canary.total` and so on; of a histogram, the boundary is the key of a pod. */
type Counters = Record<string, Record<string, Pod>>;

const metric: Metric = {
  name: 'errors',
  interval: '1m',
  sequential: { events: { canary: 'a', stable: 'b' }, total: { canary: 'c', stable: 'd' } },
};

/** Counters that grow by so much a minute, so many minutes long. */
const growing = (length: number, ...perMinute: number[]): Pod => {
  let count = 0;
  return Array.from({ length }, (_, index) => {
    count += perMinute[Math.min(index, perMinute.length - 1)] ?? 0;
    return count;
  });
};

function seriesOf(pods: Record<string, Pod> = {}, between: Period): Series[] {
  return Object.entries(pods).flatMap(([key, pod]) => {
    const samples = pod.flatMap((count, index): [number, number][] => {
      const at = minute(index);
      return count === undefined || at < between.from || at > between.to ? [] : [[at, count]];
    });
    const [le = '', name = ''] = key.split('@');
    const labels = name === '' ? { pod: key } : { le, pod: name };
    return samples.length > 0 ? [{ labels, samples }] : [];
  });
}

interface Facts {
  metric?: Metric;
  counters: Counters;
  minutes: number;
  maxDuration?: string;
  stepMs?: number;
  warnings?: string[];
  fault?: Period;
}

function past(facts: Facts): { plan: BacktestPlan; sampled: SampledMetric[] } {
  const { counters, minutes, maxDuration = '30m', stepMs = MINUTE_MS, warnings = [], fault } = facts;
  const planned = planBacktest(
    { metrics: [facts.metric ?? metric], args: [], maxDuration },
    { period: { from: START, to: minute(minutes) }, stepMs, namespace: 'shop' },
  );
  if (!planned.ok) throw new Error(planned.message);
  const { plan } = planned;
  const sampled = plan.metrics.map((each) => {
    const chunks = new Map(
      each.series.map((series) => [
        series,
        chunksOf(series, plan.period.to).map((chunk): AnsweredChunk => {
          if (fault && chunk.first <= fault.to && chunk.last >= fault.from) return { chunk, answer: refused };
          const between = { from: chunk.first, to: chunk.last };
          return {
            chunk,
            answer: { kind: 'series', series: seriesOf(counters[series.name], between), warnings },
          };
        }),
      ]),
    );
    return judgeSamples(each, plan.period, chunks);
  });
  return { plan, sampled };
}

/** The verdict of the analysis that starts at a minute, when it came, and why. */
function verdictOf(facts: Facts, startMinute = 0) {
  const { plan, sampled } = past(facts);
  const { verdict, endedAt, message } = replayRun(sampled, minute(startMinute), plan);
  return { verdict, minutes: (endedAt - minute(startMinute)) / MINUTE_MS, message };
}

const length = 60;
const healthy: Counters = {
  'canary.events': { c1: growing(length, 10) },
  'canary.total': { c1: growing(length, 1_000) },
  'stable.events': { s1: growing(length, 90) },
  'stable.total': { s1: growing(length, 9_000) },
};
const sick = { ...healthy, 'canary.events': { c1: growing(length, 100) } };

describe('a sequential test of the past', () => {
  test('passes a healthy version as soon as the evidence is there', () => {
    const { verdict, minutes, message } = verdictOf({ counters: healthy, minutes: length });
    expect([verdict, minutes]).toEqual(['Successful', 6]);
    expect(message).toMatch(
      /the canary is safe: of 6000 requests of the canary 0\.01 were events.*after 6 measurements$/,
    );
  });

  test('fails a sick one', () => {
    const { verdict, minutes, message } = verdictOf({ counters: sick, minutes: length });
    expect([verdict, minutes]).toEqual(['Failed', 1]);
    expect(message).toMatch(/a regression beyond 1\.25 times the stable rate/);
  });

  test('is undecided for as long as a run may take', () => {
    const counters = { ...healthy, 'canary.events': { c1: growing(length, 13) } };
    expect(verdictOf({ counters, minutes: length, maxDuration: '5m' })).toMatchObject({
      verdict: 'Inconclusive',
      minutes: 5,
      message: expect.stringMatching(
        /undecided: .*; 4 of any number measured, .* not finished within maxDuration 5m/,
      ),
    });
  });

  test('ends undecided at its count', () => {
    const counters = { ...healthy, 'canary.events': { c1: growing(length, 13) } };
    const counted = { ...metric, count: 3 };
    expect(verdictOf({ metric: counted, counters, minutes: length })).toMatchObject({
      verdict: 'Inconclusive',
      minutes: 3,
      message: expect.stringMatching(/after 3 measurements, count 3, undecided$/),
    });
  });

  test('has no data without the series of a version', () => {
    const { 'stable.total': _, ...counters } = healthy;
    expect(verdictOf({ counters, minutes: length })).toMatchObject({
      verdict: 'NoData',
      minutes: 30,
      message: expect.stringMatching(/the stable version has no series of requests/),
    });
  });

  test('learns nothing from an answer that may be incomplete', () => {
    const facts = { counters: sick, minutes: length, warnings: ['a store is down'] };
    expect(verdictOf(facts)).toMatchObject({
      verdict: 'NoData',
      message: expect.stringMatching(/a store is down/),
    });
  });

  test('counts on from a restart of a pod', () => {
    const restarted: Pod = [...growing(30, 1_000), ...growing(30, 1_000)];
    const again = { ...healthy, 'canary.total': { c1: restarted } };
    expect(verdictOf({ counters: again, minutes: length }, 26).minutes).toBe(
      verdictOf({ counters: healthy, minutes: length }, 26).minutes,
    );
  });

  test('joins an interval of which nothing is known to the next one', () => {
    const hole = (pod: Pod): Pod => pod.map((each, index) => (index >= 2 && index <= 4 ? undefined : each));
    const counters = Object.fromEntries(
      Object.entries(healthy).map(([name, pods]) => [name, { pod: hole(Object.values(pods)[0] ?? []) }]),
    );
    expect(verdictOf({ counters, minutes: length })).toMatchObject({ verdict: 'Successful', minutes: 6 });
  });

  test('is in error where it could not be asked for', () => {
    const { plan, sampled } = past({
      counters: healthy,
      minutes: length,
      fault: { from: minute(0), to: minute(length) },
    });
    expect(replayRun(sampled, minute(0), plan)).toMatchObject({ verdict: 'Error', endedAt: minute(5) });
    const report = backtest(plan, sampled, { rate: 0.01 });
    expect(report.metrics[0]?.outcomes.Error).toBeGreaterThan(0);
    expect(report.unanswered[0]).toMatchObject({
      metric: 'errors',
      query: 'canary.events',
      reason: 'BadQuery',
    });
  });

  test('tests a histogram at each boundary', () => {
    const metric: Metric = {
      name: 'latency',
      interval: '1m',
      sequential: { histogram: { canary: 'a', stable: 'b' }, safeRate: 0.05 },
    };
    const buckets = (times: number, slow: number) => ({
      '0.1@p': growing(length, 60 * times),
      '0.5@p': growing(length, (100 - slow) * times),
      '+Inf@p': growing(length, 100 * times),
    });
    const histogram = (slow: number): Counters => ({
      'canary.histogram': buckets(10, slow),
      'stable.histogram': buckets(90, 1),
    });
    expect(verdictOf({ metric, counters: histogram(1), minutes: length }).verdict).toBe('Successful');
    expect(verdictOf({ metric, counters: histogram(8), minutes: length })).toMatchObject({
      verdict: 'Failed',
      message: expect.stringMatching(/slower than 0\.5/),
    });
  });

  test('tells each moment by the test that begins there', () => {
    const counters = {
      ...healthy,
      'canary.events': { c1: growing(length, ...Array<number>(30).fill(10), 200) },
    };
    const { plan, sampled } = past({ counters, minutes: length, maxDuration: '10m' });
    const report = backtest(plan, sampled, { rate: 0.01 });
    expect(report.healthy.analyses).toBe(50);
    expect(report.healthy.verdicts.Failed.count).toBeGreaterThan(20);
    expect(report.metrics[0]).toMatchObject({
      condition: 'the sequential test (ratio 1.25, safe ratio 1.5, alpha 0.01)',
      outcomes: { Successful: 24, Error: 0 },
    });
    expect(report.episodes[0]).toMatchObject({ metric: 'errors', outcome: 'Failed', from: minute(24) });
  });

  test('tells the ratio by which a chosen share of the tests would have failed', () => {
    // Between its pods there is a difference of 60 %, which no release made.
    const counters = { ...healthy, 'canary.events': { c1: growing(length, 16) } };
    const { plan, sampled } = past({ counters, minutes: length });
    const [told] = backtest(plan, sampled, { rate: 0.01 }).metrics;
    expect(told?.points[0]?.value).toBeCloseTo(1.6, 9);
    expect(told?.thresholds).toMatchObject([
      { role: 'sequential', threshold: 1.25, badShare: 1, suggested: 1.5 },
    ]);
    const [threshold] = told?.thresholds ?? [];
    expect(threshold && thresholdText(threshold, 0.01)).toMatch(
      /^ratio: 100 % of the healthy tests fail by 1\.25; at most 1 % would with a ratio of 1\.5; of analyses of this metric alone 0 of 30 /,
    );
  });

  test('is one of several metrics of an analysis', () => {
    const { plan, sampled } = past({ counters: healthy, minutes: length });
    const spec = { metrics: [conditionMetric({ name: 'slow', successCondition: 'value < 1' })], args: [] };
    const other = planBacktest(spec, { period: plan.period, stepMs: MINUTE_MS, namespace: 'shop' });
    if (!other.ok) throw new Error(other.message);
    const [condition] = other.plan.metrics;
    const [series] = condition?.series ?? [];
    if (!condition || !series) throw new Error('the metric is planned');
    const slowFrom = minute(5);
    const samples = growing(length, 1).map((_, index): [number, number] => [
      minute(index),
      minute(index) < slowFrom ? 0 : 1,
    ]);
    const answered = chunksOf(series, plan.period.to).map(
      (chunk): AnsweredChunk => ({
        chunk,
        answer: { kind: 'series', series: [{ labels: {}, samples }], warnings: [] },
      }),
    );
    const both = [...sampled, judgeSamples(condition, plan.period, new Map([[series, answered]]))];
    expect(replayRun(both, minute(0), plan)).toMatchObject({ verdict: 'Successful', endedAt: minute(6) });
    expect(replayRun(both, minute(4), plan)).toMatchObject({
      verdict: 'Failed',
      metric: 'slow',
      endedAt: minute(5),
    });
  });
});

/** What the controller would have said at its first decision, where it scrapes at the very moments of the samples. */
function measuredAlong(counters: Counters, fields: Metric, startMinute: number, lastMinute: number) {
  const [resolved] = resolveMetrics({ metrics: [fields], args: [] });
  if (!resolved) throw new Error('a metric was given');
  let state: SequentialProgress | undefined;
  for (let at = startMinute + 1; at <= lastMinute; at++) {
    const since = intervalStart(state, minute(at), minute(startMinute));
    const between = { from: since - 5 * MINUTE_MS, to: minute(at) };
    const answers = resolved.questions.map(({ name }) => {
      const answer: QueryAnswer = { kind: 'series', series: seriesOf(counters[name], between), warnings: [] };
      return { name, answer };
    });
    const assessed = assessAll(resolved, answers, { since, state });
    state = assessed.state ?? state;
    if (assessed.outcome === 'Failed' || assessed.outcome === 'Successful') {
      return { at, outcome: assessed.outcome, value: assessed.value };
    }
  }
  return undefined;
}

test('property: the replayed test decides as the controller would have, at the same look, with the same evidence', () => {
  const minutes = 25;
  const perMinute = (max: number) => fc.array(fc.nat(max), { minLength: minutes, maxLength: minutes });
  const arm = fc.record({ total: perMinute(400), bad: perMinute(6), restartAt: fc.nat(2 * minutes) });
  fc.assert(
    fc.property(arm, arm, fc.nat(10), fc.constantFrom(undefined, 0.05), (canary, stable, start, safeRate) => {
      const counted = (perMinute: number[], restartAt: number): Pod => {
        let count = 0;
        return perMinute.map((more, index) => {
          count = index === restartAt ? more : count + more;
          return count;
        });
      };
      const counters: Counters = {};
      for (const [name, { total, bad, restartAt }] of Object.entries({ canary, stable })) {
        counters[`${name}.total`] = {
          p: counted(
            total.map((each, at) => each + (bad[at] ?? 0)),
            restartAt,
          ),
        };
        counters[`${name}.events`] = { p: counted(bad, restartAt) };
      }
      const fields = { ...metric, sequential: { ...metric.sequential, safeRate } } as Metric;
      const { sampled } = past({ metric: fields, counters, minutes, maxDuration: '24m' });
      const [look] = sampled[0]?.tests?.looksFrom(minute(start)).slice(-1) ?? [];
      const expected = measuredAlong(counters, fields, start, Math.min(start + 23, minutes - 1));
      const { outcome, value } = look?.assessment ?? {};
      const isDecided = outcome === 'Failed' || outcome === 'Successful';
      expect(isDecided ? { at: start + (look?.slot ?? 0), outcome, value } : undefined).toEqual(expected);
    }),
    { numRuns: 25 },
  );
});
