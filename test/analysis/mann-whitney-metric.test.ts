import { describe, expect, test } from 'vitest';
import { assessAll } from '../../src/analysis/measure.ts';
import type { QueryAnswer, SampleValue } from '../../src/analysis/query-answer.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { MannWhitney } from '../../src/api/judge-schemas.ts';
import { resolvedBare } from './examples.ts';

function series(...lists: SampleValue[][]): QueryAnswer {
  return {
    kind: 'series',
    series: lists.map((values) => ({
      labels: {},
      samples: values.map((value, index): [number, SampleValue] => [index * 15_000, value]),
    })),
    warnings: [],
  };
}

/** Twenty values around a centre, without ties. */
const around = (centre: number) =>
  Array.from({ length: 20 }, (_, index) => centre + (index - 9.5) / 100 + index ** 2 / 1e5);

const queries = { canary: 'c', stable: 's' };
function assessed(
  canary: QueryAnswer,
  stable: QueryAnswer,
  fields: Partial<MannWhitney> = {},
  metric: Partial<Metric> = {},
) {
  const resolved = resolvedBare({
    name: 'latency',
    query: undefined,
    range: { window: '5m', step: '15s' },
    mannWhitney: { ...queries, ...fields },
    ...metric,
  });
  return assessAll(resolved, [
    { name: 'canary', answer: canary },
    { name: 'stable', answer: stable },
  ]);
}

describe('the samples of both versions are compared', () => {
  test('a metric asks for a range of each', () => {
    const { questions } = resolvedBare({
      query: undefined,
      range: { window: '{{window}}', step: '15s' },
      mannWhitney: queries,
    });
    const range = { windowMs: 'window', stepMs: 15_000 };
    expect(questions).toEqual([
      { name: 'canary', query: 'c', range },
      { name: 'stable', query: 's', range },
    ]);
  });

  test('a change for the worse is Failed', () => {
    const assessment = assessed(series(around(2)), series(around(1)), { direction: 'increase' });
    expect(assessment).toMatchObject({ outcome: 'Failed', reason: 'Increase', hasData: true, samples: 40 });
    expect(assessment.value).toMatch(/^High, shift 1, between 0.9\d* and 1.0\d*$/);
    expect(assessment.message).toMatch(
      /^latency by the Mann-Whitney test against an increase \(confidence 0.98\): the canary is higher, shift 1, between 0.9\d* and 1.0\d*, effect 1.9\d*, p [\d.e-]+ \(20 samples of the canary and 20 of the stable version\)$/,
    );
  });

  test.each<[title: string, canary: number, fields: Partial<MannWhitney>, outcome: string, reason: string]>([
    ['a change for the better', 0.5, { direction: 'increase' }, 'Successful', 'NoChange'],
    ['a change in either direction', 0.5, {}, 'Failed', 'Decrease'],
    ['the same values', 1, {}, 'Successful', 'Equal'],
    ['no clear change', 1.005, {}, 'Successful', 'NoChange'],
    ['a change that is allowed', 2, { effectSize: { allowedIncrease: 3 } }, 'Successful', 'SmallEffect'],
    [
      'a change by how often a value is larger',
      2,
      { effectSize: { measure: 'cles', allowedIncrease: 0.9 } },
      'Failed',
      'Increase',
    ],
  ])('%s', (_title, canary, fields, outcome, reason) => {
    expect(assessed(series(around(canary)), series(around(1)), fields)).toMatchObject({ outcome, reason });
  });

  test.each<[title: string, canary: QueryAnswer, outcome: string, reason: string, message: string]>([
    [
      'no samples',
      series(),
      'Inconclusive',
      'NoPoints',
      'latency has no data for the Mann-Whitney test against a change (confidence 0.98): 0 samples of the canary ' +
        'and 20 of the stable version, and 8 of each are needed',
    ],
    [
      'too few, since NaN is none',
      series([1, 2, 3, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', 'NaN']),
      'Inconclusive',
      'FewPoints',
      'latency has no data for the Mann-Whitney test against a change (confidence 0.98): 3 samples of the canary ' +
        'and 20 of the stable version, and 8 of each are needed',
    ],
    [
      'several series',
      series([1], [2]),
      'Error',
      'SeveralSeries',
      'latency: the query canary returned 2 series of samples, and one is needed: aggregate the query, as sum(…) does',
    ],
    [
      'an instant answer',
      { kind: 'samples', values: [1], warnings: [] },
      'Error',
      'UnexpectedAnswer',
      'latency: the query canary was not answered with a range of samples',
    ],
    [
      'a fault',
      { kind: 'fault', reason: 'Timeout', message: 'no answer in 10s', retryable: true },
      'Error',
      'Timeout',
      'latency could not be measured for the Mann-Whitney test against a change (confidence 0.98): no answer in 10s',
    ],
  ])('%s', (_title, canary, outcome, reason, message) => {
    const assessment = assessed(canary, series(around(1)));
    expect(assessment).toMatchObject({ outcome, reason, message, hasData: false });
  });

  test('noData says what too few samples are', () => {
    expect(assessed(series([1]), series(around(1)), {}, { noData: 'Fail' })).toMatchObject({
      outcome: 'Failed',
      reason: 'FewPoints',
    });
  });

  test('a partial answer is never a pass, and may fail', () => {
    const partial = (answer: QueryAnswer) => ({ ...answer, warnings: ['a store is missing'] }) as QueryAnswer;
    expect(assessed(partial(series(around(1))), series(around(1)))).toMatchObject({
      outcome: 'Inconclusive',
      reason: 'PartialData',
    });
    expect(assessed(partial(series(around(2))), series(around(1)))).toMatchObject({ outcome: 'Failed' });
  });
});
