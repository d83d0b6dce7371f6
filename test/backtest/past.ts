import type { SampleValue } from '../../src/analysis/query-answer.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Score } from '../../src/api/judge-schemas.ts';
import { type Chunk, chunksOf } from '../../src/backtest/chunks.ts';
import { type BacktestPlan, type Period, planBacktest } from '../../src/backtest/plan.ts';
import type { AnsweredChunk } from '../../src/backtest/recall.ts';
import { judgeSamples, type SampledMetric } from '../../src/backtest/samples.ts';
import type { PlannedSeries } from '../../src/backtest/series.ts';

export const MINUTE_MS = 60_000;
/** A round instant to begin at. */
export const START = Date.parse('2026-03-01T00:00:00Z');

export const minute = (count: number) => START + count * MINUTE_MS;

/** What a metric was worth at an instant: the values of its series, none for no data. */
export type Past = (at: number) => SampleValue[];

/** A metric that is measured once a minute. */
export function metric(fields: Partial<Metric> = {}): Metric {
  return {
    name: 'success-rate',
    query: 'sum(good)',
    interval: '1m',
    count: 3,
    successCondition: 'value >= 0.95',
    ...fields,
  };
}

/** A past with these values, one a minute; the last one stays. */
export function minutes(...values: (SampleValue | undefined)[]): Past {
  return (at) => {
    const value = values[Math.min(values.length - 1, Math.floor((at - START) / MINUTE_MS))];
    return value === undefined ? [] : [value];
  };
}

/** A metric and what each of its queries would have answered: one past is that of all of them. */
export interface PastOf {
  metric: Metric;
  past: Past | Record<string, Past>;
  warnings?: string[];
  /** The range queries with a sample from here to there are not answered. */
  fault?: Period;
}

export const refused = {
  kind: 'fault',
  reason: 'BadQuery',
  message: 'it was refused',
  retryable: false,
} as const;

function answerTo(
  { name, resolutionMs }: PlannedSeries,
  { first, last }: Chunk,
  { past, warnings = [], fault }: PastOf,
): AnsweredChunk['answer'] {
  if (fault && first <= fault.to && last >= fault.from) return refused;
  const values = typeof past === 'function' ? past : past[name];
  const series = new Map<number, [number, SampleValue][]>();
  for (let at = first; at <= last; at += resolutionMs) {
    for (const [number, value] of (values?.(at) ?? []).entries()) {
      series.set(number, [...(series.get(number) ?? []), [at, value]]);
    }
  }
  const answered = [...series].map(([number, samples]) => ({ labels: { pod: `pod-${number}` }, samples }));
  return { kind: 'series', series: answered, warnings };
}

/** A plan over so many minutes, and the metrics as they would have been sampled. */
export function sampledPast(
  pasts: readonly PastOf[],
  options: { minutes: number; incident?: Period; stepMs?: number; maxDuration?: string; score?: Score },
): { plan: BacktestPlan; sampled: SampledMetric[] } {
  const { incident, stepMs = MINUTE_MS, maxDuration = '1h', score } = options;
  const planned = planBacktest(
    { metrics: pasts.map((each) => each.metric), args: [], maxDuration, ...(score && { score }) },
    { period: { from: START, to: minute(options.minutes) }, stepMs, namespace: 'shop', incident },
  );
  if (!planned.ok) throw new Error(planned.message);
  const { plan } = planned;
  const sampled = plan.metrics.map((each, index) => {
    const past = pasts[index];
    if (!past) throw new Error('every metric has a past');
    const chunks = new Map(
      each.series.map((series) => [
        series,
        chunksOf(series, plan.period.to).map((chunk) => ({ chunk, answer: answerTo(series, chunk, past) })),
      ]),
    );
    return judgeSamples(each, plan.period, chunks);
  });
  return { plan, sampled };
}
