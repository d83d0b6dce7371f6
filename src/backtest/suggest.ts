import { compileCondition } from '../analysis/condition.ts';
import { assess } from '../analysis/measure.ts';
import type { SampleValue } from '../analysis/query-answer.ts';
import type { ResolvedMetric } from '../analysis/resolve-metric.ts';
import { type JudgedSample, judgedAs } from './judged-sample.ts';
import { type BacktestPlan, isHealthy, type PlannedMetric, startsOf } from './plan.ts';
import { type Rate, rateOf } from './rate.ts';
import { replayRun } from './replay.ts';
import type { SampledMetric } from './samples.ts';
import { badShare, type Comparison, comparisonOf, thresholdFor } from './threshold.ts';

/** What one condition of a metric does in the healthy time, and the threshold that would have given a chosen rate. */
export interface ThresholdReport {
  role: 'success' | 'failure';
  /** With its arguments filled in. */
  condition: string;
  /** The argument that the threshold comes from. */
  argument?: string | undefined;
  /** Why there is no suggestion. */
  problem?: string | undefined;
  threshold?: number | undefined;
  operator?: Comparison['operator'] | undefined;
  /** The share of healthy measurements that are bad by it now. */
  badShare?: number | undefined;
  suggested?: number | undefined;
  /** Of healthy analyses of this metric alone: how many would have failed with the suggestion. */
  failedWithSuggested?: Rate | undefined;
}

/** A report for each condition of the metric. `values` are those of its healthy moments. */
export function suggestThresholds(
  sampled: SampledMetric,
  plan: BacktestPlan,
  values: readonly number[],
  options: { rate: number; independent: number },
): ThresholdReport[] {
  return (['success', 'failure'] as const).flatMap((role): ThresholdReport[] => {
    const { metric, definition } = sampled.planned;
    const source = conditionOf(metric, role)?.source.trim();
    if (source === undefined) return [];
    const about = { role, condition: source, argument: argumentIn(definition, role) };
    const comparison = comparisonOf(metric, role);
    if (!comparison) {
      const problem =
        'only a comparison of the value with one number, such as `value >= 0.95`, has a threshold';
      return [{ ...about, problem }];
    }
    const now = { ...about, ...comparison, badShare: badShare(comparison, role, values) };
    const suggested = thresholdFor(comparison, role, values, options.rate);
    if (suggested === undefined) {
      return [{ ...now, problem: 'the healthy time has no finite values to choose a threshold by' }];
    }
    return [
      {
        ...now,
        suggested,
        failedWithSuggested: failedWith(
          { ...comparison, threshold: suggested },
          role,
          sampled,
          plan,
          options.independent,
        ),
      },
    ];
  });
}

function conditionOf(metric: ResolvedMetric, role: 'success' | 'failure') {
  return role === 'success' ? metric.successCondition : metric.failureCondition;
}

function argumentIn(
  definition: PlannedMetric['definition'],
  role: 'success' | 'failure',
): string | undefined {
  const source = (role === 'success' ? definition.successCondition : definition.failureCondition) ?? '';
  const names = [...source.matchAll(/\{\{\s*args\.([\w-]+)\s*\}\}/g)].map((match) => match[1]);
  return names.length === 1 ? names[0] : undefined;
}

/** Judges what was measured anew, by another threshold. */
function failedWith(
  { operator, threshold }: Comparison,
  role: 'success' | 'failure',
  sampled: SampledMetric,
  plan: BacktestPlan,
  independent: number,
): Rate {
  const condition = compileCondition(`value ${operator} ${threshold}`);
  if (!condition.ok) throw new Error(`a suggested condition is none: ${condition.message}`);
  // It is judged by itself here, and had traffic enough wherever it has a value.
  const metric: ResolvedMetric = {
    ...sampled.planned.metric,
    [`${role}Condition`]: condition,
    dryRun: false,
    minimum: undefined,
  };
  const again: SampledMetric = {
    ...sampled,
    planned: { ...sampled.planned, metric },
    judged: sampled.judged.map((sample) => rejudge(metric, sample)),
  };
  const starts = startsOf(plan).filter((at) =>
    isHealthy(plan, at - sampled.planned.lookbackMs, at + plan.lengthMs),
  );
  const failed = starts.filter(
    (at) => replayRun([again], at, { ...plan, score: undefined }).verdict === 'Failed',
  );
  return rateOf(failed.length, starts.length, independent);
}

function rejudge(metric: ResolvedMetric, sample: JudgedSample): JudgedSample {
  const { value, assessment } = sample;
  if (value === undefined || !assessment.hasData) return sample;
  const infinite: SampleValue = value > 0 ? '+Inf' : '-Inf';
  const values = [Number.isFinite(value) ? value : infinite];
  return judgedAs(sample.at, value, assess(metric, { kind: 'samples', values, warnings: [] }));
}
