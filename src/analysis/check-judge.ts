import type { Metric } from '../api/analysis-template.ts';
import type { MannWhitney, Sequential } from '../api/judge-schemas.ts';
import type { SchemaFault } from '../api/kind.ts';
import { readNumber } from './limits.ts';
import type { Lookup } from './placeholders.ts';

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
  least?: number;
  most?: number;
  atLeast?: boolean;
  whole?: boolean;
}

const SEQUENTIAL_BOUNDS = {
  ratio: { least: 1, atLeast: true },
  alpha: { least: 0, most: 0.5 },
  beta: { least: 0, most: 0.5 },
  safeRatio: { least: 1 },
  safeRate: { least: 0, most: 1 },
  minRequests: { least: 1, atLeast: true, whole: true },
  minEvents: { least: 1, atLeast: true, whole: true },
} as const satisfies Partial<Record<keyof Sequential, Bounds>>;

const MANN_WHITNEY_BOUNDS = {
  tolerance: { least: 0, atLeast: true },
  confidence: { least: 0.5, most: 1 },
  minimumPoints: { least: 1, atLeast: true, whole: true },
} as const satisfies Partial<Record<keyof MannWhitney, Bounds>>;
const OUTLIERS_BOUNDS = { factor: { least: 0 } };
const EFFECT_BOUNDS = { allowedIncrease: {}, allowedDecrease: {} };

/** What is wrong with how a metric is judged: by conditions, or by one judge and what goes with it. */
export function checkJudge(metric: Metric, path: string, lookup: Lookup): SchemaFault[] {
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
  if (sequential) return checkSequential(sequential, metric, path, lookup);
  return mannWhitney ? checkMannWhitney(mannWhitney, metric, path, lookup) : [];
}

function checkSequential(
  sequential: Sequential,
  metric: Metric,
  path: string,
  lookup: Lookup,
): SchemaFault[] {
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
  return [...faults, ...checkNumbers(sequential, SEQUENTIAL_BOUNDS, at, lookup)];
}

function checkMannWhitney(
  mannWhitney: MannWhitney,
  metric: Metric,
  path: string,
  lookup: Lookup,
): SchemaFault[] {
  const faults = meansNothing(metric, [...QUERIES, 'minimum'], path, 'mannWhitney');
  if (!metric.range) {
    const message =
      'is needed beside mannWhitney, which compares ranges of samples: {window: 10m, step: 15s}, say';
    faults.push({ path: `${path}.range`, message });
  }
  const at = `${path}.mannWhitney`;
  const { outliers = {}, effectSize = {} } = mannWhitney;
  return [
    ...faults,
    ...checkNumbers(outliers, OUTLIERS_BOUNDS, `${at}.outliers`, lookup),
    ...checkNumbers(effectSize, EFFECT_BOUNDS, `${at}.effectSize`, lookup),
    ...checkNumbers(mannWhitney, MANN_WHITNEY_BOUNDS, at, lookup),
  ];
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

/** Checks the numbers of a judge as far as they are known: an argument may have no value yet. */
function checkNumbers(
  fields: Readonly<Record<string, unknown>>,
  bounds: Readonly<Record<string, Bounds>>,
  path: string,
  lookup: Lookup,
): SchemaFault[] {
  return Object.entries(bounds).flatMap(([field, { least = -Infinity, most = Infinity, ...more }]) => {
    const given = fields[field];
    if (typeof given !== 'number' && typeof given !== 'string') return [];
    const value = readNumber(given, lookup);
    const at = `${path}.${field}`;
    if (value === 'unknown') return [];
    if (typeof value === 'object') return [{ path: at, message: value.fault }];
    if (more.whole && !Number.isSafeInteger(value)) {
      return [{ path: at, message: `must be a whole number, and is ${value}` }];
    }
    if ((value > least || (more.atLeast && value === least)) && value < most) return [];
    const below = most === Infinity ? '' : ` and below ${most}`;
    const message = `must be ${more.atLeast ? 'at least' : 'above'} ${least}${below}, and is ${value}`;
    return [{ path: at, message }];
  });
}
