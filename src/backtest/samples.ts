import type { Assessment } from '../analysis/assessment.ts';
import { assess } from '../analysis/measure.ts';
import type { QueryAnswer, SampleValue } from '../analysis/query-answer.ts';
import type { Measurement } from '../api/analysis-run.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Chunk } from './chunks.ts';
import type { PlannedMetric } from './plan.ts';

/** What a metric would have been answered, and judged as, at each of its samples. */
export interface SampledMetric {
  planned: PlannedMetric;
  /** When the first sample was, in epoch milliseconds. */
  from: number;
  /** By the number of the sample. */
  judged: JudgedSample[];
}

export interface JudgedSample {
  at: number;
  /** The only value, where there is one. */
  value: number | undefined;
  assessment: Assessment;
  /** The measurement that the controller would have recorded; the sequence is that of the analysis. */
  measurement: Omit<Measurement, 'sequence'>;
}

export interface AnsweredChunk {
  chunk: Chunk;
  answer: Extract<QueryAnswer, { kind: 'series' }>;
}

/**
 * Judges the answers to the range queries of one metric, moment by moment, as the controller judges an instant
 * query: of each series, the sample of that moment. `chunks` cover the period without gaps, in any order.
 */
export function judgeSamples(planned: PlannedMetric, chunks: readonly AnsweredChunk[]): SampledMetric {
  const { resolutionMs } = planned;
  const from = Math.min(...chunks.map(({ chunk }) => chunk.first));
  const judged: JudgedSample[] = [];
  for (const { chunk, answer } of chunks) {
    const valuesAt = new Map<number, SampleValue[]>();
    for (const { samples } of answer.series) {
      for (const [at, value] of samples) {
        // Servers round instants to milliseconds, and some to less.
        const index = Math.round((at - from) / resolutionMs);
        const values = valuesAt.get(index);
        if (values) values.push(value);
        else valuesAt.set(index, [value]);
      }
    }
    const last = Math.round((chunk.last - from) / resolutionMs);
    for (let index = Math.round((chunk.first - from) / resolutionMs); index <= last; index++) {
      const values = valuesAt.get(index) ?? [];
      judged[index] = judgeSample(planned, from + index * resolutionMs, values, answer.warnings);
    }
  }
  return { planned, from, judged };
}

function judgeSample(
  { metric }: PlannedMetric,
  at: number,
  values: SampleValue[],
  warnings: string[],
): JudgedSample {
  const value = values.length === 1 ? numberOf(values[0]) : undefined;
  return judgedAs(at, value, assess(metric, { kind: 'samples', values, warnings }));
}

/** A sample that came to this. */
export function judgedAs(at: number, value: number | undefined, assessment: Assessment): JudgedSample {
  const { hasData: _, ...told } = assessment;
  const time = formatTime(at);
  const measurement = { ...told, evaluatedAt: time, startedAt: time, finishedAt: time };
  return { at, value, assessment, measurement };
}

function numberOf(value: SampleValue | undefined): number | undefined {
  if (value === '+Inf') return Infinity;
  if (value === '-Inf') return -Infinity;
  return typeof value === 'number' ? value : undefined;
}

/** The sample of an instant, or the newest before it; undefined outside of what was asked for. */
export function sampleAt({ from, judged, planned }: SampledMetric, at: number): JudgedSample | undefined {
  return judged[Math.floor((at - from) / planned.resolutionMs)];
}

/** What one moment comes to. No data is told apart from what the metric's `noData` makes of it. */
export const MOMENT_OUTCOMES = ['Successful', 'Failed', 'Inconclusive', 'NoData', 'Error'] as const;
export type MomentOutcome = (typeof MOMENT_OUTCOMES)[number];

export function momentOutcome({ outcome, hasData }: Assessment): MomentOutcome {
  return hasData || outcome === 'Error' ? outcome : 'NoData';
}
