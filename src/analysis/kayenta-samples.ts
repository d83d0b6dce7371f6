import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import type { SampleValue } from './query-answer.ts';

/** What becomes of points without a finite value: they are left out, or they are zero. */
export type NanStrategy = 'remove' | 'replace';

const NOISE = 1e-5;

/** The finite values of a sample. A point that is NaN or infinite is none; `replace` makes it zero. */
export function finiteValues(points: readonly SampleValue[], strategy: NanStrategy): number[] {
  const values = points.map((point) =>
    typeof point === 'number' && Number.isFinite(point) ? point : undefined,
  );
  return strategy === 'replace'
    ? values.map((value) => value ?? 0)
    : values.filter((value) => value !== undefined);
}

/**
 * Leaves out what lies outside the quartiles by more than `factor` times their distance (Tukey's fences), but
 * nothing between the first and the last percentile, as Kayenta does.
 */
export function withoutOutliers(values: readonly number[], factor: number): number[] {
  const ascending = values.toSorted((one, other) => one - other);
  const [low, high] = [quantile(ascending, 0.25), quantile(ascending, 0.75)];
  const distance = factor * (high - low);
  const least = Math.min(quantile(ascending, 0.01), low - distance);
  const largest = Math.max(quantile(ascending, 0.99), high + distance);
  return values.filter((value) => value >= least && value <= largest);
}

/** A quantile of values that are sorted from the least, linear between neighbours (R's type 7); NaN of none. */
export function quantile(ascending: readonly number[], part: number): number {
  const position = (ascending.length - 1) * part;
  const below = ascending[Math.floor(position)] ?? Number.NaN;
  const above = ascending[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/**
 * A constant sample, spread as widely as normal noise of a hundred thousandth of its value. Kayenta draws that
 * noise, so that two of its runs may differ; here it is the quantiles of the noise, the same every time.
 */
export function withNoise(values: readonly number[]): number[] {
  return values.map(
    (value, index) => value + Math.abs(value) * NOISE * normalQuantile((index + 0.5) / values.length, 0, 1),
  );
}

/** The mean of the values; NaN of none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
