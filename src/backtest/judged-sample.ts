import type { Assessment } from '../analysis/assessment.ts';
import type { Measurement } from '../api/analysis-run.ts';
import { formatTime } from '../api/timestamp.ts';

/** What a metric comes to at one moment. */
export interface JudgedSample {
  at: number;
  /** The only value, where there is one. */
  value: number | undefined;
  assessment: Assessment;
  /** The measurement that the controller would have recorded; the sequence is that of the analysis. */
  measurement: Omit<Measurement, 'sequence'>;
  /** The query of this name could not be asked for this moment, in the backtest. */
  unanswered?: string | undefined;
}

/** A sample that came to this. */
export function judgedAs(at: number, value: number | undefined, assessment: Assessment): JudgedSample {
  return { at, value, assessment, measurement: measurementOf(at, assessment) };
}

/** What is recorded of an assessment; the sequence is that of the analysis. */
export function measurementOf(
  at: number,
  { hasData: _, ...told }: Assessment,
): Omit<Measurement, 'sequence'> {
  const time = formatTime(at);
  return { ...told, evaluatedAt: time, startedAt: time, finishedAt: time };
}

/** What one moment comes to. No data is told apart from what the metric's `noData` makes of it. */
export const MOMENT_OUTCOMES = ['Successful', 'Failed', 'Inconclusive', 'NoData', 'Error'] as const;
export type MomentOutcome = (typeof MOMENT_OUTCOMES)[number];

export function momentOutcome({ outcome, hasData }: Assessment): MomentOutcome {
  return hasData || outcome === 'Error' ? outcome : 'NoData';
}
