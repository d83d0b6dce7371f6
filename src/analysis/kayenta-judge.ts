import { finiteValues, meanOf, type NanStrategy, withNoise, withoutOutliers } from './kayenta-samples.ts';
import {
  mannWhitneyTest,
  SHIFT_DEFAULTS,
  type ShiftInterval,
  type ShiftSearch,
  shiftInterval,
} from './mann-whitney.ts';
import type { SampleValue } from './query-answer.ts';
import { rankSum } from './rank-sum.ts';

/** How one metric is compared; the names and defaults of Kayenta's canary configuration. */
export interface KayentaMetric {
  /** Which change is bad. */
  direction: 'increase' | 'decrease' | 'either';
  nanStrategy: NanStrategy;
  /** If it is worse, the score of the whole canary is 0. */
  critical: boolean;
  /** Without data it counts as failed. */
  mustHaveData: boolean;
  effectSize: EffectSize;
  outliers: { strategy: 'keep' | 'remove'; factor: number };
  /** With fewer points on either side after cleaning there is no data: tiny samples are flagged by chance. */
  minimumPoints: number;
  /** The difference is a change if the whole interval is farther from zero than this part of the estimate. */
  tolerance: number;
  search: ShiftSearch;
}

/** How large a change must be to count: a ratio of means, or how often a canary's value is the larger (CLES). */
export interface EffectSize {
  measure: 'meanRatio' | 'cles';
  allowedIncrease: number;
  allowedDecrease: number;
  criticalIncrease: number;
  criticalDecrease: number;
}

export type KayentaLabel = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error';

export type KayentaReason =
  /** Pass: the values are the same on both sides. */
  | 'Equal'
  /** Pass: the interval does not clear the tolerance on a side that is bad. */
  | 'NoChange'
  /** Pass: it does, but the effect is within what is allowed. */
  | 'SmallEffect'
  /** High or Low. */
  | 'Increase'
  | 'Decrease'
  /** Nodata or NodataFailMetric; or Pass, as Kayenta has it for `replace` without a minimum of points. */
  | 'NoPoints'
  | 'FewPoints'
  /** Error: the ranks tell nothing. */
  | 'NoVariance';

/** What the comparison of one metric found. */
export interface KayentaResult {
  label: KayentaLabel;
  reason: KayentaReason;
  /** Whether it makes the whole canary fail. */
  critical: boolean;
  /** The ratio of the means, canary to stable; undefined if either is 0. 1 without data. */
  deviation: number | undefined;
  /** By the measure of `effectSize`; undefined where it was not needed or cannot be had. */
  effect: number | undefined;
  /** By how much the canary is larger. */
  shift: ShiftInterval | undefined;
  /** Two-sided, of the Mann–Whitney test; Kayenta decides by the interval and the effect. */
  pValue: number | undefined;
  /** How many points were compared. */
  points: { canary: number; stable: number };
}

/** What to use unless told otherwise. Guard and root tolerance are better than Kayenta's; `UPSTREAM` has those. */
export const KAYENTA_DEFAULTS: KayentaMetric = {
  direction: 'either',
  nanStrategy: 'remove',
  critical: false,
  mustHaveData: false,
  effectSize: effectSizeOf('meanRatio'),
  outliers: { strategy: 'keep', factor: 3 },
  minimumPoints: 8,
  tolerance: 0.25,
  search: SHIFT_DEFAULTS,
};

/** Where Kayenta differs: no minimum of points, no counting out, and roots as they are found, in absolute units. */
export const UPSTREAM = {
  minimumPoints: 0,
  search: { confidence: 0.98, exactUpTo: 0, rootTolerance: { absolute: 1e-4 }, centred: false },
} as const satisfies Partial<KayentaMetric>;

/** An effect size that allows no change, by its measure's own neutral value. */
export function effectSizeOf(measure: EffectSize['measure']): EffectSize {
  const neutral = measure === 'cles' ? 0.5 : 1;
  return {
    measure,
    allowedIncrease: neutral,
    allowedDecrease: neutral,
    criticalIncrease: neutral,
    criticalDecrease: neutral,
  };
}

/**
 * Compares one metric's points of the canary with those of the stable version as Kayenta's NetflixACAJudge does:
 * cleans both, estimates the shift with the Mann–Whitney interval, and calls it High or Low if the interval
 * clears a part of its own estimate and the effect is larger than allowed.
 */
