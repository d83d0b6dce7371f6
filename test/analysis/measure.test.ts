import { describe, expect, test } from 'vitest';
import { assess, assessNoPods } from '../../src/analysis/measure.ts';
import type { QueryAnswer, SampleValue } from '../../src/analysis/query-answer.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { resolved, resolvedBare } from './examples.ts';

function samples(...values: SampleValue[]): QueryAnswer {
  return { kind: 'samples', values, warnings: [] };
}

const both = { successCondition: 'value >= 0.95', failureCondition: 'value < 0.9' };
const failureOnly = { failureCondition: 'value > 0.05' };

describe('the conditions decide what a value is', () => {
  test.each<
    [
      title: string,
      fields: Partial<Metric>,
      value: SampleValue,
      outcome: string,
      reason: string,
      message: string,
    ]
  >([
    [
      'success',
      { successCondition: 'value >= 0.95' },
      0.9975,
      'Successful',
      'SuccessConditionMet',
      'success-rate 0.9975 satisfies value >= 0.95',
    ],
    [
      'no success is a failure where only success is told',
      { successCondition: 'value >= 0.95' },
      0.8125,
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 0.8125 does not satisfy value >= 0.95',
    ],
    [
      'failure',
      failureOnly,
      0.2,
      'Failed',
      'FailureConditionMet',
      'success-rate 0.2 meets the failure condition value > 0.05',
    ],
    [
      'no failure is a success where only failure is told',
      failureOnly,
      0.01,
      'Successful',
      'FailureConditionNotMet',
      'success-rate 0.01 does not meet the failure condition value > 0.05',
    ],
    [
      'both: success',
      both,
      0.96,
      'Successful',
      'SuccessConditionMet',
      'success-rate 0.96 satisfies value >= 0.95',
    ],
    [
      'both: failure',
      both,
      0.5,
      'Failed',
      'FailureConditionMet',
      'success-rate 0.5 meets the failure condition value < 0.9',
    ],
    [
      'both: neither',
      both,
      0.92,
      'Inconclusive',
      'NeitherConditionMet',
      'success-rate 0.92 neither satisfies value >= 0.95 nor meets the failure condition value < 0.9',
    ],
    [
      'failure wins where both are true',
      { successCondition: 'value > 0', failureCondition: 'value > 1' },
      2,
      'Failed',
      'FailureConditionMet',
      'success-rate 2 meets the failure condition value > 1',
    ],
    [
      'a failure that is certain wins over a success condition that cannot be computed',
      { successCondition: '0 / (value - value) > 1', failureCondition: 'value > 1' },
      2,
      'Failed',
      'FailureConditionMet',
      'success-rate 2 meets the failure condition value > 1',
    ],
    [
      'a condition that cannot be computed is an Error',
      { successCondition: '0 / value > 1' },
      0,
      'Error',
      'ConditionError',
      'success-rate 0: 0 / value > 1 cannot be computed: a part of it is not a number (NaN), as 0/0, ' +
        'Infinity - Infinity and sqrt(-1) are',
    ],
    [
      '+Inf is a number',
      { successCondition: 'value >= 0.95' },
      '+Inf',
      'Successful',
      'SuccessConditionMet',
      'success-rate +Inf satisfies value >= 0.95',
    ],
    [
      '-Inf is a number',
      { successCondition: 'value >= 0.95' },
      '-Inf',
      'Failed',
      'SuccessConditionNotMet',
      'success-rate -Inf does not satisfy value >= 0.95',
    ],
    [
      'digits that nobody reads are left out',
      { successCondition: 'value >= 0.95' },
      0.812_345_678_9,
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 0.812346 does not satisfy value >= 0.95',
    ],
    [
      'but not where the message would contradict itself',
      { successCondition: 'value >= 0.95' },
      0.949_999_999_9,
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 0.9499999999 does not satisfy value >= 0.95',
    ],
    [
      'whole numbers are shown in full',
      { successCondition: 'value < 1' },
      12_345_678,
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 12345678 does not satisfy value < 1',
    ],
    [
      'a huge number',
      { successCondition: 'value < 1' },
      1.7e308,
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 1.7e+308 does not satisfy value < 1',
    ],
  ])('%s', (_title, fields, value, outcome, reason, message) => {
    expect(assess(resolvedBare(fields), samples(value))).toEqual({
      outcome,
      reason,
      message,
      ...(outcome === 'Error' ? { hasData: false } : { hasData: true }),
      value: String(value),
      samples: 1,
    });
  });
});

