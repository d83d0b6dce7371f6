import normalCdf from '@stdlib/stats-base-dists-normal-cdf';
import normalQuantile from '@stdlib/stats-base-dists-normal-quantile';
import { brentRoot } from './brent-root.ts';
import { distributionOfU, rankSum, varianceOfU } from './rank-sum.ts';

/** How the distribution of U is had: counted out, or as a normal one with the corrections for ties and steps. */
export type RankMethod = 'exact' | 'normal';

/** The shift between two samples: by how much the first is larger. */
export interface ShiftInterval {
  low: number;
  high: number;
  estimate: number;
  method: RankMethod;
}

/** How a shift is sought; `SHIFT_DEFAULTS` is what to use unless another program has to be matched. */
export interface ShiftSearch {
  /** The chance that the interval holds the shift, in (0, 1). */
  confidence: number;
  /** Samples up to this size each are counted out, if no two values are equal; 0 never does. */
  exactUpTo: number;
  /** How precisely the ends are sought: as a part of the range of all differences, or in units of the values. */
  rootTolerance: { relative: number } | { absolute: number };
  /** The ranks balance over a whole stretch of shifts: whether its middle is the estimate, or any point of it. */
  centred: boolean;
}

export const SHIFT_DEFAULTS: ShiftSearch = {
  confidence: 0.98,
  exactUpTo: 10,
  rootTolerance: { relative: 1e-6 },
  centred: true,
};

/** Less than any distance from balance that ranks can have, in standard deviations. */
const OFF_BALANCE = 1e-9;

/**
 * The two-sided p-value of the Mann–Whitney test that both samples come from one distribution. Neither may be
 * empty, all values are finite. Undefined if all values are equal, which no distribution of ranks tells about.
 */
export function mannWhitneyTest(
  first: readonly number[],
  second: readonly number[],
  { exactUpTo }: Pick<ShiftSearch, 'exactUpTo'> = SHIFT_DEFAULTS,
): { pValue: number; u: number; method: RankMethod } | undefined {
  const { u, ties } = rankSum(sorted(first), sorted(second));
  const pairs = first.length * second.length;
  if (isSmall(first, second, exactUpTo) && ties === 0) {
    const probabilities = distributionOfU(first.length, second.length);
    const tail = sumOf(probabilities.slice(0, Math.min(u, pairs - u) + 1));
    return { pValue: Math.min(1, 2 * tail), u, method: 'exact' };
  }
  const variance = varianceOfU(first.length, second.length, ties);
  if (variance <= 0) return undefined;
  const distance = Math.max(0, Math.abs(u - pairs / 2) - 0.5);
  return { pValue: 2 * normalCdf(-distance / Math.sqrt(variance), 0, 1), u, method: 'normal' };
}

/**
 * By how much the first sample is larger, with the interval that the Mann–Whitney test does not reject. Small
 * samples without ties: order statistics of all pairwise differences (Hodges & Lehmann 1963), as R's wilcox.test
 * has them. Others: the roots of the standardised rank sum, as R has them for exact=FALSE, inside the range of
 * the differences. Undefined if all values are equal.
 */
export function shiftInterval(
  first: readonly number[],
  second: readonly number[],
  search: ShiftSearch = SHIFT_DEFAULTS,
): ShiftInterval | undefined {
  const [x, y] = [sorted(first), sorted(second)];
  const { ties } = rankSum(x, y);
  if (varianceOfU(x.length, y.length, ties) <= 0) return undefined;
  // One way round is sought and the other is its mirror image: rounding must not tell canary and stable apart.
  if (search.centred && comesAfter(x, y)) {
    const mirrored = shiftInterval(y, x, search);
    return (
      mirrored && { ...mirrored, low: -mirrored.high, high: -mirrored.low, estimate: -mirrored.estimate }
    );
  }
  return isSmall(x, y, search.exactUpTo) && ties === 0
    ? exactShift(x, y, search.confidence)
    : normalShift(x, y, search);
}

function exactShift(x: readonly number[], y: readonly number[], confidence: number): ShiftInterval {
  const differences = x.flatMap((one) => y.map((other) => one - other)).toSorted((one, other) => one - other);
  const last = differences.length - 1;
  const probabilities = distributionOfU(x.length, y.length);
  let rejected = 0;
  let below = probabilities[0] ?? 0;
  while (below < (1 - confidence) / 2) {
    rejected += 1;
    below += probabilities[rejected] ?? 1;
  }
  // Even the widest interval of very small samples holds less than asked; it is the range of the differences.
  const skipped = Math.max(rejected - 1, 0);
  const middle = [differences[Math.floor(last / 2)] ?? 0, differences[Math.ceil(last / 2)] ?? 0];
  return {
    low: differences[skipped] ?? 0,
    high: differences[last - skipped] ?? 0,
    estimate: sumOf(middle) / 2,
    method: 'exact',
  };
}

function normalShift(
  x: readonly number[],
  y: readonly number[],
  search: ShiftSearch,
): ShiftInterval | undefined {
  const least = (x[0] ?? 0) - (y.at(-1) ?? 0);
  const largest = (x.at(-1) ?? 0) - (y[0] ?? 0);
  const { rootTolerance } = search;
  const tolerance =
    'relative' in rootTolerance ? rootTolerance.relative * (largest - least) : rootTolerance.absolute;
  const root = (quantile: number) => {
    const distance = (shift: number) => standardised(x, y, shift) - quantile;
    if (distance(least) <= 0) return least;
    if (distance(largest) >= 0) return largest;
    return brentRoot(distance, [least, largest], tolerance);
  };
  const quantile = normalQuantile((1 - search.confidence) / 2, 0, 1);
  const estimate = search.centred ? (root(OFF_BALANCE) + root(-OFF_BALANCE)) / 2 : root(0);
  const interval = { low: root(-quantile), high: root(quantile), estimate };
  return Object.values(interval).some(Number.isNaN) ? undefined : { ...interval, method: 'normal' };
}

/** How many standard deviations U is from its expectation once the first sample is shifted; NaN if all are equal. */
function standardised(x: readonly number[], y: readonly number[], shift: number): number {
  const { u, ties } = rankSum(x, y, shift);
  const distance = u - (x.length * y.length) / 2;
  return (distance - 0.5 * Math.sign(distance)) / Math.sqrt(varianceOfU(x.length, y.length, ties));
}

/** Whether the first sample comes after the second: by its size, then by its values. */
function comesAfter(first: readonly number[], second: readonly number[]): boolean {
  if (first.length !== second.length) return first.length > second.length;
  const index = first.findIndex((value, at) => value !== second[at]);
  return (first[index] ?? 0) > (second[index] ?? 0);
}

function isSmall(first: readonly number[], second: readonly number[], exactUpTo: number): boolean {
  return Math.max(first.length, second.length) <= exactUpTo;
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
