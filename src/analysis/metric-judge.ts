import type { Metric } from '../api/analysis-template.ts';
import type { MannWhitney, Sequential } from '../api/judge-schemas.ts';
import { formatNumber } from './format-number.ts';
import { effectSizeOf, KAYENTA_DEFAULTS, type KayentaMetric } from './kayenta-judge.ts';
import { SEQUENTIAL_DEFAULTS, type SequentialParameters } from './sequential-test.ts';

/** What judges a metric in place of conditions, with its defaults filled in. */
export type Judge =
  | { kind: 'sequential'; counts: 'events' | 'good' | 'histogram'; parameters: SequentialParameters }
  /** With a group it counts in the score of the run, and decides nothing by itself. */
  | { kind: 'mannWhitney'; parameters: KayentaMetric; group?: string };

/** The judge of a metric; undefined for one that has conditions. */
export function judgeOf({ sequential, mannWhitney }: Metric): Judge | undefined {
  if (sequential) {
    const counts = sequential.histogram ? 'histogram' : sequential.good ? 'good' : 'events';
    return { kind: 'sequential', counts, parameters: sequentialParameters(sequential) };
  }
  if (!mannWhitney) return undefined;
  const { group } = mannWhitney;
  return {
    kind: 'mannWhitney',
    parameters: mannWhitneyParameters(mannWhitney),
    ...(group !== undefined && { group }),
  };
}

export function sequentialParameters(fields: Sequential): SequentialParameters {
  const { ratio, alpha, beta, safeRatio, minRequests, minEvents } = SEQUENTIAL_DEFAULTS;
  return {
    ratio: fields.ratio ?? ratio,
    alpha: fields.alpha ?? alpha,
    beta: fields.beta ?? beta,
    safeRatio: fields.safeRatio ?? safeRatio,
    ...(fields.safeRate !== undefined && { safeRate: fields.safeRate }),
    minRequests: fields.minRequests ?? minRequests,
    minEvents: fields.minEvents ?? minEvents,
  };
}

export function mannWhitneyParameters(fields: MannWhitney): KayentaMetric {
  const { direction, nanStrategy, outliers, minimumPoints, tolerance, search } = KAYENTA_DEFAULTS;
  const neutral = effectSizeOf(fields.effectSize?.measure ?? 'meanRatio');
  return {
    ...KAYENTA_DEFAULTS,
    direction: fields.direction ?? direction,
    nanStrategy: fields.nanStrategy ?? nanStrategy,
    critical: fields.critical ?? false,
    outliers: { ...outliers, ...defined(fields.outliers ?? {}) },
    minimumPoints: fields.minimumPoints ?? minimumPoints,
    tolerance: fields.tolerance ?? tolerance,
    search: { ...search, confidence: fields.confidence ?? search.confidence },
    effectSize: { ...neutral, ...defined(fields.effectSize ?? {}) },
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

function defined<T extends object>(fields: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
