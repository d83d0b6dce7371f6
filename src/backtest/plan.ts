import { maxDurationOf } from '../analysis/check-template.ts';
import { resolveQuery } from '../analysis/placeholders.ts';
import { type ResolvedMetric, resolveMetrics } from '../analysis/resolve-metric.ts';
import { SLOT_WITHOUT_INTERVAL_MS } from '../analysis/schedule.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { formatDuration, parseDurationMs } from '../api/duration.ts';
import { lookbackMs } from './lookback.ts';

/** From (included) to (excluded), in epoch milliseconds. */
export interface Period {
  from: number;
  to: number;
}

/** One metric as it is replayed. */
export interface PlannedMetric {
  metric: ResolvedMetric;
  /** As the template has it, with the placeholders of its conditions. */
  definition: Metric;
  query: string;
  /** How far one measurement looks back. */
  lookbackMs: number;
  /** The distance of the samples that are asked for; it divides the step. */
  resolutionMs: number;
  /** Whether every measurement of every analysis falls on a sample; else the newest sample before it is taken. */
  exact: boolean;
}

export interface BacktestPlan {
  period: Period;
  /** The distance of the moments at which an analysis is supposed to start. */
  stepMs: number;
  metrics: PlannedMetric[];
  /** How long an analysis lasts that nothing ends early or keeps waiting. */
  lengthMs: number;
  /** How much time an analysis knows of: its length and what its first measurement looks back on. */
  spanMs: number;
  /** When an analysis ends at the latest. */
  maxDurationMs: number;
  /** A time that was not healthy. */
  incident?: Period | undefined;
}

export interface BacktestOptions {
  period: Period;
  stepMs: number;
  namespace: string;
  /** What `{{window}}` stands for; the metric's maxWindow, else 5 minutes, when unset. */
  windowMs?: number | undefined;
  incident?: Period | undefined;
}

export type Planned = { ok: true; plan: BacktestPlan } | { ok: false; message: string };

const DEFAULT_WINDOW_MS = 300_000;
/** Six queries of the most points that Prometheus answers: a week at one every ten seconds. */
const MOST_SAMPLES = 66_000;

/** What is to be asked for to replay these metrics over a period; or why nothing can be. `checkRun` found no fault. */
export function planBacktest(spec: AnalysisRunSpec, options: BacktestOptions): Planned {
  const { period, stepMs, incident } = options;
  const maxDurationMs = maxDurationOf(spec);
  const metrics = resolveMetrics(spec).flatMap((metric, index) => {
    const definition = spec.metrics[index];
    return definition ? [planMetric(metric, definition, spec, options)] : [];
  });
  const lengthMs = Math.max(0, ...metrics.map(({ metric }) => lengthOf(metric, maxDurationMs)));
  const spanMs = Math.max(stepMs, lengthMs + Math.max(0, ...metrics.map((each) => each.lookbackMs)));
  if (period.to - period.from <= lengthMs) {
    return {
      ok: false,
      message: `one analysis takes ${formatDuration(lengthMs)}, and the period is only ${formatDuration(period.to - period.from)} long; let it begin earlier`,
    };
  }
  if (incident && (incident.from < period.from || incident.to > period.to)) {
    return {
      ok: false,
      message: 'the incident is not within the period; let the period begin earlier or end later',
    };
  }
  return { ok: true, plan: { period, stepMs, metrics, lengthMs, spanMs, maxDurationMs, incident } };
}

function planMetric(
  metric: ResolvedMetric,
  definition: Metric,
  spec: AnalysisRunSpec,
  { period, stepMs, namespace, windowMs }: BacktestOptions,
): PlannedMetric {
  const query = resolveQuery(metric.questions[0]?.query ?? '', {
    args: spec.args ?? [],
    namespace,
    target: spec.target,
    windowMs: windowMs ?? parseDurationMs(definition.maxWindow ?? '') ?? DEFAULT_WINDOW_MS,
  });
  if (!query.ok) throw new Error(`the query of ${metric.name} was not checked: ${query.faults[0]?.message}`);
  return {
    metric,
    definition,
    query: query.text,
    lookbackMs: lookbackMs(query.text),
    ...resolutionOf(metric, stepMs, period.to - period.from),
  };
}

/** A metric without an end is replayed for as long as its run may take. */
function lengthOf(metric: ResolvedMetric, maxDurationMs: number): number {
  const { count, intervalMs = 0, initialDelayMs } = metric;
  return count === undefined ? maxDurationMs : initialDelayMs + (count - 1) * intervalMs;
}

/** Whether the metric never comes to an end by itself. */
export function isEndless({ count, consecutiveSuccessLimit }: ResolvedMetric): boolean {
  return count === undefined && consecutiveSuccessLimit === undefined;
}

/** The time from one measurement of a metric to the next. */
export function slotMs({ intervalMs }: ResolvedMetric): number {
  return intervalMs ?? SLOT_WITHOUT_INTERVAL_MS;
}

function resolutionOf(
  metric: ResolvedMetric,
  stepMs: number,
  periodMs: number,
): Pick<PlannedMetric, 'resolutionMs' | 'exact'> {
  const repeats = metric.intervalMs !== undefined || metric.noData === 'Wait';
  const wantedMs = [metric.initialDelayMs, repeats ? slotMs(metric) : 0].reduce(
    greatestCommonDivisor,
    stepMs,
  );
  if (periodMs / wantedMs <= MOST_SAMPLES) return { resolutionMs: wantedMs, exact: true };
  const parts = Math.max(1, Math.floor((stepMs * MOST_SAMPLES) / periodMs));
  const divisor = Array.from({ length: parts }, (_, index) => parts - index).find(
    (each) => stepMs % each === 0,
  );
  return { resolutionMs: stepMs / (divisor ?? 1), exact: false };
}

function greatestCommonDivisor(left: number, right: number): number {
  let [large, small] = [Math.round(left), Math.round(right)];
  while (small > 0) [large, small] = [small, large % small];
  return large;
}

/** The moments at which metrics are judged. */
export function momentsOf({ period, stepMs }: Pick<BacktestPlan, 'period' | 'stepMs'>): number[] {
  return Array.from(
    { length: Math.ceil((period.to - period.from) / stepMs) },
    (_, index) => period.from + index * stepMs,
  );
}

/** The moments at which an analysis can have started and come to its end within the period. */
export function startsOf(plan: BacktestPlan): number[] {
  return momentsOf(plan).filter((at) => at + plan.lengthMs < plan.period.to);
}

/** Whether what happened from `from` to `to`, both included, has nothing to do with the incident. */
export function isHealthy({ incident }: Pick<BacktestPlan, 'incident'>, from: number, to: number): boolean {
  return !incident || to < incident.from || from >= incident.to;
}
