import type { AnalysisMode } from '../api/analysis-run.ts';
import type { Metric } from '../api/analysis-template.ts';
import { formatDuration, parseDurationMs } from '../api/duration.ts';
import type { MannWhitney, Sequential } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';
import { checkJudge } from './check-judge.ts';
import { checkQuery, type QueryCheckOptions, queryFaultText } from './check-query.ts';
import { compileCondition } from './condition.ts';
import { isReservedName } from './condition-rules.ts';
import { readLimits, readNumber } from './limits.ts';
import { fillCondition, type Lookup } from './placeholders.ts';
import { MINIMUM_QUERY, variablesOf } from './questions.ts';
import { readRange } from './range.ts';
import { windowBounds } from './window.ts';

export interface MetricCheckOptions {
  /** Step and PostPromotion: the metric must come to an end by itself. */
  mode?: AnalysisMode | undefined;
  /** The run ends after this; a metric that needs longer could never pass. */
  maxDurationMs?: number | undefined;
}

/** Anything shorter measures the same scrape again and again. */
const SHORTEST_INTERVAL_MS = 1_000;
const OF_SEQUENTIAL: readonly string[] = ['count', 'consecutiveErrorLimit', 'interval'];
/** One measurement asks all of them at once. */
const MOST_QUERIES = 10;
const QUERY_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,39}$/;

/** Everything about one metric that its schema cannot say. Paths begin with `path`. */
export function checkMetric(
  metric: Metric,
  path: string,
  lookup: Lookup,
  options: MetricCheckOptions = {},
): SchemaFault[] {
  return [
    ...checkQueries(metric, path, lookup),
    ...checkMinimum(metric, path, lookup),
    ...checkJudge(metric, path, lookup),
    ...checkConditions(metric, path, lookup),
    ...checkTimes(metric, path),
    ...checkLimits(metric, path, lookup, options),
  ];
}

/** A query as far as it can be checked without a server. */
function checkQueryText(
  query: string,
  path: string,
  lookup: Lookup,
  answer: QueryCheckOptions['answer'],
): SchemaFault[] {
  return checkQuery(query, lookup, { answer }).map((fault) => ({
    path,
    message: queryFaultText(query, fault),
  }));
}

function checkQueries(metric: Metric, path: string, lookup: Lookup): SchemaFault[] {
  const { query, queries, range, sequential, mannWhitney } = metric;
  const judged = mannWhitney ?? sequential;
  if (judged) {
    const faults = range && mannWhitney ? checkRange(range, metric, path, lookup) : [];
    const at = `${path}.${mannWhitney ? 'mannWhitney' : 'sequential'}`;
    return [...faults, ...checkJudgeQueries(judged, at, lookup, mannWhitney ? 'range' : 'raw')];
  }
  if ((query === undefined) === (queries === undefined)) {
    return [{ path, message: 'a metric needs exactly one of query and queries' }];
  }
  const faults = range ? checkRange(range, metric, path, lookup) : [];
  const answer = range ? 'range' : 'instant';
  if (query !== undefined) return [...checkQueryText(query, `${path}.query`, lookup, answer), ...faults];
  const entries = Object.entries(queries ?? {});
  if (entries.length === 0 || entries.length > MOST_QUERIES) {
    const message = `must have 1 to ${MOST_QUERIES} queries, and has ${entries.length}`;
    faults.push({ path: `${path}.queries`, message });
  }
  for (const [name, named] of entries) {
    faults.push(...checkQueryName(name, `${path}.queries`));
    faults.push(...checkQueryText(named.query, `${path}.queries.${name}.query`, lookup, answer));
  }
  return faults;
}

function checkJudgeQueries(
  judged: Sequential | MannWhitney,
  path: string,
  lookup: Lookup,
  answer: QueryCheckOptions['answer'],
): SchemaFault[] {
  return Object.entries(judged).flatMap(([field, part]) => {
    if (field === 'canary' || field === 'stable')
      return checkQueryText(String(part), `${path}.${field}`, lookup, answer);
    if (typeof part !== 'object' || !('canary' in part)) return [];
    return (['canary', 'stable'] as const).flatMap((arm) =>
      checkQueryText(part[arm], `${path}.${field}.${arm}`, lookup, answer),
    );
  });
}

function checkQueryName(name: string, path: string): SchemaFault[] {
  if (!QUERY_NAME.test(name)) {
    const message = `${JSON.stringify(name)} cannot be a variable of a condition: use letters, digits and _, a letter first, at most 40`;
    return [{ path, message }];
  }
  if (!isReservedName(name) && name !== MINIMUM_QUERY) return [];
  return [{ path, message: `the name ${name} means something else already; choose another` }];
}

function checkRange(
  range: NonNullable<Metric['range']>,
  metric: Metric,
  path: string,
  lookup: Lookup,
): SchemaFault[] {
  // Windows that cannot be read are told of by checkTimes.
  if (!areWindowsReadable(metric)) return [];
  const { faults } = readRange(range, windowBounds(metric).maxMs, lookup);
  return faults.map(({ field, message }) => ({ path: `${path}.range.${field}`, message }));
}

function areWindowsReadable({ minWindow = '1s', maxWindow = '1s' }: Metric): boolean {
  return parseDurationMs(minWindow) !== undefined && parseDurationMs(maxWindow) !== undefined;
}

function checkMinimum({ minimum }: Metric, path: string, lookup: Lookup): SchemaFault[] {
  if (!minimum) return [];
  const value = readNumber(minimum.value, lookup);
  const faults = checkQueryText(minimum.query, `${path}.minimum.query`, lookup, 'instant');
  const at = `${path}.minimum.value`;
  if (typeof value === 'object') return [...faults, { path: at, message: value.fault }];
  if (value === 'unknown' || value > 0) return faults;
  return [...faults, { path: at, message: `must be above 0, and is ${value}: less can never be observed` }];
}

function checkConditions(metric: Metric, path: string, lookup: Lookup): SchemaFault[] {
  if (!areVariablesKnown(metric)) return [];
  const variables = variablesOf(metric);
  return (['successCondition', 'failureCondition'] as const).flatMap((field) => {
    const source = metric[field];
    if (source === undefined) return [];
    const { text, faults } = fillCondition(source, lookup);
    if (faults.length > 0) return faults.map((message) => ({ path: `${path}.${field}`, message }));
    const compiled = compileCondition(text, variables);
    if (compiled.ok) return [];
    return [{ path: `${path}.${field}`, message: `${compiled.message} (position ${compiled.offset})` }];
  });
}

/** Whether it is clear which variables the conditions have; else their faults would only hide the first one. */
function areVariablesKnown({ query, queries }: Metric): boolean {
  if (!queries) return query !== undefined;
  const names = Object.keys(queries);
  return (
    query === undefined && names.length > 0 && names.every((name) => checkQueryName(name, '').length === 0)
  );
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
  const { limits, faults: found } = readLimits(metric, lookup);
  // Of the limits, a sequential test has only those that its interval and its errors have.
  const faults = metric.sequential ? found.filter(({ field }) => OF_SEQUENTIAL.includes(field)) : found;
  const all = faults.map(({ field, message }) => ({ path: `${path}.${field}`, message }));
  const intervalMs = parseDurationMs(metric.interval ?? '');
  const mustEnd = mode === 'Step' || mode === 'PostPromotion';
  if (mustEnd && intervalMs !== undefined && !metric.sequential) {
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
  if (maxDurationMs !== undefined && count !== undefined && !metric.sequential) {
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
