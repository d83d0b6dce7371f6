import { placeholdersIn } from '../analysis/placeholders.ts';
import { SLOT_WITHOUT_INTERVAL_MS } from '../analysis/schedule.ts';
import { windowBounds, windowReadyAt } from '../analysis/window.ts';
import type { AnalysisRun, Measurement } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';
import { parseTime } from '../api/timestamp.ts';

/** A run that has measured nothing for so many intervals knows nothing any more. */
const INTERVALS_UNTIL_STALE = 3;

/** When a run knew something last, in epoch milliseconds. */
export interface Freshness {
  /** The oldest of the newest real measurements of its metrics; undefined where one has none yet. */
  measuredAt: number | undefined;
  /** From this instant on it is stale, unless something is measured before. */
  staleAt: number;
}

/**
 * How fresh a run that measures again and again is. It is as fresh as the metric of which the least is known, and
 * stale once that has seen nothing for three intervals of its slowest metric; before the first measurement the
 * time counts from when that is due.
 */
export function freshnessOf(run: AnalysisRun): Freshness {
  const metrics = run.spec.metrics.filter(({ dryRun }) => dryRun !== true);
  const patienceMs = INTERVALS_UNTIL_STALE * Math.max(...metrics.map(intervalMs));
  const measured = metrics.map((metric) => lastMeasured(run, metric));
  const known = metrics.map((metric, index) => measured[index] ?? firstDue(run, metric));
  const complete = measured.filter((at) => at !== undefined);
  return {
    measuredAt: complete.length === measured.length ? Math.min(...complete) : undefined,
    staleAt: Math.min(...known) + patienceMs,
  };
}

function intervalMs({ interval }: Metric): number {
  return interval === undefined ? SLOT_WITHOUT_INTERVAL_MS : durationMs(interval);
}

function lastMeasured({ status }: AnalysisRun, { name }: Metric): number | undefined {
  const result = status?.metricResults.find((each) => each.name === name);
  const last = result?.measurements.findLast(isReal);
  return parseTime(last?.evaluatedAt) ?? parseTime(last?.finishedAt);
}

/** Something was seen, or the metric's author said what it means that there is nothing to be seen. */
function isReal({ outcome, value, withoutData, reason }: Measurement): boolean {
  if (outcome === 'Successful' || outcome === 'Failed') return true;
  return outcome === 'Inconclusive' && value !== undefined && !withoutData && reason !== 'PartialData';
}

function firstDue({ metadata, spec, status }: AnalysisRun, metric: Metric): number {
  const startedAt = parseTime(status?.startedAt) ?? parseTime(metadata.creationTimestamp) ?? 0;
  const delayed = startedAt + (metric.initialDelay === undefined ? 0 : durationMs(metric.initialDelay));
  if (!placeholdersIn(JSON.stringify(metric)).includes('window')) return delayed;
  const windowStart = parseTime(spec.target?.windowStart) ?? startedAt;
  return Math.max(delayed, windowReadyAt(windowStart, windowBounds(metric)));
}
