import { describe, expect, test } from 'vitest';
import { faultIn } from '../../src/analysis/answers-fault.ts';
import { assessAll } from '../../src/analysis/measure.ts';
import type { Answered } from '../../src/analysis/measure-job.ts';
import type { QueryAnswer, SampleValue } from '../../src/analysis/query-answer.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { resolvedBare } from './examples.ts';

function samples(...values: SampleValue[]): QueryAnswer {
  return { kind: 'samples', values, warnings: [] };
}

/** One series a list. */
function series(...lists: SampleValue[][]): QueryAnswer {
  return {
    kind: 'series',
    series: lists.map((values, index) => ({
      labels: { pod: `p${index}` },
      samples: values.map((value, at): [number, SampleValue] => [at * 15_000, value]),
    })),
    warnings: [],
  };
}

const fault = (reason: string, retryable: boolean, retryAfterMs?: number): QueryAnswer => ({
  kind: 'fault',
  reason,
  message: `it is ${reason}`,
  retryable,
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

function answered(answers: Record<string, QueryAnswer>): Answered[] {
  return Object.entries(answers).map(([name, answer]) => ({ name, answer }));
}

const ratio: Partial<Metric> = {
  name: 'error-ratio',
  query: undefined,
  queries: { errors: { query: 'e', whenEmpty: 0 }, requests: { query: 'r' } },
  successCondition: 'errors / requests < 0.05',
};
const assessed = (fields: Partial<Metric>, answers: Record<string, QueryAnswer>) =>
  assessAll(resolvedBare(fields), answered(answers));

describe('several queries give one variable each', () => {
  test('which the condition computes with', () => {
    expect(assessed(ratio, { errors: samples(3), requests: samples(100) })).toEqual({
      outcome: 'Successful',
      reason: 'SuccessConditionMet',
      message: 'error-ratio errors 3, requests 100 satisfies errors / requests < 0.05',
      hasData: true,
      value: 'errors 3, requests 100',
      samples: 2,
    });
  });

  test('in full, where rounding would contradict the outcome', () => {
    const fields = { ...ratio, successCondition: 'errors < requests' };
    expect(assessed(fields, { errors: samples(0.12345678), requests: samples(0.12345679) }).message).toBe(
      'error-ratio errors 0.12345678, requests 0.12345679 satisfies errors < requests',
    );
  });

  test('in whatever order they are answered', () => {
    expect(assessed(ratio, { requests: samples(100), errors: samples(30) })).toMatchObject({
      outcome: 'Failed',
      value: 'errors 30, requests 100',
    });
  });

  test('whenEmpty stands for an empty result', () => {
    expect(assessed(ratio, { errors: samples(), requests: samples(100) })).toMatchObject({
      outcome: 'Successful',
      hasData: true,
      value: 'errors 0, requests 100',
      message: 'error-ratio errors 0, requests 100 satisfies errors / requests < 0.05',
    });
  });

  test('and never for NaN', () => {
    expect(assessed(ratio, { errors: samples('NaN'), requests: samples(100) })).toEqual({
      outcome: 'Inconclusive',
      reason: 'NoData',
      message: 'error-ratio has no data for errors / requests < 0.05: the query errors returned NaN',
      hasData: false,
      value: 'errors NaN, requests 100',
      samples: 2,
    });
  });

  test('an empty result without it is no data', () => {
    expect(assessed(ratio, { errors: samples(3), requests: samples() })).toMatchObject({
      outcome: 'Inconclusive',
      reason: 'NoData',
      message: 'error-ratio has no data for errors / requests < 0.05: the query requests returned nothing',
      value: 'errors 3, requests nothing',
    });
  });

  test('several series are an Error that says which query to aggregate', () => {
    expect(assessed(ratio, { errors: samples(1, 2), requests: samples() })).toEqual({
      outcome: 'Error',
      reason: 'SeveralSeries',
      message:
        'error-ratio: errors returned 2 series, and errors / requests < 0.05 asks for one value: aggregate the query, as sum(…) does',
      hasData: false,
      value: 'errors [1, 2], requests nothing',
      samples: 2,
    });
  });

  test('what cannot be computed is an Error, not a verdict', () => {
    expect(assessed(ratio, { errors: samples(), requests: samples(0) })).toMatchObject({
      outcome: 'Error',
      reason: 'ConditionError',
    });
  });
});

describe('a fault in any query is the fault of the measurement', () => {
  test.each<[title: string, errors: QueryAnswer, requests: QueryAnswer, reason: string]>([
    ['one of two', samples(3), fault('Timeout', true), 'Timeout'],
    ['two that may pass', fault('Timeout', true), fault('Unreachable', true), 'Timeout'],
    ['one that no retry can mend', fault('Timeout', true), fault('BadQuery', false), 'BadQuery'],
    ['several series beside it', samples(1, 2), fault('Timeout', true), 'Timeout'],
  ])('%s', (_title, errors, requests, reason) => {
    expect(assessed(ratio, { errors, requests })).toEqual({
      outcome: 'Error',
      reason,
      message: `error-ratio could not be measured for errors / requests < 0.05: it is ${reason}`,
      hasData: false,
    });
  });
});

test.each<[title: string, errors: QueryAnswer, requests: QueryAnswer, fault: object | undefined]>([
  ['no fault', samples(1), samples(), undefined],
  ['a pause that one asks for', samples(1), fault('TooManyRequests', true, 500), { retryAfterMs: 500 }],
  [
    'the longest of two pauses',
    fault('TooManyRequests', true, 500),
    fault('TooManyRequests', true, 900),
    { reason: 'TooManyRequests', retryable: true, retryAfterMs: 900 },
  ],
  [
    'no pause where no retry can mend it',
    fault('TooManyRequests', true, 500),
    fault('BadQuery', false),
    { kind: 'fault', reason: 'BadQuery', message: 'it is BadQuery', retryable: false },
  ],
])('the fault of two answers: %s', (_title, errors, requests, expected) => {
  const found = faultIn(answered({ errors, requests }));
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject(expected);
  expect(found?.retryable === false && found.retryAfterMs !== undefined).toBe(false);
});

describe('a range gives lists', () => {
  const latency: Partial<Metric> = {
    name: 'latency',
    range: { window: '5m', step: '15s' },
    successCondition: 'quantile(values, 0.5) < 0.3 and max(value) < 1 and last(values) <= first(values)',
  };

  test('of all samples of the only series', () => {
    expect(assessed(latency, { value: series([0.3, 0.9, 0.1, 0.2]) })).toEqual({
      outcome: 'Successful',
      reason: 'SuccessConditionMet',
      message: `latency [0.3, 0.9, 0.1, 0.2] satisfies ${latency.successCondition}`,
      hasData: true,
      value: '[0.3, 0.9, 0.1, 0.2]',
      samples: 4,
    });
  });

  test.each<[condition: string, outcome: string]>([
    ['min(values) == 1', 'Successful'],
    ['max(values) == 4', 'Successful'],
    ['mean(values) == 2.5', 'Successful'],
    ['median(values) == 2.5', 'Successful'],
    ['sum(values) == 10', 'Successful'],
    ['quantile(values, 0.25) == 1.75', 'Successful'],
    ['count(values) == 4', 'Successful'],
    ['first(values) == 4', 'Successful'],
    ['last(values) == 3', 'Successful'],
    ['last(values) > max(values)', 'Failed'],
  ])('%s', (successCondition, outcome) => {
    expect(assessed({ ...latency, successCondition }, { value: series([4, 'NaN', 1, 2, 3]) })).toMatchObject({
      outcome,
    });
  });

  test.each<[title: string, answer: QueryAnswer, reason: string, what: RegExp]>([
    ['no series', series(), 'NoData', /^latency has no data .*: the query returned nothing$/],
    ['a series without samples', series([]), 'NoData', /: the query returned nothing$/],
    ['only NaN', series(['NaN', 'NaN']), 'NoData', /: the query returned NaN$/],
    [
      'several series',
      series([1], [2]),
      'SeveralSeries',
      /^latency returned 2 series of samples, and one is needed: aggregate the query, as sum\(…\) does$/,
    ],
    ['no range', samples(1), 'UnexpectedAnswer', /^latency was not answered with a range of samples$/],
  ])('%s', (_title, answer, reason, what) => {
    const assessment = assessed(latency, { value: answer });
    expect(assessment).toMatchObject({ reason, hasData: false });
    expect(assessment.message).toMatch(what);
  });

  test('of each of several queries', () => {
    const fields: Partial<Metric> = {
      name: 'saturation',
      query: undefined,
      queries: { used: { query: 'u' }, limit: { query: 'l', whenEmpty: 8 } },
      range: { window: '5m', step: '15s' },
      successCondition: 'max(used) < min(limit)',
    };
    expect(assessed(fields, { used: series([1, 7]), limit: series() })).toMatchObject({
      outcome: 'Successful',
      value: 'used [1, 7], limit 8',
      message: 'saturation used [1, 7], limit 8 satisfies max(used) < min(limit)',
    });
  });

  test('an instant query that is answered with a range is an Error', () => {
    expect(assessed({ successCondition: 'value > 0' }, { value: series([1]) })).toMatchObject({
      outcome: 'Error',
      reason: 'UnexpectedAnswer',
      message: 'success-rate was answered with a range of samples',
    });
  });
});

describe('below the minimum, a measurement is no data', () => {
  const least: Partial<Metric> = {
    successCondition: 'value >= 0.95',
    minimum: { query: 'requests', value: 100 },
  };
  const because = 'success-rate has no data for value >= 0.95:';

  test.each<[title: string, observed: QueryAnswer, outcome: string, reason: string, message: string]>([
    [
      'enough',
      samples(100),
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 0.5 does not satisfy value >= 0.95',
    ],
    [
      'more than enough',
      samples('+Inf'),
      'Failed',
      'SuccessConditionNotMet',
      'success-rate 0.5 does not satisfy value >= 0.95',
    ],
    [
      'too little',
      samples(99.5),
      'Inconclusive',
      'BelowMinimum',
      `${because} 99.5 observed, and minimum is 100`,
    ],
    [
      'nothing',
      samples(),
      'Inconclusive',
      'BelowMinimum',
      `${because} nothing was observed, and minimum is 100`,
    ],
    [
      'NaN',
      samples('NaN'),
      'Inconclusive',
      'BelowMinimum',
      `${because} nothing was observed, and minimum is 100`,
    ],
    [
      'several series',
      samples(60, 60),
      'Error',
      'SeveralSeries',
      'success-rate: the query of minimum returned 2 series, and one is needed: aggregate it, as sum(…) does',
    ],
    [
      'a range',
      series([100]),
      'Error',
      'UnexpectedAnswer',
      'success-rate: the query of minimum was answered with a range of samples',
    ],
  ])('%s', (_title, minimum, outcome, reason, message) => {
    expect(assessed(least, { value: samples(0.5), minimum })).toMatchObject({ outcome, reason, message });
  });

  test('the measured value is shown, and noData says what follows', () => {
    expect(assessed({ ...least, noData: 'Pass' }, { value: samples(0.5), minimum: samples(3) })).toEqual({
      outcome: 'Successful',
      reason: 'BelowMinimum',
      message: `${because} 3 observed, and minimum is 100 (noData: Pass)`,
      hasData: false,
      value: '0.5',
      samples: 1,
    });
  });

  test('little traffic explains a ratio that cannot be computed', () => {
    expect(assessed(least, { value: samples('NaN'), minimum: samples(0) })).toMatchObject({
      reason: 'BelowMinimum',
    });
  });

  test('it may be a fraction', () => {
    const fields = { ...least, minimum: { query: 'rps', value: '0.5' } };
    expect(assessed(fields, { value: samples(1), minimum: samples(0.5) })).toMatchObject({
      outcome: 'Successful',
    });
    expect(assessed(fields, { value: samples(1), minimum: samples(0.4) })).toMatchObject({
      reason: 'BelowMinimum',
    });
  });
});

describe('a partial answer to any query is never a pass', () => {
  const partial = (answer: QueryAnswer): QueryAnswer =>
    ({ ...answer, warnings: ['a store is missing'] }) as QueryAnswer;
  const note = 'but the answer of source default may be incomplete: a store is missing';

  test.each<[title: string, errors: QueryAnswer, requests: QueryAnswer, outcome: string, reason: string]>([
    ['a success', samples(1), partial(samples(100)), 'Inconclusive', 'PartialData'],
    [
      'a success by what an empty result stands for',
      partial(samples()),
      samples(100),
      'Inconclusive',
      'PartialData',
    ],
    ['a failure', samples(50), partial(samples(100)), 'Failed', 'SuccessConditionNotMet'],
    ['no data', partial(samples(1)), samples(), 'Inconclusive', 'NoData'],
  ])('%s', (_title, errors, requests, outcome, reason) => {
    expect(assessed(ratio, { errors, requests })).toMatchObject({ outcome, reason });
  });

  test('the same warning of two queries is told once', () => {
    expect(assessed(ratio, { errors: partial(samples(1)), requests: partial(samples(100)) }).message).toBe(
      `error-ratio errors 1, requests 100 satisfies errors / requests < 0.05, ${note}`,
    );
  });

  test('a minimum that was counted in part proves nothing', () => {
    const fields: Partial<Metric> = { successCondition: 'value > 0', minimum: { query: 'r', value: 5 } };
    expect(assessed(fields, { value: samples(1), minimum: partial(samples(9)) })).toMatchObject({
      outcome: 'Inconclusive',
      reason: 'PartialData',
    });
  });

  test('a range', () => {
    const fields: Partial<Metric> = {
      successCondition: 'max(values) < 9',
      range: { window: '1m', step: '15s' },
    };
    expect(assessed(fields, { value: partial(series([1, 2])) })).toMatchObject({ reason: 'PartialData' });
  });
});
