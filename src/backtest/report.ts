import { conditionText } from '../analysis/resolve-metric.ts';
import { type BadMoment, byWeight, type Episode, episodesOf } from './episodes.ts';
import { findIncident, type IncidentFinding } from './incident.ts';
import { type JudgedSample, MOMENT_OUTCOMES, type MomentOutcome, momentOutcome } from './judged-sample.ts';
import { type BacktestPlan, isHealthy, momentsOf, type Period, startsOf } from './plan.ts';
import { independentAnalyses, type Rate, rateOf } from './rate.ts';
import { type ReplayedRun, RUN_VERDICTS, type RunVerdict, replayRun } from './replay.ts';
import { type SampledMetric, sampleAt } from './samples.ts';
import { suggestThresholds, type ThresholdReport } from './suggest.ts';
import { badSide, comparisonOf, type Side } from './threshold.ts';
import { type Unanswered, unansweredOf } from './unanswered.ts';

/** A moment of a metric, for plots. */
export interface Point {
  at: number;
  value: number | undefined;
  outcome: MomentOutcome;
}

export interface MetricReport {
  name: string;
  query: string;
  /** What it is judged by, in words. */
  condition: string;
  lookbackMs: number;
  resolutionMs: number;
  exact: boolean;
  /** Set when windows are cut from samples that are so far apart, because the wanted ones could not be asked for. */
  windowResolutionMs: number | undefined;
  /** It is shown, and has no say in any analysis. */
  dryRun: boolean;
  /** How many moments of the healthy time came to what. */
  outcomes: Record<MomentOutcome, number>;
  points: Point[];
  thresholds: ThresholdReport[];
}

/** What a template would have done over a period. Times in epoch milliseconds. */
export interface BacktestReport {
  period: Period;
  stepMs: number;
  moments: number;
  lengthMs: number;
  spanMs: number;
  /** The rate that thresholds are suggested for. */
  rate: number;
  metrics: MetricReport[];
  /** Analyses of the whole template that start in the healthy time. */
  healthy: {
    analyses: number;
    /** How many of them say something of their own. */
    independent: number;
    verdicts: Record<RunVerdict, Rate>;
  };
  /** Of the healthy time, the worst first. */
  episodes: Episode[];
  /** What could not be asked for, by metric, the oldest first: moments of it are errors. */
  unanswered: Unanswered[];
  incident?: IncidentFinding | undefined;
}

/** Judges the whole period: every metric at every moment, and the analysis that starts at every moment. */
export function backtest(
  plan: BacktestPlan,
  sampled: readonly SampledMetric[],
  { rate }: { rate: number },
): BacktestReport {
  const moments = momentsOf(plan);
  const runs = startsOf(plan).map((at) => replayRun(sampled, at, plan));
  const longestLookbackMs = plan.spanMs - plan.lengthMs;
  const healthyRuns = runs.filter(({ startedAt }) =>
    isHealthy(plan, startedAt - longestLookbackMs, startedAt + plan.lengthMs),
  );
  const healthyMs = healthyRuns.length * plan.stepMs;
  const independent = independentAnalyses(healthyMs, plan.spanMs, healthyRuns.length);
  const told = sampled.map((each) => tellMetric(each, plan, moments, { rate, independent }));
  return {
    period: plan.period,
    stepMs: plan.stepMs,
    moments: moments.length,
    lengthMs: plan.lengthMs,
    spanMs: plan.spanMs,
    rate,
    metrics: told.map(({ metric }) => metric),
    healthy: {
      analyses: healthyRuns.length,
      independent,
      verdicts: verdictRates(healthyRuns, independent),
    },
    episodes: told.flatMap(({ episodes }) => episodes).toSorted(byWeight),
    unanswered: sampled.flatMap(unansweredOf),
    ...(plan.incident && { incident: findIncident(plan.incident, runs) }),
  };
}

function tellMetric(
  sampled: SampledMetric,
  plan: BacktestPlan,
  moments: readonly number[],
  options: { rate: number; independent: number },
): { metric: MetricReport; episodes: Episode[] } {
  const { metric, query, series, lookbackMs, resolutionMs, exact } = sampled.planned;
  const samples = moments.flatMap((at) => sampleAt(sampled, at) ?? []);
  const healthy = samples.filter(({ at }) => isHealthy(plan, at - lookbackMs, at));
  const values = healthy.flatMap(({ value, assessment }) =>
    value !== undefined && assessment.hasData ? [value] : [],
  );
  const thresholds = suggestThresholds(sampled, plan, values, options);
  // Bad moments that look back on common data are one trouble.
  const gapMs = Math.max(2 * plan.stepMs, lookbackMs);
  return {
    metric: {
      name: metric.name,
      query,
      condition: conditionText(metric),
      lookbackMs,
      resolutionMs,
      exact,
      windowResolutionMs: series.find((each) => !each.exact)?.resolutionMs,
      dryRun: metric.dryRun,
      outcomes: countOutcomes(healthy),
      points: samples.map(({ at, value, assessment }) => ({ at, value, outcome: momentOutcome(assessment) })),
      thresholds,
    },
    episodes: episodesOf(metric, healthy.flatMap(badMoment), gapMs, sideOf(sampled)),
  };
}

function sideOf({ planned: { metric }, tests }: SampledMetric): Side | undefined {
  if (tests) return 'above';
  const sides = (['success', 'failure'] as const).flatMap((role) => {
    const comparison = comparisonOf(metric, role);
    return comparison ? [badSide(comparison, role)] : [];
  });
  return sides[0];
}

function badMoment({ at, value, assessment }: JudgedSample): BadMoment[] {
  const outcome = momentOutcome(assessment);
  return outcome === 'Successful' ? [] : [{ at, outcome, value, message: assessment.message }];
}

function countOutcomes(samples: readonly JudgedSample[]): Record<MomentOutcome, number> {
  const counts = Object.fromEntries(MOMENT_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    MomentOutcome,
    number
  >;
  for (const { assessment } of samples) counts[momentOutcome(assessment)] += 1;
  return counts;
}

function verdictRates(runs: readonly ReplayedRun[], independent: number): Record<RunVerdict, Rate> {
  return Object.fromEntries(
    RUN_VERDICTS.map((wanted) => {
      const count = runs.filter(({ verdict }) => verdict === wanted).length;
      return [wanted, rateOf(count, runs.length, independent)];
    }),
  ) as Record<RunVerdict, Rate>;
}
