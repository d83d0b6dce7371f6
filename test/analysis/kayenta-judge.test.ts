import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  effectSizeOf,
  judgeKayenta,
  KAYENTA_DEFAULTS,
  type KayentaMetric,
  type KayentaResult,
  UPSTREAM,
} from '../../src/analysis/kayenta-judge.ts';
import { finiteValues, quantile, withNoise, withoutOutliers } from '../../src/analysis/kayenta-samples.ts';
import type { SampleValue } from '../../src/analysis/query-answer.ts';

const judge = (canary: SampleValue[], stable: SampleValue[], changes: Partial<KayentaMetric> = {}) =>
  judgeKayenta(canary, stable, { ...KAYENTA_DEFAULTS, ...changes });

const repeat = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);
/** Twelve different values around a centre, from one below to one above. */
const around = (centre: number) => Array.from({ length: 12 }, (_, index) => centre - 1 + (index * 2) / 11);

describe('the label', () => {
  test.each<
    [
      title: string,
      canary: SampleValue[],
      stable: SampleValue[],
      changes: Partial<KayentaMetric>,
      expected: Pick<KayentaResult, 'label' | 'reason'>,
    ]
  >([
    ['twice as high', around(20), around(10), {}, { label: 'High', reason: 'Increase' }],
    ['half as high', around(10), around(20), {}, { label: 'Low', reason: 'Decrease' }],
    [
      'twice as high, and lower is bad',
      around(20),
      around(10),
      { direction: 'decrease' },
      { label: 'Pass', reason: 'NoChange' },
    ],
    [
      'half as high, and higher is bad',
      around(10),
      around(20),
      { direction: 'increase' },
      { label: 'Pass', reason: 'NoChange' },
    ],
    [
      'the same values in another order',
      around(10).toReversed(),
      around(10),
      {},
      { label: 'Pass', reason: 'Equal' },
    ],
    ['the same value, more often', repeat(9, 5), repeat(12, 5), {}, { label: 'Pass', reason: 'Equal' }],
    ['hardly higher', around(10.1), around(10), {}, { label: 'Pass', reason: 'NoChange' }],
    [
      'twice as high, which is allowed',
      around(20),
      around(10),
      { effectSize: { ...effectSizeOf('meanRatio'), allowedIncrease: 2.5 } },
      { label: 'Pass', reason: 'SmallEffect' },
    ],
    [
      'half as high, which is allowed',
      around(10),
      around(20),
      { effectSize: { ...effectSizeOf('meanRatio'), allowedDecrease: 0.4 } },
      { label: 'Pass', reason: 'SmallEffect' },
    ],
    [
      'higher in every pair, measured by CLES',
      around(20),
      around(10),
      { effectSize: { ...effectSizeOf('cles'), allowedIncrease: 1 } },
      { label: 'High', reason: 'Increase' },
    ],
    ['constant and higher', repeat(12, 7), repeat(12, 5), {}, { label: 'High', reason: 'Increase' }],
    [
      'constant and higher by less than the noise',
      repeat(12, 7),
      repeat(12, 7 - 1e-6),
      {},
      { label: 'Pass', reason: 'NoChange' },
    ],
    [
      'zero against a constant: the ratio of means says nothing',
      repeat(12, 0),
      repeat(12, 5),
      {},
      { label: 'Low', reason: 'Decrease' },
    ],
    ['no points', [], around(10), {}, { label: 'Nodata', reason: 'NoPoints' }],
    [
      'points without a value',
      repeat(12, 'NaN' as const),
      around(10),
      {},
      { label: 'Nodata', reason: 'NoPoints' },
    ],
    ['too few points', [1, 2, 3, 4, 5, 6, 7], around(10), {}, { label: 'Nodata', reason: 'FewPoints' }],
    ['too few equal points', repeat(3, 5), repeat(3, 5), {}, { label: 'Nodata', reason: 'FewPoints' }],
    [
      'no points, though they must be there',
      [],
      around(10),
      { mustHaveData: true },
      { label: 'NodataFailMetric', reason: 'NoPoints' },
    ],
    [
      'no points, though they must be there, of a critical metric',
      [],
      around(10),
      { mustHaveData: true, critical: true },
      { label: 'Nodata', reason: 'NoPoints' },
    ],
    [
      'no points, replaced',
      [],
      around(10),
      { nanStrategy: 'replace' },
      { label: 'Nodata', reason: 'NoPoints' },
    ],
    [
      'no points, replaced, as Kayenta has it',
      [],
      around(10),
      { nanStrategy: 'replace', ...UPSTREAM },
      { label: 'Pass', reason: 'NoPoints' },
    ],
    [
      'points without a value, replaced by zero',
      repeat(12, 'NaN' as const),
      around(10),
      { nanStrategy: 'replace' },
      { label: 'Low', reason: 'Decrease' },
    ],
  ])('%s', (_title, canary, stable, changes, expected) => {
    expect(judge(canary, stable, changes)).toMatchObject(expected);
  });

  test('seven of ten points a hundred times as high pass, eight do not (Kayenta #426)', () => {
    const canary = (high: number) => [...repeat(high, 100), ...repeat(10 - high, 1)];
    const stable = repeat(10, 1);
    for (const changes of [{}, UPSTREAM]) {
      expect([7, 8].map((high) => judge(canary(high), stable, changes).label)).toEqual(['Pass', 'High']);
    }
  });

  test('two points by chance in order are flagged by Kayenta, and not with a minimum of points', () => {
    expect(judge([14, 15], [9, 10], UPSTREAM).label).toBe('High');
    expect(judge([14, 15], [9, 10]).label).toBe('Nodata');
  });

  test('small units hide the estimate from Kayenta, and not from a relative tolerance', () => {
    // Differences below 1e-4 are all one to a search that is only that precise.
    const seconds = (values: number[]) => values.map((value) => value * 1e-6);
    const ratio = ({ shift }: KayentaResult) => (shift?.estimate ?? 0) / 1e-6;
    const exact = judge(around(20), around(10), { search: { ...KAYENTA_DEFAULTS.search, exactUpTo: 0 } });
    const small = judge(seconds(around(20)), seconds(around(10)));
    const upstream = judge(seconds(around(20)), seconds(around(10)), UPSTREAM);
    expect(Math.abs(ratio(small) - (exact.shift?.estimate ?? 0))).toBeLessThan(1e-3);
    expect(Math.abs(ratio(upstream) - (exact.shift?.estimate ?? 0))).toBeGreaterThan(0.5);
  });

  test.each<[title: string, canary: SampleValue[], changes: Partial<KayentaMetric>, critical: boolean]>([
    ['higher', around(20), {}, true],
    [
      'higher, but not by what is critical',
      around(20),
      { effectSize: { ...effectSizeOf('meanRatio'), criticalIncrease: 3 } },
      false,
    ],
    ['lower', around(5), {}, true],
    [
      'lower, but not by what is critical',
      around(5),
      { effectSize: { ...effectSizeOf('meanRatio'), criticalDecrease: 0.2 } },
      false,
    ],
    [
      'zero, of which there is no ratio',
      repeat(12, 0),
      { effectSize: { ...effectSizeOf('meanRatio'), criticalDecrease: 0.2 } },
      true,
    ],
    ['the same', around(10), {}, false],
    ['without data', [], {}, true],
  ])('a critical metric that is %s', (_title, canary, changes, critical) => {
    expect(judge(canary, around(10), { ...changes, critical: true }).critical).toBe(critical);
    expect(judge(canary, around(10), changes).critical).toBe(false);
  });

  test('says what it saw', () => {
    const result = judge(around(20), around(10), { effectSize: effectSizeOf('cles') });
    expect(result).toMatchObject({
      effect: 1,
      points: { canary: 12, stable: 12 },
      shift: { method: 'normal' },
    });
    expect(result.deviation).toBeCloseTo(2, 12);
    expect(result.pValue).toBeLessThan(1e-4);
    expect(result.shift?.estimate).toBeCloseTo(10, 3);
  });
});

