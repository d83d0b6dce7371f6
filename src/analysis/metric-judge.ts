import type { Metric } from '../api/analysis-template.ts';
import type { MannWhitney, Sequential } from '../api/judge-schemas.ts';
import { namesBoundary } from './bucket-boundaries.ts';
import { formatNumber } from './format-number.ts';
import { effectSizeOf, KAYENTA_DEFAULTS, type KayentaMetric } from './kayenta-judge.ts';
import { readNumber } from './limits.ts';
import type { Lookup } from './placeholders.ts';
import { SEQUENTIAL_DEFAULTS, type SequentialParameters } from './sequential-test.ts';

/** What judges a metric in place of conditions, with its defaults filled in. */
export type Judge =
  | {
      kind: 'sequential';
      counts: 'events' | 'good' | 'histogram';
      /** What is good is counted by a bucket of a histogram. */
      isBucket: boolean;
      parameters: SequentialParameters;
    }
  /** With a group it counts in the score of the run, and decides nothing by itself. */
  | { kind: 'mannWhitney'; parameters: KayentaMetric; group?: string };

/** The judge of a metric, with its arguments filled in; undefined for one that has conditions. */
export function judgeOf({ sequential, mannWhitney }: Metric, lookup: Lookup): Judge | undefined {
  if (sequential) {
    const counts = sequential.histogram ? 'histogram' : sequential.good ? 'good' : 'events';
    const isBucket = Object.values(sequential.good ?? {}).some(namesBoundary);
    return { kind: 'sequential', counts, isBucket, parameters: sequentialParameters(sequential, lookup) };
  }
  if (!mannWhitney) return undefined;
  const { group } = mannWhitney;
  return {
    kind: 'mannWhitney',
    parameters: mannWhitneyParameters(mannWhitney, lookup),
    ...(group !== undefined && { group }),
  };
}

function sequentialParameters(fields: Sequential, lookup: Lookup): SequentialParameters {
  const { ratio, alpha, beta, safeRatio, minRequests, minEvents } = SEQUENTIAL_DEFAULTS;
  const read = reader(lookup);
  const safeRate = read(fields.safeRate);
  return {
    ratio: read(fields.ratio) ?? ratio,
    alpha: read(fields.alpha) ?? alpha,
    beta: read(fields.beta) ?? beta,
    safeRatio: read(fields.safeRatio) ?? safeRatio,
    ...(safeRate !== undefined && { safeRate }),
    minRequests: read(fields.minRequests) ?? minRequests,
    minEvents: read(fields.minEvents) ?? minEvents,
  };
}

function mannWhitneyParameters(fields: MannWhitney, lookup: Lookup): KayentaMetric {
  const { direction, nanStrategy, outliers, minimumPoints, tolerance, search } = KAYENTA_DEFAULTS;
  const read = reader(lookup);
  const { strategy = outliers.strategy, factor } = fields.outliers ?? {};
  const { measure = 'meanRatio', allowedIncrease, allowedDecrease } = fields.effectSize ?? {};
  const neutral = effectSizeOf(measure);
  return {
    ...KAYENTA_DEFAULTS,
    direction: fields.direction ?? direction,
    nanStrategy: fields.nanStrategy ?? nanStrategy,
    critical: fields.critical ?? false,
    outliers: { strategy, factor: read(factor) ?? outliers.factor },
    minimumPoints: read(fields.minimumPoints) ?? minimumPoints,
    tolerance: read(fields.tolerance) ?? tolerance,
    search: { ...search, confidence: read(fields.confidence) ?? search.confidence },
    effectSize: {
      ...neutral,
      allowedIncrease: read(allowedIncrease) ?? neutral.allowedIncrease,
      allowedDecrease: read(allowedDecrease) ?? neutral.allowedDecrease,
    },
  };
}

/** Reads numbers of a judge; what is unset, has no value yet, or is a fault that `checkJudge` tells, is undefined. */
function reader(lookup: Lookup): (field: number | string | undefined) => number | undefined {
  return (field) => {
    const number = field === undefined ? undefined : readNumber(field, lookup);
    return typeof number === 'number' ? number : undefined;
  };
}

/** A judge as messages name it, in the place of conditions. */
export function judgeText(judge: Judge): string {
  if (judge.kind === 'mannWhitney') {
    const { direction, search } = judge.parameters;
    const change = direction === 'either' ? 'change' : direction;
    return `the Mann-Whitney test against ${change === 'increase' ? 'an' : 'a'} ${change} (confidence ${search.confidence})`;
  }
  const { ratio, safeRatio, alpha, safeRate } = judge.parameters;
  const rate = safeRate === undefined ? '' : `, safe rate ${formatNumber(safeRate)}`;
  return `the sequential test (ratio ${ratio}, safe ratio ${safeRatio}${rate}, alpha ${alpha})`;
}
