import type { Outcome, SequentialProgress } from '../api/analysis-run.ts';
import { conditionText, type ResolvedMetric } from './resolve-metric.ts';

/** What one measurement comes to, and why, in one word and in one sentence. */
export interface Assessment {
  outcome: Outcome;
  value?: string;
  samples?: number;
  reason: string;
  message: string;
  /** Whether a value was measured. Without one an outcome is only what the metric's `noData` says. */
  hasData: boolean;
  /** What a sequential test knows after it. */
  state?: SequentialProgress;
}

const NO_DATA_OUTCOMES = {
  Inconclusive: 'Inconclusive',
  // Shown as Inconclusive, and not counted: see recordMeasurement.
  Wait: 'Inconclusive',
  Pass: 'Successful',
  Fail: 'Failed',
} as const satisfies Record<ResolvedMetric['noData'], Outcome>;

/** What a measurement without data is, by the policy of the metric. */
export function noData(metric: ResolvedMetric, reason: string, what: string): Assessment {
  const isPlain = metric.noData === 'Inconclusive' || metric.judge?.kind === 'sequential';
  const policy = isPlain ? '' : ` (noData: ${metric.noData})`;
  return {
    outcome: NO_DATA_OUTCOMES[metric.noData],
    reason,
    message: `${metric.name} has no data for ${conditionText(metric)}: ${what}${policy}`,
    hasData: false,
  };
}

/** A measurement that failed to measure. */
export function error(reason: string, message: string): Assessment {
  return { outcome: 'Error', reason, message, hasData: false };
}

/** Of an incomplete answer nobody knows what is missing: it may fail a canary and never pass one. */
export function withWarnings(
  metric: ResolvedMetric,
  assessment: Assessment,
  warnings: readonly string[],
): Assessment {
  if (warnings.length === 0 || assessment.outcome !== 'Successful') return assessment;
  return {
    ...assessment,
    outcome: 'Inconclusive',
    reason: 'PartialData',
    message: `${assessment.message}, but ${incomplete(metric, warnings)}`,
  };
}

/** That an answer may be incomplete, in words. */
export function incomplete({ source }: ResolvedMetric, warnings: readonly string[]): string {
  return `the answer of source ${source} may be incomplete: ${warnings.join('; ')}`;
}
