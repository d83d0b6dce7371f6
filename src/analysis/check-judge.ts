import type { Metric } from '../api/analysis-template.ts';
import type { MannWhitney, Sequential } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';

const CONDITIONS = ['successCondition', 'failureCondition'] as const;
const QUERIES = ['query', 'queries'] as const;
const COUNTED = [
  'failureLimit',
  'consecutiveFailureLimit',
  'inconclusiveLimit',
  'consecutiveSuccessLimit',
] as const;

/** A number of a judge: above `least` and below `most`, or at them where it says so. */
interface Bounds {
  least: number;
  most?: number;
  atLeast?: boolean;
}

const SEQUENTIAL_BOUNDS = {
  ratio: { least: 1, atLeast: true },
  alpha: { least: 0, most: 0.5 },
  beta: { least: 0, most: 0.5 },
  safeRatio: { least: 1 },
  safeRate: { least: 0, most: 1 },
  minRequests: { least: 1, atLeast: true },
  minEvents: { least: 1, atLeast: true },
} as const satisfies Partial<Record<keyof Sequential, Bounds>>;

const MANN_WHITNEY_BOUNDS = {
  tolerance: { least: 0, atLeast: true },
  confidence: { least: 0.5, most: 1 },
  minimumPoints: { least: 1, atLeast: true },
} as const satisfies Partial<Record<keyof MannWhitney, Bounds>>;

/** What is wrong with how a metric is judged: by conditions, or by one judge and what goes with it. */
export function checkJudge(metric: Metric, path: string): SchemaFault[] {
  const { sequential, mannWhitney } = metric;
  const hasConditions = CONDITIONS.some((field) => metric[field] !== undefined);
  const ways = [hasConditions, sequential, mannWhitney].filter(Boolean).length;
  if (ways === 0) {
    const message = 'a metric needs a successCondition or a failureCondition, such as `value >= 0.95`';
    return [{ path, message }];
  }
  if (ways > 1) {
    return [{ path, message: 'a metric has conditions, or sequential, or mannWhitney: keep one of them' }];
  }
  if (sequential) return checkSequential(sequential, metric, path);
  return mannWhitney ? checkMannWhitney(mannWhitney, metric, path) : [];
}

function checkSequential(sequential: Sequential, metric: Metric, path: string): SchemaFault[] {
  const { events, good, total, histogram } = sequential;
  const at = `${path}.sequential`;
  const idle = [...QUERIES, ...COUNTED, 'range', 'minimum', 'noData'] as const;
  const faults = meansNothing(metric, idle, path, 'sequential');
  const isCounting =
    histogram === undefined && total !== undefined && (events === undefined) !== (good === undefined);
  const isHistogram = histogram !== undefined && (events ?? good ?? total) === undefined;
  if (!isCounting && !isHistogram) {
    const message = 'counts either events with total, or good with total, or a histogram alone';
    faults.push({ path: at, message });
  }
  if (metric.interval === undefined) {
    faults.push({
      path: `${path}.interval`,
      message: 'is needed beside sequential, which looks again and again',
    });
  }
  return [...faults, ...checkNumbers(sequential, SEQUENTIAL_BOUNDS, at)];
}

function checkMannWhitney(mannWhitney: MannWhitney, metric: Metric, path: string): SchemaFault[] {
  const faults = meansNothing(metric, [...QUERIES, 'minimum'], path, 'mannWhitney');
  if (!metric.range) {
    const message =
      'is needed beside mannWhitney, which compares ranges of samples: {window: 10m, step: 15s}, say';
    faults.push({ path: `${path}.range`, message });
  }
  const { factor } = mannWhitney.outliers ?? {};
  const at = `${path}.mannWhitney`;
  if (factor !== undefined && !(factor > 0)) {
    faults.push({ path: `${at}.outliers.factor`, message: `must be above 0, and is ${factor}` });
  }
  return [...faults, ...checkNumbers(mannWhitney, MANN_WHITNEY_BOUNDS, at)];
}

function meansNothing(
  metric: Metric,
  fields: readonly (keyof Metric)[],
  path: string,
  judge: string,
): SchemaFault[] {
  return fields.flatMap((field) =>
    metric[field] === undefined
      ? []
      : [{ path: `${path}.${field}`, message: `means nothing beside ${judge}; take it away` }],
  );
}

function checkNumbers(
  fields: Readonly<Record<string, unknown>>,
  bounds: Readonly<Record<string, Bounds>>,
  path: string,
): SchemaFault[] {
  return Object.entries(bounds).flatMap(([field, { least, most = Infinity, atLeast = false }]) => {
    const value = fields[field];
    if (typeof value !== 'number') return [];
    if ((value > least || (atLeast && value === least)) && value < most) return [];
    const below = most === Infinity ? '' : ` and below ${most}`;
    const message = `must be ${atLeast ? 'at least' : 'above'} ${least}${below}, and is ${value}`;
    return [{ path: `${path}.${field}`, message }];
  });
}
