import { describe, expect, test } from 'vitest';
import { compileCondition } from '../../src/analysis/condition.ts';
import { type TranslatedConditions, translateConditions } from '../../src/translate/conditions.ts';

/** `condition`, and what follows for missing data: `value < 5 | noData: Pass`. */
function shown(translated: TranslatedConditions): string {
  if (!translated.ok) {
    return translated.refusals.map(({ at, why }) => `refused at ${at}: ${why}`).join('; ');
  }
  const { successCondition, failureCondition, noData, whenEmpty } = translated;
  return [
    successCondition,
    failureCondition && `failure: ${failureCondition}`,
    noData && `noData: ${noData}`,
    whenEmpty !== undefined && `whenEmpty: ${whenEmpty}`,
  ]
    .filter(Boolean)
    .join(' | ');
}

const success = (successCondition: string) => shown(translateConditions({ successCondition }));

describe('a success condition of Argo Rollouts becomes', () => {
  test.each([
    ['result[0] >= 0.95', 'value >= 0.95'],
    ['result >= 0.95', 'value >= 0.95'],
    ['0.95 <= result[0]', '0.95 <= value'],
    ['result[0] < 5 && result[0] > 1', 'value < 5 and value > 1'],
    ['result[0] < 5 || result[0] > 10 && result[0] < 20', 'value < 5 or value > 10 and value < 20'],
    ['(result[0] < 5 || result[0] > 10) && result[0] < 20', '(value < 5 or value > 10) and value < 20'],
    ['result[0] < 5 and not (result[0] == 2)', 'value < 5 and not (value == 2)'],
    ['!(result[0] > 0.05)', 'not (value > 0.05)'],
    ['1 < result[0] <= 5', '1 < value and value <= 5'],
    ['result[0] >= {{args.threshold}}', 'value >= {{args.threshold}}'],
    ['result[0] >= {{ args.threshold }}', 'value >= {{args.threshold}}'],
    ['result[0] >= asFloat("{{args.threshold}}")', 'value >= {{args.threshold}}'],
    ['asFloat(result[0]) * 100 >= 95', 'value * 100 >= 95'],
    ['asInt(result[0]) == 5', '(value >= 0 ? floor(value) : ceil(value)) == 5'],
    ['(result[0] - 1) * (2 - (3 - 1)) < 1e3', '(value - 1) * (2 - (3 - 1)) < 1000'],
    ['-result[0] ** 2 > -4', '-value ^ 2 > -4'],
    ['2 ** 3 ** 2 > result[0]', '2 ^ (3 ^ 2) > value'],
    ['result[-1] < 5', 'last(values) < 5'],
    ['first(result) < 5', 'value < 5'],
    ['result[0] < 5 ? result[0] > 1 : result[0] > 10', 'value < 5 ? value > 1 : value > 10'],
    ['isInf(result[0]) || result[0] > 5', 'isInf(value) or value > 5'],
    ['(result[0] > 5) == true', 'value > 5'],
    ['(result[0] > 5) == false', 'not (value > 5)'],
    ['result != nil && result[0] > 5', 'value > 5'],
    ['/* a share */ result[0] > 1_000 // of requests', 'value > 1000'],
  ])('%s → %s', (source, wanted) => {
    expect(success(source)).toBe(wanted);
  });
});

