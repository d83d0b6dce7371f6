import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { badShare, type Comparison, readComparison, thresholdFor } from '../../src/backtest/threshold.ts';

test.each([
  ['value >= 0.95', { operator: '>=', threshold: 0.95 }],
  ['  value<5 ', { operator: '<', threshold: 5 }],
  ['0.95 <= value', { operator: '>=', threshold: 0.95 }],
  ['3 > value', { operator: '<', threshold: 3 }],
  ['value <= (-0.5)', { operator: '<=', threshold: -0.5 }],
  ['(value > 1e-3)', { operator: '>', threshold: 0.001 }],
])('%s is a comparison', (source, comparison) => {
  expect(readComparison(source)).toEqual(comparison);
});

test.each([
  'value == 1',
  'value >= 0.9 and value <= 1',
  'value * 2 >= 1',
  'max(values) < 3',
  'value >= 2 ^ 3',
  'not (value > 3)',
  'isInf(value)',
])('%s is none', (source) => {
  expect(readComparison(source)).toBeUndefined();
});

const hundred = Array.from({ length: 100 }, (_, index) => (index + 1) / 100);

describe('the threshold that gives a rate', () => {
  // Of 0.01, 0.02, …, 1: with a rate of 0.05 five values may be bad.
  test.each([
    ['success', '>=', 0.05, 0.06],
    ['success', '>', 0.05, 0.05999],
    ['success', '<=', 0.05, 0.95],
    ['success', '<', 0.05, 0.9501],
    ['failure', '<', 0.05, 0.06],
    ['failure', '<=', 0.05, 0.05999],
    ['failure', '>', 0.05, 0.95],
    ['failure', '>=', 0.05, 0.9501],
    ['success', '>=', 0, 0.01],
    ['success', '>=', 0.999, 1],
  ] as const)('%s value %s …, rate %f', (role, operator, rate, threshold) => {
    expect(thresholdFor({ operator, threshold: 0.5 }, role, hundred, rate)).toBe(threshold);
  });

  test.each([
    ['success', '>=', [0.98123456, 0.99], 0.9812],
    ['success', '<=', [0.98123456, 0.5], 0.9813],
    ['success', '>=', [-1.23456, 4], -1.235],
    ['success', '<=', [123456, 4], 123500],
    ['success', '>', [0, 1], -0.001],
    ['success', '>=', [0, 1], 0],
  ] as const)('is rounded to the lenient side: %s %s %j', (role, operator, values, threshold) => {
    expect(thresholdFor({ operator, threshold: 0 }, role, values, 0)).toBe(threshold);
  });

  test('is none without finite values', () => {
    expect(thresholdFor({ operator: '<', threshold: 1 }, 'success', [], 0.1)).toBeUndefined();
    expect(thresholdFor({ operator: '<', threshold: 1 }, 'success', [Infinity, 1], 0)).toBeUndefined();
  });

  test('never lets more than the rate be bad', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 60 }),
        fc.double({ noNaN: true, min: 0, max: 0.99 }),
        fc.constantFrom<Comparison['operator']>('<', '<=', '>', '>='),
        fc.constantFrom<'success' | 'failure'>('success', 'failure'),
        (values, rate, operator, role) => {
          const threshold = thresholdFor({ operator, threshold: 0 }, role, values, rate);
          if (threshold === undefined) throw new Error('finite values give a threshold');
          expect(badShare({ operator, threshold }, role, values)).toBeLessThanOrEqual(rate + 1e-9);
        },
      ),
    );
  });
});
