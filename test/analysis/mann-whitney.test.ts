import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brentRoot } from '../../src/analysis/brent-root.ts';
import { mannWhitneyTest, SHIFT_DEFAULTS, shiftInterval } from '../../src/analysis/mann-whitney.ts';
import { distributionOfU, rankSum, varianceOfU } from '../../src/analysis/rank-sum.ts';
import { samplesWithU, splits } from './enumeration.ts';

/** Permeability of a membrane at term and between weeks 12 and 26 (Hollander & Wolfe 1973, p. 69; R's example). */
const AT_TERM = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
const EARLIER = [1.15, 0.88, 0.9, 0.74, 1.21];

const counting = (length: number) => Array.from({ length }, (_, index) => index + 1);
const ascending = (values: readonly number[]) => values.toSorted((one, other) => one - other);
/** U as it is defined: by looking at all pairs. */
const pairsWon = (first: readonly number[], second: readonly number[]) =>
  first
    .flatMap((x) => second.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)))
    .reduce<number>((sum, won) => sum + won, 0);

const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }));
const sample = fc.array(value, { minLength: 1, maxLength: 25 });

describe('the ranks', () => {
  test('property: U is the number of pairs in which the first is larger, ties counting half', () => {
    fc.assert(
      fc.property(sample, sample, (first, second) => {
        expect(rankSum(ascending(first), ascending(second)).u).toBe(pairsWon(first, second));
      }),
    );
  });

  test.each([
    [1, 1],
    [2, 3],
    [4, 4],
    [5, 3],
    [5, 5],
  ])(
    'the distribution of U for %i and %i values is that of all ways to share out the ranks',
    (first, second) => {
      const all = splits(counting(first + second), first);
      const counts = counting(first * second + 1).map(() => 0);
      for (const [taken, left] of all) {
        const u = pairsWon(taken, left);
        counts[u] = (counts[u] ?? 0) + 1;
      }
      const expected = counts.map((count) => count / all.length);
      expect(distributionOfU(first, second).map((chance) => chance.toFixed(12))).toEqual(
        expected.map((chance) => chance.toFixed(12)),
      );
    },
  );

  test('the variance with ties is that of all ways to share out the tied values', () => {
    const pool = [1, 1, 1, 2, 3, 3, 4, 5];
    const all = splits(pool, 4).map(([taken, left]) => pairsWon(taken, left));
    const variance = all.reduce((sum, u) => sum + (u - 8) ** 2, 0) / all.length;
    expect(varianceOfU(4, 4, 3 ** 3 - 3 + (2 ** 3 - 2))).toBeCloseTo(variance, 12);
  });

  test('the variance is exactly 0 if everything is tied', () => {
    expect(varianceOfU(850, 851, 1_701 ** 3 - 1_701)).toBe(0);
  });
});

describe('the p-value', () => {
  test('of the permeability of membranes is the one in the documentation of R: W = 35, one-sided 0.1272', () => {
    const found = mannWhitneyTest(AT_TERM, EARLIER);
    expect(found).toMatchObject({ u: 35, method: 'exact' });
    expect((found?.pValue ?? 0) / 2).toBeCloseTo(0.1272, 4);
    const all = splits(counting(15), 10);
    const asLarge = all.filter(([taken, left]) => pairsWon(taken, left) >= 35).length;
    expect((found?.pValue ?? 0) / 2).toBeCloseTo(asLarge / all.length, 12);
  });

  test('of ozone in May and in August, with ties, is the one in the documentation of R: W = 127.5, 0.0001208', () => {
    const may = [
      41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37,
    ];
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84,
      85,
    ];
    const found = mannWhitneyTest(may, august);
    expect(found).toMatchObject({ u: 127.5, method: 'normal' });
    expect(found?.pValue).toBeCloseTo(0.0001208, 7);
  });

  test.each([
    [3, 0.1],
    [4, 0.0286],
    [5, 0.0079],
    [6, 0.0022],
    [8, 0.00016],
  ])('of two samples of %i that do not overlap is the least there can be: %f', (size, least) => {
    const { pValue = 0 } =
      mannWhitneyTest(
        counting(size),
        counting(size).map((value) => value + 100),
      ) ?? {};
    expect(Math.abs(pValue - least)).toBeLessThan(5e-5);
  });

  test.each([
    [4, 0.0286, 0],
    [5, 0.0317, 0.0079],
    [6, 0.0411, 0.0087],
    [8, 0.0379, 0.0148],
    [10, 0.0433, 0.0147],
    [20, 0.0491, 0.0181],
  ])(
    'as normal, for two samples of %i, is below 0.05 with chance %f and below 0.02 with %f',
    (size, at05, at02) => {
      const sizeOfTest = (level: number) =>
        distributionOfU(size, size).reduce((sum, chance, u) => {
          const found = mannWhitneyTest(...samplesWithU(size, size, u), { exactUpTo: 0 });
          expect(found).toMatchObject({ u, method: 'normal' });
          return sum + ((found?.pValue ?? 1) <= level ? chance : 0);
        }, 0);
      expect(sizeOfTest(0.05)).toBeCloseTo(at05, 4);
      expect(sizeOfTest(0.02)).toBeCloseTo(at02, 4);
    },
  );

  test('cannot be had if all values are equal', () => {
    expect(mannWhitneyTest([1, 1, 1], [1, 1])).toBeUndefined();
    expect(shiftInterval([1, 1, 1], [1, 1])).toBeUndefined();
  });

  test('property: lies in [0, 1], whichever sample comes first', () => {
    fc.assert(
      fc.property(sample, sample, fc.constantFrom(0, 10), (first, second, exactUpTo) => {
        const one = mannWhitneyTest(first, second, { exactUpTo });
        const other = mannWhitneyTest(second, first, { exactUpTo });
        fc.pre(one !== undefined && other !== undefined);
        expect(one.pValue).toBeGreaterThanOrEqual(0);
        expect(one.pValue).toBeLessThanOrEqual(1);
        expect(one.pValue).toBeCloseTo(other.pValue, 12);
      }),
    );
  });

  test('property: only the order of the values matters', () => {
    fc.assert(
      fc.property(sample, sample, (first, second) => {
        const order = ascending([...first, ...second]);
        const ranks = (values: number[]) => values.map((value) => order.indexOf(value));
        expect(mannWhitneyTest(ranks(first), ranks(second))).toEqual(mannWhitneyTest(first, second));
      }),
    );
  });
});