describe('what it says about missing data becomes noData', () => {
  test.each([
    ['len(result) == 0 || result[0] < 5', 'value < 5 | noData: Pass'],
    ['len(result) < 1 || result[0] < 5', 'value < 5 | noData: Pass'],
    ['len(result) > 0 && result[0] < 5', 'value < 5 | noData: Fail'],
    ['len(result) >= 1 and result[0] < 5', 'value < 5 | noData: Fail'],
    ['len(result) == 0 ? true : result[0] < 5', 'value < 5 | noData: Pass'],
    ['isNaN(result[0]) || result[0] >= 0.95', 'value >= 0.95 | noData: Pass'],
    ['!isNaN(result[0]) && result[0] >= 0.95', 'value >= 0.95 | noData: Fail'],
    ['len(result) == 0 || isNaN(result[0]) || result[0] >= 0.95', 'value >= 0.95 | noData: Pass'],
    // It says two things, and the stricter one counts.
    ['len(result) == 0 || (!isNaN(result[0]) && result[0] < 5)', 'value < 5 | noData: Fail'],
    ['default(result, 0) < 5', 'result < 5 | whenEmpty: 0'],
    ['default(result[0], 0) < 5', 'result < 5 | whenEmpty: 0'],
    ['len(result) == 0', 'count(values) == 0 | noData: Pass'],
    ['len(result) > 0', 'count(values) > 0 | noData: Fail'],
  ])('%s → %s', (source, wanted) => {
    expect(success(source)).toBe(wanted);
  });

  test.each([
    ['result[0] >= 0.95', 'result[0] < 0.9', 'value >= 0.95 | failure: value < 0.9'],
    [
      'len(result) > 0 && result[0] >= 0.95',
      'len(result) > 0 && result[0] < 0.9',
      'value >= 0.95 | failure: value < 0.9 | noData: Inconclusive',
    ],
    [
      'result[0] >= 0.95',
      'isNaN(result[0])',
      'first(values) >= 0.95 | failure: count(values) == 0 | noData: Fail',
    ],
  ])('%s with the failure condition %s → %s', (successCondition, failureCondition, wanted) => {
    expect(shown(translateConditions({ successCondition, failureCondition }))).toBe(wanted);
  });

  test('a failure condition alone', () => {
    expect(shown(translateConditions({ failureCondition: 'len(result) > 0 && result[0] > 0.05' }))).toBe(
      'failure: value > 0.05 | noData: Pass',
    );
  });
});

describe('conditions on all samples become minima and maxima', () => {
  test.each([
    ['all(result, # < 5)', 'max(values) < 5'],
    ['all(result, {# < 5})', 'max(values) < 5'],
    ['all(result, 5 > #)', 'max(values) < 5'],
    ['all(result, # >= 1 && # < 5)', 'min(values) >= 1 and max(values) < 5'],
    ['all(result, 1 <= # < 5)', 'min(values) >= 1 and max(values) < 5'],
    ['all(result, !(# > 5))', 'max(values) <= 5'],
    ['all(result, isNaN(#) || # < 5)', 'max(values) < 5'],
    ['all(filter(result, !isNaN(#)), # < 5)', 'max(values) < 5'],
    ['all(result, # == 1)', 'min(values) == 1 and max(values) == 1'],
    ['any(result, # > 5)', 'max(values) > 5'],
    ['any(result, # < 1 || # > 5)', 'min(values) < 1 or max(values) > 5'],
    ['none(result, # > 5)', 'max(values) <= 5'],
    ['none(result, # < 1 || # > 5)', 'min(values) >= 1 and max(values) <= 5'],
    ['count(result, # > 5) == 0', 'max(values) <= 5'],
    ['count(result, # > 5) >= 1', 'max(values) > 5'],
    ['count(result, # > 5) == len(result)', 'min(values) > 5'],
    ['len(filter(result, # > 5)) == 0', 'max(values) <= 5'],
    ['len(filter(result, # > 5)) > 0', 'max(values) > 5'],
    ['mean(result) < 5', 'mean(values) < 5'],
    ['median(result) < 5', 'median(values) < 5'],
    [
      'max(result) < 5 && min(result) > 1 && sum(result) < 9',
      'max(values) < 5 and min(values) > 1 and sum(values) < 9',
    ],
    ['max(result[0], 3) < 5', 'max(value, 3) < 5'],
    ['len(result) == 3', 'count(values) == 3 | noData: Fail'],
    ['len(result) == 1 && result[0] < 5', 'count(values) == 1 and first(values) < 5 | noData: Fail'],
  ])('%s → %s', (source, wanted) => {
    expect(success(source)).toBe(wanted);
  });
});

test('in a range query `result` is a list', () => {
  const { ok, ...translated } = translateConditions(
    { successCondition: 'all(result, # < 5) && result[0] > 1' },
    { range: true },
  );
  expect(ok).toBe(true);
  expect(translated).toEqual({
    successCondition: 'max(values) < 5 and first(values) > 1',
    differences: [
      { kind: 'Empty', argo: 'Error', here: 'Inconclusive', policy: 'Inconclusive' },
      { kind: 'NaN', argo: 'Failed', here: 'Inconclusive', policy: 'Inconclusive' },
      { kind: 'SeveralSeries', range: true },
      { kind: 'NaNLeftOut' },
    ],
  });
});