describe('no data is what the metric says it is, and no expression decides it', () => {
  const policies: [noData: Metric['noData'], outcome: string, policy: string][] = [
    [undefined, 'Inconclusive', ''],
    ['Inconclusive', 'Inconclusive', ''],
    ['Wait', 'Inconclusive', ' (noData: Wait)'],
    ['Pass', 'Successful', ' (noData: Pass)'],
    ['Fail', 'Failed', ' (noData: Fail)'],
  ];
  test.each(policies)('noData %s: an empty result is %s', (noData, outcome, policy) => {
    const metric = resolved(noData ? { noData } : {});
    expect(assess(metric, samples())).toEqual({
      outcome,
      reason: 'NoData',
      message: `success-rate has no data for value >= 0.95: the query returned nothing${policy}`,
      hasData: false,
      samples: 0,
    });
  });
  test.each(policies)('noData %s: NaN is %s', (noData, outcome, policy) => {
    // A condition that NaN would satisfy, if it ever saw it.
    const metric = resolvedBare({ failureCondition: 'value > 0.05', ...(noData && { noData }) });
    expect(assess(metric, samples('NaN'))).toEqual({
      outcome,
      reason: 'NoData',
      message: `success-rate has no data for the failure condition value > 0.05: the query returned NaN${policy}`,
      hasData: false,
      value: 'NaN',
      samples: 1,
    });
  });
  test.each(policies)('noData %s: no pods is %s', (noData, outcome, policy) => {
    expect(assessNoPods(resolved(noData ? { noData } : {}))).toEqual({
      outcome,
      reason: 'NoPods',
      message: `success-rate has no data for value >= 0.95: the query selects pods and there are none, so it was not sent${policy}`,
      hasData: false,
    });
  });
});

describe('several series', () => {
  test('are an Error where one value is asked, which says to aggregate', () => {
    expect(assess(resolved(), samples(0.99, 0.5, 'NaN'))).toEqual({
      outcome: 'Error',
      reason: 'SeveralSeries',
      message:
        'success-rate returned 3 series, and value >= 0.95 asks for one value: aggregate the query, as sum(…) does, ' +
        'or use `values` in the condition',
      hasData: false,
      value: '[0.99, 0.5, NaN]',
      samples: 3,
    });
  });
  test('are all seen by a condition that only uses `values`', () => {
    expect(assess(resolvedBare({ successCondition: 'min(values) >= 0.95' }), samples(0.99, 0.5))).toEqual({
      outcome: 'Failed',
      reason: 'SuccessConditionNotMet',
      message: 'success-rate [0.99, 0.5] does not satisfy min(values) >= 0.95',
      hasData: true,
      value: '[0.99, 0.5]',
      samples: 2,
    });
  });
  test('lose those that are NaN', () => {
    const metric = resolvedBare({ successCondition: 'count(values) == 2' });
    expect(assess(metric, samples(1, 'NaN', 3))).toMatchObject({ outcome: 'Successful', samples: 3 });
  });
  test('that are all NaN are no data', () => {
    const metric = resolvedBare({ successCondition: 'count(values) == 2' });
    expect(assess(metric, samples('NaN', 'NaN'))).toMatchObject({ reason: 'NoData', hasData: false });
  });
  test('are told in part when there are many', () => {
    const metric = resolvedBare({ successCondition: 'max(values) < 5' });
    expect(assess(metric, samples(...Array.from({ length: 37 }, (_, index) => index)))).toMatchObject({
      value: '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …] (37 values)',
    });
  });
});

describe('an incomplete answer never passes a canary', () => {
  const warnings = ['a store was not reached'];
  test.each<[title: string, fields: Partial<Metric>, values: SampleValue[], outcome: string, reason: string]>(
    [
      ['a success becomes Inconclusive', {}, [0.99], 'Inconclusive', 'PartialData'],
      ['a failure stays one', {}, [0.5], 'Failed', 'SuccessConditionNotMet'],
      ['no data does not pass', { noData: 'Pass' }, [], 'Inconclusive', 'PartialData'],
      ['no data that waits goes on waiting', { noData: 'Wait' }, [], 'Inconclusive', 'NoData'],
    ],
  )('%s', (_title, fields, values, outcome, reason) => {
    const assessed = assess(resolved(fields), { kind: 'samples', values, warnings });
    expect(assessed).toMatchObject({ outcome, reason });
  });
  test('and says so', () => {
    const answer: QueryAnswer = { kind: 'samples', values: [0.99], warnings };
    expect(assess(resolved(), answer).message).toBe(
      'success-rate 0.99 satisfies value >= 0.95, but the answer of source default may be incomplete: a store was not reached',
    );
  });
});

test('trouble with the source is an Error with the reason of the source', () => {
  const answer: QueryAnswer = {
    kind: 'fault',
    reason: 'Timeout',
    message: 'no answer in 10s',
    retryable: true,
  };
  expect(assess(resolved(), answer)).toEqual({
    outcome: 'Error',
    reason: 'Timeout',
    message: 'success-rate could not be measured for value >= 0.95: no answer in 10s',
    hasData: false,
  });
});