export function judgeKayenta(
  canary: readonly SampleValue[],
  stable: readonly SampleValue[],
  metric: KayentaMetric = KAYENTA_DEFAULTS,
): KayentaResult {
  const [x, y] = [clean(canary, metric), clean(stable, metric)];
  const points = { canary: x.length, stable: y.length };
  const found = (
    label: KayentaLabel,
    reason: KayentaReason,
    facts: Partial<Pick<KayentaResult, 'deviation' | 'effect' | 'shift' | 'pValue'>> = {},
  ): KayentaResult => ({
    label,
    reason,
    critical: metric.critical && isCritical(label, facts.effect, metric.effectSize),
    deviation: ratioOfMeans(x, y),
    effect: undefined,
    shift: undefined,
    pValue: undefined,
    points,
    ...facts,
  });

  const fewest = Math.min(x.length, y.length);
  if (fewest === 0 || fewest < metric.minimumPoints) {
    // A pass for nothing at all is what Kayenta does with `replace`; a minimum of points rules it out.
    if (metric.nanStrategy === 'replace' && metric.minimumPoints <= 0) {
      return found('Pass', 'NoPoints', { deviation: 1 });
    }
    const label = metric.mustHaveData && !metric.critical ? 'NodataFailMetric' : 'Nodata';
    return found(label, fewest === 0 ? 'NoPoints' : 'FewPoints', { deviation: 1 });
  }
  if (isSame(x, y) || new Set([...x, ...y]).size === 1) return found('Pass', 'Equal');

  const areConstant = new Set(x).size === 1 && new Set(y).size === 1;
  const [a, b] = areConstant ? [withNoise(x), withNoise(y)] : [x, y];
  const shift = shiftInterval(a, b, metric.search);
  if (!shift) return found('Error', 'NoVariance');
  const effect = effectOf(a, b, metric.effectSize);
  const facts = { shift, effect, pValue: mannWhitneyTest(a, b, metric.search)?.pValue };
  const bound = metric.tolerance * Math.abs(shift.estimate);
  const { allowedIncrease, allowedDecrease } = metric.effectSize;
  if (metric.direction !== 'decrease' && shift.low > bound) {
    const isAllowed = effect !== undefined && effect < allowedIncrease;
    return isAllowed ? found('Pass', 'SmallEffect', facts) : found('High', 'Increase', facts);
  }
  if (metric.direction !== 'increase' && shift.high < -bound) {
    const isAllowed = effect !== undefined && effect > allowedDecrease;
    return isAllowed ? found('Pass', 'SmallEffect', facts) : found('Low', 'Decrease', facts);
  }
  return found('Pass', 'NoChange', facts);
}

function clean(points: readonly SampleValue[], { nanStrategy, outliers }: KayentaMetric): number[] {
  const values = finiteValues(points, nanStrategy);
  return outliers.strategy === 'remove' && values.length > 0
    ? withoutOutliers(values, outliers.factor)
    : values;
}

function isCritical(label: KayentaLabel, effect: number | undefined, effectSize: EffectSize): boolean {
  if (label === 'Nodata' || label === 'NodataFailMetric' || label === 'Error') return true;
  if (label === 'High') return effect === undefined || effect >= effectSize.criticalIncrease;
  if (label === 'Low') return effect === undefined || effect <= effectSize.criticalDecrease;
  return false;
}

function isSame(x: readonly number[], y: readonly number[]): boolean {
  const others = y.toSorted((one, other) => one - other);
  return (
    x.length === y.length &&
    x.toSorted((one, other) => one - other).every((value, index) => value === others[index])
  );
}

function effectOf(x: readonly number[], y: readonly number[], { measure }: EffectSize): number | undefined {
  if (measure === 'meanRatio') return ratioOfMeans(x, y);
  const ascending = (values: readonly number[]) => values.toSorted((one, other) => one - other);
  return rankSum(ascending(x), ascending(y)).u / (x.length * y.length);
}

function ratioOfMeans(x: readonly number[], y: readonly number[]): number | undefined {
  const [canary, stable] = [meanOf(x), meanOf(y)];
  return canary === 0 || stable === 0 ? undefined : canary / stable;
}
