import { maxDurationOf } from '../analysis/check-template.ts';
import { askedOf, lastingQuestions, questionsText } from '../analysis/questions.ts';
import { type ResolvedMetric, resolveMetrics } from '../analysis/resolve-metric.ts';
import { SLOT_WITHOUT_INTERVAL_MS } from '../analysis/schedule.ts';
import { formatWindow } from '../analysis/window.ts';
import type { AnalysisRunSpec } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { formatDuration, parseDurationMs } from '../api/duration.ts';
import type { Score } from '../api/judge-schemas.ts';
import { lookbackMs } from './lookback.ts';
import {
  finestDivisor,
  greatestCommonDivisor,
  MOST_SAMPLES,
  type PlannedSeries,
  planSeries,
  samplesEach,
} from './series.ts';

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
  /** Its queries, as a measurement shows them. */
  query: string;
  /** One for each query, in their order. */
  series: PlannedSeries[];
  /** How far one measurement looks back. */
  lookbackMs: number;
  /** The distance of the moments at which it is measured; it divides the step. */
  resolutionMs: number;
  /** The distance of the moments at which it is judged: the same, and the step for a test, which begins there. */
  momentMs: number;
  /** When its analysis ends at the latest. */
  maxDurationMs: number;
  /** Whether every measurement of every analysis falls on a moment; else the newest one before it is taken. */
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
  /** What joins the metrics that have a group. */
  score?: Score | undefined;
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
/** So many samples are cut and judged in about a minute. */
const MOST_CUT_SAMPLES = 50_000_000;

/** What is to be asked for to replay these metrics over a period; or why nothing can be. `checkRun` found no fault. */
export function planBacktest(spec: AnalysisRunSpec, options: BacktestOptions): Planned {
  const { period, stepMs, incident } = options;
  const maxDurationMs = maxDurationOf(spec);
  const metrics: PlannedMetric[] = [];
  for (const [index, metric] of resolveMetrics(spec).entries()) {
    const definition = spec.metrics[index];
    const planned = definition && planMetric(metric, definition, spec, options);
    if (planned?.ok === false) return planned;
    if (planned) metrics.push(planned.planned);
  }
  // Nobody waits for a dry run, and none of its data decides.
  const decisive = metrics.filter(({ metric }) => !metric.dryRun);
  const lengthMs = Math.max(0, ...decisive.map(({ metric }) => lengthOf(metric, maxDurationMs)));
  const spanMs = Math.max(stepMs, lengthMs + Math.max(0, ...decisive.map((each) => each.lookbackMs)));
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
  const { score } = spec;
  return { ok: true, plan: { period, stepMs, metrics, lengthMs, spanMs, maxDurationMs, score, incident } };
}

function planMetric(
  metric: ResolvedMetric,
  definition: Metric,
  spec: AnalysisRunSpec,
  { period, stepMs, namespace, windowMs }: BacktestOptions,
): { ok: true; planned: PlannedMetric } | { ok: false; message: string } {
  const context = {
    args: spec.args ?? [],
    namespace,
    target: spec.target,
    windowMs: windowMs ?? parseDurationMs(definition.maxWindow ?? '') ?? DEFAULT_WINDOW_MS,
  };
  // Of counters, the samples at the moments are asked for, not all that were scraped.
  const questions = lastingQuestions(metric.questions).map(({ raw: _, ...question }) => question);
  const asked = askedOf(questions, context, formatWindow(context.windowMs));
  if (!asked) {
    const message = `a query of ${metric.name} selects pods and there are none: give --canary-pods or --stable-pods a pattern that matches some`;
    return { ok: false, message };
  }
  const moments = resolutionOf(metric, stepMs, period.to - period.from);
  const series = asked.map((question) => planSeries(question, period, moments.resolutionMs));
  const samples = Math.max(...series.map(samplesEach)) * ((period.to - period.from) / moments.resolutionMs);
  if (samples > MOST_CUT_SAMPLES) {
    const message = `the windows of ${metric.name} have ${Math.round(samples / 1e6)} million samples in all, and at most ${MOST_CUT_SAMPLES / 1e6} million can be judged: make --step longer, or the period shorter`;
    return { ok: false, message };
  }
  const looksBack = series.map(({ query, range }) => lookbackMs(query) + (range?.windowMs ?? 0));
  return {
    ok: true,
    planned: {
      metric,
      definition,
      query: questionsText(asked),
      series,
      lookbackMs: Math.max(...looksBack),
      ...moments,
      momentMs: metric.judge?.kind === 'sequential' ? stepMs : moments.resolutionMs,
      maxDurationMs: maxDurationOf(spec),
    },
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
  return { resolutionMs: finestDivisor(stepMs, periodMs), exact: false };
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