describe('what has no counterpart is refused with its position', () => {
  test.each([
    [
      'result[0] in 1..5',
      'refused at 10: `in` has no counterpart: write the comparisons out, as in `value >= 1 and value <= 5`',
    ],
    [
      'result[0] not in [1, 2]',
      'refused at 10: `in` has no counterpart: write the comparisons out, as in `value >= 1 and value <= 5`',
    ],
    ['result == "Healthy"', 'refused at 10: a measurement is a number and cannot be compared with text'],
    [
      'result.status == "ok"',
      'refused at 6: a field has no counterpart: a measurement has numbers and no fields',
    ],
    ['result contains "ok"', 'refused at 7: `contains` compares text, and a measurement is a number'],
    [
      'result[1] > 5',
      'refused at 6: result[1] depends on the order in which the server lists the series: give each its own query',
    ],
    ['len(result[0:5]) > 2', 'refused at 12: a part of a list such as result[0:5] has no counterpart'],
    ['map(result, # * 2)[0] > 5', 'refused at 18: only result[0] and result[-1] have a counterpart'],
    [
      'all(result, # < 1 || # > 5)',
      'refused at 18: no minimum and maximum can tell whether this holds: filter in the query, or split it into several metrics',
    ],
    [
      'any(result, # == 5)',
      'refused at 14: no minimum and maximum can tell whether this holds: filter in the query, or split it into several metrics',
    ],
    [
      'all(result, # * 2 < 5)',
      'refused at 18: a predicate can be translated where it compares `#` by itself, as in `# < 5`',
    ],
    [
      'count(result, # > 5) < 3',
      'refused at 0: how many samples fulfil a predicate has no counterpart, beside none, any and all of them: count in the query',
    ],
    [
      'result[0] % 2 == 0',
      'refused at 10: `%` is of whole numbers in Argo Rollouts, which samples never are: it fails there',
    ],
    [
      'not result[0] > 5',
      'refused at 0: `!` and `not` bind more tightly than a comparison: put parentheses around it',
    ],
    ['result', 'refused at 0: `result` is neither true nor false, and Argo Rollouts refuses it as well'],
    [
      'len(result) > 0 && result > 5',
      'refused at 0: `result` is used both as a number and as a list; it is a number for scalar queries only',
    ],
    ['result[0] >', 'refused at 11: the condition ends too early'],
    ['result[0] > 5)', 'refused at 13: ")" is not expected here'],
    ['result[0] = 5', 'refused at 10: `=` is no comparison: write `==`'],
    [
      'result[0] > 5 | len()',
      'refused at 14: a pipe has no counterpart: write the call around its argument, as in `len(result)`',
    ],
    ['let x = result[0]; x > 5', 'refused at 0: `let` has no counterpart: write the value where it is used'],
    ['result[0] > @', 'refused at 12: "@" is nothing that a condition may contain'],
    [
      'default(result, 0) < 5 && len(result) == 2',
      'refused at 0: a result that stands for a number when it is empty is one number here and no list',
    ],
    ['results[0] > 1', 'refused at 7: only result[0] and result[-1] have a counterpart'],
    ['value > 1', 'refused at 0: "value" is not known; a condition has `result` only'],
    [
      'toJSON(result) == "[]"',
      'refused at 0: toJSON(…) has no counterpart that gives a number; refused at 18: a measurement is a number and cannot be compared with text',
    ],
  ])('%s', (source, wanted) => {
    expect(success(source)).toBe(wanted);
  });
});

test('every translation is a condition that admission accepts', () => {
  const sources = [
    'result[0] >= 0.95',
    'all(result, # >= 1 && # < 5)',
    'len(result) == 0',
    'asInt(result[0]) == 5',
  ];
  const compiled = sources.map((source) => {
    const translated = translateConditions({ successCondition: source });
    return translated.ok && compileCondition(translated.successCondition ?? '').ok;
  });
  expect(compiled).toEqual(sources.map(() => true));
});
