import { describe, expect, test } from 'vitest';
import { clopperPearson, independentAnalyses, rateOf } from '../../src/backtest/rate.ts';

describe('the interval of Clopper and Pearson', () => {
  // Exact 95 % limits as statistical tables print them; those without hits are 1 - 0.025^(1/n).
  test.each([
    [0, 30, 0, 0.1157],
    [0, 10, 0, 0.3085],
    [1, 10, 0.0025, 0.445],
    [5, 10, 0.1871, 0.8129],
    [5, 100, 0.0164, 0.1128],
    [10, 10, 0.6915, 1],
  ])('of %i in %i is %f to %f', (hits, trials, low, high) => {
    const interval = clopperPearson(hits, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  test('knows nothing without a trial', () => {
    expect(clopperPearson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('the rate of overlapping analyses', () => {
  test('is their share, with the interval of as many as are independent', () => {
    // 500 of 10,000 overlapping ones that count as 100 are worth 5 of 100.
    const rate = rateOf(500, 10_000, 100);
    expect(rate).toMatchObject({ count: 500, of: 10_000, share: 0.05 });
    expect(rate.low).toBeCloseTo(0.0164, 4);
    expect(rate.high).toBeCloseTo(0.1128, 4);
  });

  test('is unknown where there were none', () => {
    expect(rateOf(0, 0, 0)).toEqual({ count: 0, of: 0, share: 0, low: 0, high: 1 });
  });

  test.each([
    ['a week of analyses of 20 minutes', 7 * 24 * 60, 20, 10_060, 504],
    ['less than one analysis', 10, 20, 5, 1],
    ['analyses that are rarer than they are long', 1_000, 1, 100, 100],
    ['no analysis', 0, 20, 0, 0],
  ])('%s', (_, healthyMs, spanMs, analyses, independent) => {
    expect(independentAnalyses(healthyMs, spanMs, analyses)).toBe(independent);
  });
});
