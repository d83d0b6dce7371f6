import { newResult, recordMeasurement } from '../../src/analysis/judge.ts';
import { assess } from '../../src/analysis/measure.ts';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { ResolvedMetric } from '../../src/analysis/resolve-metric.ts';
import type { Measurement, MetricResult } from '../../src/api/analysis-run.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { START } from './examples.ts';

/** Answers in one letter: success, failure, inconclusive, error, no data. */
export const ANSWERS = {
  S: { kind: 'samples', values: [0.99], warnings: [] },
  F: { kind: 'samples', values: [0.5], warnings: [] },
  I: { kind: 'samples', values: [0.92], warnings: [] },
  E: { kind: 'fault', reason: 'Timeout', message: 'no answer in 10s', retryable: true },
  N: { kind: 'samples', values: [], warnings: [] },
} as const satisfies Record<string, QueryAnswer>;

/** One answer, judged and about to be recorded. */
export function measurementOf(metric: ResolvedMetric, answer: QueryAnswer, sequence: number) {
  const { hasData, ...judged } = assess(metric, answer);
  const time = formatTime(START);
  const measurement: Measurement = { ...judged, sequence, startedAt: time, finishedAt: time };
  return { measurement, hasData };
}

/** The result of a metric after these answers. */
export function recordAll(metric: ResolvedMetric, letters: string): MetricResult {
  return [...letters].reduce((result, letter) => {
    const answer = ANSWERS[letter as keyof typeof ANSWERS];
    const { measurement, hasData } = measurementOf(metric, answer, result.nextSequence);
    return recordMeasurement(result, metric, measurement, hasData);
  }, newResult(metric));
}