// No two differences are equal, so that no label hangs on how precisely a root is found.
const points = fc.array(fc.noBias(fc.integer({ min: 1, max: 1e9 })), { minLength: 8, maxLength: 40 });
const shifted = fc
  .tuple(points, fc.noBias(fc.integer({ min: 0, max: 1e9 })))
  .map(([values, shift]) => values.map((value) => value + shift));

describe('properties of the judge', () => {
  test('property: the same points in any order and any unit give the same label', () => {
    fc.assert(
      fc.property(points, shifted, fc.integer({ min: -30, max: 30 }), (canary, stable, exponent) => {
        const scaled = (values: number[]) => values.map((value) => value * 2 ** exponent).toReversed();
        expect(judge(scaled(canary), scaled(stable)).label).toBe(judge(canary, stable).label);
      }),
    );
  });

  test('property: what is High one way round is Low the other way round', () => {
    const turned = { High: 'Low', Low: 'High' } as Partial<Record<string, string>>;
    const seen = new Set<string>();
    fc.assert(
      fc.property(points, shifted, (canary, stable) => {
        const { label } = judge(canary, stable);
        seen.add(label);
        expect(judge(stable, canary).label).toBe(turned[label] ?? label);
      }),
    );
    expect([...seen]).toEqual(expect.arrayContaining(['Low', 'Pass']));
  });
});

describe('the cleaning of samples', () => {
  test('takes points without a finite value out, or for zero', () => {
    const sample: SampleValue[] = [1, 'NaN', 2, '+Inf', '-Inf', Number.NaN];
    expect(finiteValues(sample, 'remove')).toEqual([1, 2]);
    expect(finiteValues(sample, 'replace')).toEqual([1, 0, 2, 0, 0, 0]);
  });

  test('has the quantiles of R, type 7', () => {
    // quantile(c(1, 2, 4, 8)): 1.00 1.75 3.00 5.00 8.00
    expect([0, 0.25, 0.5, 0.75, 1].map((part) => quantile([1, 2, 4, 8], part))).toEqual([1, 1.75, 3, 5, 8]);
  });

  test.each<[title: string, values: number[], factor: number, kept: number]>([
    ['nothing of an even sample', around(10), 3, 12],
    ['a single spike', [...around(10), 1_000], 3, 12],
    ['a single dip', [...around(10), -1_000], 3, 12],
    ['less with a larger factor', [...around(10), 15], 10, 13],
    ['nothing inside the first and the last percentile', [...repeat(300, 5), ...repeat(10, 9)], 3, 310],
  ])('leaves out %s', (_title, values, factor, kept) => {
    expect(withoutOutliers(values, factor)).toHaveLength(kept);
  });

  test('spreads a constant by a hundred-thousandth of it, the same every time, and zero not at all', () => {
    const spread = withNoise(repeat(9, -200));
    expect(spread).toEqual(withNoise(repeat(9, -200)));
    expect(spread[4]).toBe(-200);
    expect(Math.max(...spread) + 200).toBeLessThan(0.004);
    expect(new Set(spread).size).toBe(9);
    expect(withNoise([0, 0])).toEqual([0, 0]);
  });

  test('outliers are kept unless told otherwise', () => {
    const canary = [...around(10), 1_000];
    expect(judge(canary, around(10)).points.canary).toBe(13);
    expect(judge(canary, around(10), { outliers: { strategy: 'remove', factor: 3 } }).points.canary).toBe(12);
  });
});