describe('the shift', () => {
  const at95 = { ...SHIFT_DEFAULTS, confidence: 0.95 };

  test('of the permeability of membranes: the 9th difference from either end, and the middle one', () => {
    // P(U ≤ 9) is the first to reach 0.025, so the ends are the 9th of the 50 differences from either side.
    const differences = ascending(AT_TERM.flatMap((x) => EARLIER.map((y) => x - y)));
    const chances = distributionOfU(10, 5);
    const upTo = (u: number) => chances.slice(0, u + 1).reduce((sum, chance) => sum + chance, 0);
    expect([upTo(8) < 0.025, upTo(9) >= 0.025]).toEqual([true, true]);
    expect(shiftInterval(AT_TERM, EARLIER, at95)).toEqual({
      low: differences[8],
      high: differences[41],
      estimate: ((differences[24] ?? 0) + (differences[25] ?? 0)) / 2,
      method: 'exact',
    });
  });

  test('as normal, is where the standardised rank sum jumps over the normal quantile', () => {
    const { low = 0, high = 0, method } = shiftInterval(AT_TERM, EARLIER, { ...at95, exactUpTo: 0 }) ?? {};
    expect(method).toBe('normal');
    const pAt = (shift: number) =>
      mannWhitneyTest(
        AT_TERM.map((value) => value - shift),
        EARLIER,
        { exactUpTo: 0 },
      )?.pValue ?? 0;
    const step = 1e-4;
    expect([pAt(low - step) < 0.05, pAt(low + step) > 0.05]).toEqual([true, true]);
    expect([pAt(high - step) > 0.05, pAt(high + step) < 0.05]).toEqual([true, true]);
  });

  test('of samples that are too small for the confidence is the range of all differences', () => {
    expect(shiftInterval([1, 2], [10, 20])).toMatchObject({ low: -19, high: -8 });
    expect(shiftInterval([1, 2], [10, 20], { ...SHIFT_DEFAULTS, exactUpTo: 0 })).toMatchObject({
      low: -19,
      high: -8,
    });
  });

  const distinct = fc.uniqueArray(fc.integer({ min: -10_000, max: 10_000 }), {
    minLength: 16,
    maxLength: 60,
  });

  test('property: holds its estimate, and turns round with the samples', () => {
    fc.assert(
      fc.property(distinct, (values) => {
        const half = Math.floor(values.length / 2);
        const [first, second] = [values.slice(0, half), values.slice(half)];
        const found = shiftInterval(first, second);
        const turned = shiftInterval(second, first);
        fc.pre(found !== undefined && turned !== undefined);
        expect(found.low).toBeLessThanOrEqual(found.estimate);
        expect(found.estimate).toBeLessThanOrEqual(found.high);
        // A root at a jump is found to a millionth of the range, which is at most 40 000 here.
        expect(Math.abs(found.low + turned.high)).toBeLessThan(0.1);
        expect(Math.abs(found.estimate + turned.estimate)).toBeLessThan(0.1);
      }),
    );
  });

  test('property: grows with the unit of the values, and with nothing else', () => {
    fc.assert(
      fc.property(distinct, fc.integer({ min: -40, max: 40 }), (values, exponent) => {
        const unit = 2 ** exponent;
        const half = Math.floor(values.length / 2);
        const found = shiftInterval(values.slice(0, half), values.slice(half));
        const scaled = values.map((value) => value * unit);
        const other = shiftInterval(scaled.slice(0, half), scaled.slice(half));
        fc.pre(found !== undefined);
        // Brent's own guard against rounding is the only part that is not to scale.
        for (const end of ['low', 'high', 'estimate'] as const) {
          expect(Math.abs((other?.[end] ?? 0) / unit - found[end])).toBeLessThan(0.1);
        }
      }),
    );
  });
});

describe("Brent's root", () => {
  test.each<[title: string, f: (x: number) => number, range: [number, number], root: number]>([
    ['of a line', (x) => 3 - 2 * x, [0, 10], 1.5],
    ['of cos x = x, the Dottie number', (x) => Math.cos(x) - x, [0, 1], 0.7390851332151607],
    ['of x³ − 2x − 5, the one Newton found', (x) => x ** 3 - 2 * x - 5, [2, 3], 2.0945514815423265],
    ['at an end of the range', (x) => x, [0, 1], 0],
    ['of a jump', (x) => (x < 0.3 ? 1 : -1), [-5, 5], 0.3],
    ['of what is flat for long', (x) => (x - 1) ** 9, [-1, 4], 1],
  ])('%s', (_title, f, range, root) => {
    expect(Math.abs(brentRoot(f, range, 1e-9) - root)).toBeLessThan(root === 1 ? 1e-2 : 1e-8);
  });

  test('needs far fewer steps than halving where the function is smooth', () => {
    let evaluations = 0;
    const counted = (x: number) => {
      evaluations += 1;
      return Math.exp(x) - 2;
    };
    expect(brentRoot(counted, [-10, 10], 1e-12)).toBeCloseTo(Math.LN2, 11);
    expect(evaluations).toBeLessThan(20);
  });
});
