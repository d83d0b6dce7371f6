import type { SequentialProgress } from '../api/analysis-run.ts';
import { type Assessment, error, incomplete, noData } from './assessment.ts';
import { assessMannWhitney } from './mann-whitney-metric.ts';
import type { Answered } from './measure-job.ts';
import { type Judge, judgeText } from './metric-judge.ts';
import type { ResolvedMetric } from './resolve-metric.ts';
import { assessSequential, type SequentialAssessment } from './sequential-metric.ts';

/** What a sequential test goes on from. */
export interface Progress {
  /** Where the interval begins that is measured, in epoch milliseconds. */
  since: number;
  state: SequentialProgress | undefined;
}

/**
 * Takes one interval into a sequential test. An answer that may be incomplete teaches it nothing: what is missing
 * would be missing for ever.
 */
export function judgeSequential(
  metric: ResolvedMetric,
  judge: Extract<Judge, { kind: 'sequential' }>,
  answers: readonly Answered[],
  warnings: readonly string[],
  { since, state }: Progress,
): Assessment {
  const uncounted = assessPartial(metric, warnings);
  if (uncounted) return uncounted;
  const assessed = assessSequential(judge, answers, since, state);
  if (assessed.kind !== 'reading') return assessUncounted(metric, assessed);
  return { ...assessReading(metric, judge, assessed), state: assessed.state };
}

/** What an interval is whose answers may be incomplete: the next one begins where it did. */
export function assessPartial(metric: ResolvedMetric, warnings: readonly string[]): Assessment | undefined {
  return warnings.length === 0 ? undefined : noData(metric, 'PartialData', incomplete(metric, warnings));
}

/** What an interval is that could not be counted. */
export function assessUncounted(
  metric: ResolvedMetric,
  { kind, reason, message }: Exclude<SequentialAssessment, { kind: 'reading' }>,
): Assessment {
  return kind === 'noData' ? noData(metric, reason, message) : error(reason, `${metric.name}: ${message}`);
}

/** What an interval is by the evidence after it. */
export function assessReading(
  metric: ResolvedMetric,
  judge: Extract<Judge, { kind: 'sequential' }>,
  {
    reading,
    message,
    value,
  }: Pick<Extract<SequentialAssessment, { kind: 'reading' }>, 'reading' | 'message' | 'value'>,
): Assessment {
  const outcomes = { fail: 'Failed', pass: 'Successful', undecided: 'Inconclusive' } as const;
  return {
    outcome: outcomes[reading.decision],
    value,
    reason: reading.reason,
    message: `${metric.name} by ${judgeText(judge)}: ${message}`,
    hasData: true,
  };
}

/** Compares the samples of both versions. */
export function judgeMannWhitney(
  metric: ResolvedMetric,
  judge: Extract<Judge, { kind: 'mannWhitney' }>,
  answers: readonly Answered[],
): Assessment {
  const assessed = assessMannWhitney(judge.parameters, answers);
  const { samples, message } = assessed;
  if (assessed.kind === 'error') return { ...error(assessed.reason, `${metric.name}: ${message}`), samples };
  if (assessed.kind === 'noData') return { ...noData(metric, assessed.reason, message), samples };
  return {
    outcome: assessed.result.label === 'Pass' ? 'Successful' : 'Failed',
    value: assessed.value,
    samples,
    reason: assessed.result.reason,
    message: `${metric.name} by ${judgeText(judge)}: ${message}`,
    hasData: true,
  };
}
