import { compileCondition } from '../analysis/condition.ts';
import { assess } from '../analysis/measure.ts';
import type { SampleValue } from '../analysis/query-answer.ts';
import { conditionText, type ResolvedMetric } from '../analysis/resolve-metric.ts';
import { type JudgedSample, judgedAs } from './judged-sample.ts';
import { type BacktestPlan, isHealthy, type PlannedMetric, startsOf } from './plan.ts';
import { type Rate, rateOf } from './rate.ts';
import { replayRun } from './replay.ts';
import type { PastTests, SampledMetric } from './samples.ts';
import { badShare, type Comparison, comparisonOf, thresholdFor } from './threshold.ts';

/**
 * What one condition of a metric does in the healthy time, and the threshold that would have given a chosen rate. Of a
 * sequential test the threshold is its ratio.
 */
export interface ThresholdReport {
  role: 'success' | 'failure' | 'sequential';
  /** With its arguments filled in; a test in words. */
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
  if (sampled.tests) return [suggestRatio(sampled, sampled.tests, plan, options)];
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
  const starts = healthyStarts(sampled, plan);
  const failed = starts.filter(
    (at) => replayRun([again], at, { ...plan, score: undefined }).verdict === 'Failed',
  );
  return rateOf(failed.length, starts.length, independent);
}

function healthyStarts({ planned }: SampledMetric, plan: BacktestPlan): number[] {
  return startsOf(plan).filter((at) => isHealthy(plan, at - planned.lookbackMs, at + plan.lengthMs));
}

/** Ratios to choose from: a finer one would claim to know more than a week of one service can say. */
const RATIOS = [1.1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 5, 8, 10];

/** Neighbours judge the same data: so many tests spread over the period say as much as one at each moment. */
const MOST_TRIED_TESTS = 1_000;

/** The smallest ratio by which at most this share of the tests in the healthy time fails. A larger one fails fewer. */
function suggestRatio(
  sampled: SampledMetric,
  tests: PastTests,
  plan: BacktestPlan,
  { rate, independent }: { rate: number; independent: number },
): ThresholdReport {
  const { metric } = sampled.planned;
  const all = healthyStarts(sampled, plan);
  const stride = Math.ceil(all.length / MOST_TRIED_TESTS);
  const starts = all.filter((_, index) => index % stride === 0);
  const failed = (ratio: number) => starts.filter(tests.failsWith(ratio)).length;
  const ratio = metric.judge?.kind === 'sequential' ? metric.judge.parameters.ratio : undefined;
  const now = all.filter((at) =>
    tests.looksFrom(at).some(({ assessment }) => assessment.outcome === 'Failed'),
  ).length;
  const report: ThresholdReport = {
    role: 'sequential',
    condition: conditionText(metric),
    threshold: ratio,
    badShare: all.length === 0 ? 0 : now / all.length,
  };
  let [low, high] = [0, RATIOS.length];
  let found: { ratio: number; count: number } | undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const candidate = RATIOS[middle] ?? Infinity;
    const count = failed(candidate);
    if (count <= rate * starts.length) {
      found = { ratio: candidate, count };
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  if (!found || starts.length === 0) {
    const problem = `with each ratio up to ${RATIOS.at(-1)} more of the tests would have failed`;
    return { ...report, problem };
  }
  return {
    ...report,
    suggested: found.ratio,
    failedWithSuggested: rateOf(found.count, starts.length, independent),
  };
}

function rejudge(metric: ResolvedMetric, sample: JudgedSample): JudgedSample {
  const { value, assessment } = sample;
  if (value === undefined || !assessment.hasData) return sample;
  const infinite: SampleValue = value > 0 ? '+Inf' : '-Inf';
  const values = [Number.isFinite(value) ? value : infinite];
  return judgedAs(sample.at, value, assess(metric, { kind: 'samples', values, warnings: [] }));
}
