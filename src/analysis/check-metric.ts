import type { AnalysisMode } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { formatDuration, parseDurationMs } from '../api/duration.ts';
import type { SchemaFault } from '../api/kind.ts';
import { compileCondition } from './condition.ts';
import { readLimits } from './limits.ts';
import { fillCondition, fillQuery, type Lookup } from './placeholders.ts';
import { windowBounds } from './window.ts';

export interface MetricCheckOptions {
  /** Step and PostPromotion: the metric must come to an end by itself. */
  mode?: AnalysisMode | undefined;
  /** The run ends after this; a metric that needs longer could never pass. */
  maxDurationMs?: number | undefined;
}

/** Anything shorter measures the same scrape again and again. */
const SHORTEST_INTERVAL_MS = 1_000;

/** Everything about one metric that its schema cannot say. Paths begin with `path`. */
export function checkMetric(
  metric: Metric,
  path: string,
  lookup: Lookup,
  options: MetricCheckOptions = {},
): SchemaFault[] {
  return [
    ...fillQuery(metric.query, lookup).faults.map((message) => ({ path: `${path}.query`, message })),
    ...checkConditions(metric, path, lookup),
    ...checkTimes(metric, path),
    ...checkLimits(metric, path, lookup, options),
  ];
}

function checkConditions(metric: Metric, path: string, lookup: Lookup): SchemaFault[] {
  if (metric.successCondition === undefined && metric.failureCondition === undefined) {
    return [
      { path, message: 'a metric needs a successCondition or a failureCondition, such as `value >= 0.95`' },
    ];
  }
  return (['successCondition', 'failureCondition'] as const).flatMap((field) => {
    const source = metric[field];
    if (source === undefined) return [];
    const { text, faults } = fillCondition(source, lookup);
    if (faults.length > 0) return faults.map((message) => ({ path: `${path}.${field}`, message }));
    const compiled = compileCondition(text);
    if (compiled.ok) return [];
    return [{ path: `${path}.${field}`, message: `${compiled.message} (position ${compiled.offset})` }];
  });
}

function checkTimes(metric: Metric, path: string): SchemaFault[] {
  const faults: SchemaFault[] = [];
  let readable = true;
  for (const field of ['interval', 'initialDelay', 'minWindow', 'maxWindow'] as const) {
    const text = metric[field];
    if (text !== undefined && parseDurationMs(text) === undefined) {
      readable = false;
      faults.push({
        path: `${path}.${field}`,
        message: `${JSON.stringify(text)} is not a duration such as 30s`,
      });
    }
  }
  if (!readable) return faults;
  const intervalMs = parseDurationMs(metric.interval ?? '');
  if (intervalMs !== undefined && intervalMs < SHORTEST_INTERVAL_MS) {
    faults.push({ path: `${path}.interval`, message: 'must be at least 1s' });
  }
  const { minMs, maxMs } = windowBounds(metric);
  if (minMs > maxMs) {
    faults.push({
      path: `${path}.${metric.minWindow === undefined ? 'maxWindow' : 'minWindow'}`,
      message: `minWindow (${formatDuration(minMs)}) must not be longer than maxWindow (${formatDuration(maxMs)})`,
    });
  }
  return faults;
}

function checkLimits(
  metric: Metric,
  path: string,
  lookup: Lookup,
  { mode, maxDurationMs }: MetricCheckOptions,
): SchemaFault[] {
  const { limits, faults } = readLimits(metric, lookup);
  const all = faults.map(({ field, message }) => ({ path: `${path}.${field}`, message }));
  const intervalMs = parseDurationMs(metric.interval ?? '');
  if ((mode === 'Step' || mode === 'PostPromotion') && intervalMs !== undefined) {
    if (metric.count === undefined && limits.consecutiveSuccessLimit === undefined) {
      all.push({
        path: `${path}.count`,
        message:
          mode === 'Step'
            ? 'is needed beside interval: the analysis of a step must end (consecutiveSuccessLimit does as well)'
            : 'is needed beside interval: a PostPromotion analysis must end (consecutiveSuccessLimit does as well)',
      });
    }
  }
  const { count, consecutiveSuccessLimit } = limits;
  if (maxDurationMs !== undefined && count !== undefined) {
    const least = Math.min(count, consecutiveSuccessLimit ?? count);
    const neededMs = (parseDurationMs(metric.initialDelay ?? '') ?? 0) + (least - 1) * (intervalMs ?? 0);
    if (neededMs >= maxDurationMs) {
      all.push({
        path,
        message: `takes at least ${formatDuration(neededMs)}, and the run ends after ${formatDuration(maxDurationMs)} (maxDuration)`,
      });
    }
  }
  return all;
}
