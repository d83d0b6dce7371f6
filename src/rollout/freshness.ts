import { placeholdersIn } from '../analysis/placeholders.ts';
import { SLOT_WITHOUT_INTERVAL_MS } from '../analysis/schedule.ts';
import { windowBounds, windowReadyAt } from '../analysis/window.ts';
import type { AnalysisRun, Measurement } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { durationMs } from '../api/duration.ts';
import { parseTime } from '../api/timestamp.ts';

/** A metric that has measured nothing for so many of its intervals tells nothing any more. */
const INTERVALS_UNTIL_STALE = 3;

/** When a run knew something last. Instants are epoch milliseconds. */
export interface Freshness {
  /** The oldest of the newest real measurements of its metrics; undefined where one has none yet. */
  measuredAt: number | undefined;
  /** From this instant on it is stale, unless something is measured before. */
  staleAt: number;
  /** The metric that is stale first, and when it measured something last. */
  first: { metric: string; measuredAt: number | undefined };
}

/**
 * How fresh a run that measures again and again is. Each metric has its own patience: it is stale once it has seen
 * nothing for three of its own intervals, and the run with the first of them. Before the first measurement the time
 * counts from when that is due.
 */
export function freshnessOf(run: AnalysisRun): Freshness {
  const decisive = run.spec.metrics.filter(({ dryRun }) => dryRun !== true);
  // A run of dry runs alone is refused as soon as it is looked at.
  const metrics = (decisive.length > 0 ? decisive : run.spec.metrics).map((metric) => {
    const measuredAt = lastMeasured(run, metric);
    const knownAt = measuredAt ?? firstDue(run, metric);
    return { metric: metric.name, measuredAt, staleAt: knownAt + INTERVALS_UNTIL_STALE * intervalMs(metric) };
  });
  const { staleAt, ...first } = metrics.reduce((soonest, other) =>
    other.staleAt < soonest.staleAt ? other : soonest,
  );
  const measured = metrics.flatMap((each) => each.measuredAt ?? []);
  return {
    measuredAt: measured.length === metrics.length ? Math.min(...measured) : undefined,
    staleAt,
    first,
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
