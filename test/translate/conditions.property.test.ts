import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assess } from '../../src/analysis/measure.ts';
import type { SampleValue } from '../../src/analysis/query-answer.ts';
import { type Difference, translateConditions } from '../../src/translate/conditions.ts';
import { resolvedBare } from '../analysis/examples.ts';
import { outcomeOf, type Tree, write } from './expr-language.ts';

const number = fc.constantFrom(0, 1, 2, 3, 5, 0.5, 0.95, 100).map((value): Tree => ({ is: 'number', value }));
const comparison = fc.constantFrom('<', '<=', '>', '>=', '==', '!=');
const result: Tree = { is: 'result' };
const call = (name: string, ...args: Tree[]): Tree => ({ is: 'call', name, args });
const operator = (text: string, left: Tree, right: Tree): Tree => ({ is: 'operator', text, left, right });

const measured = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Tree>({ is: 'first' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('max', 'min', 'sum', 'mean', 'len').map((name) => call(name, result)),
  },
  { weight: 1, arbitrary: fc.constantFrom('abs', 'asFloat').map((name) => call(name, { is: 'first' })) },
);
const computed: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'xsmall', withCrossShrink: true },
    measured,
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/'), tie('tree'), fc.oneof(number, tie('tree')))
      .map(([text, left, right]) => operator(text, left, right)),
  ),
})).tree;

const predicate: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(comparison, number).map(([text, bound]) => operator(text, { is: 'element' }, bound)),
    fc.constant(call('isNaN', { is: 'element' })),
    tie('tree').map((operand): Tree => ({ is: 'not', operand })),
    fc
      .tuple(fc.constantFrom('&&', '||'), tie('tree'), tie('tree'))
      .map(([text, left, right]) => operator(text, left, right)),
  ),
})).tree;

const condition: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(comparison, computed, number).map(([text, left, right]) => operator(text, left, right)),
    fc
      .tuple(comparison, fc.constantFrom(0, 1, 2))
      .map(([text, value]) => operator(text, call('len', result), { is: 'number', value })),
    fc.constantFrom('isNaN', 'isInf').map((name) => call(name, { is: 'first' })),
    fc
      .tuple(fc.constantFrom('all', 'any', 'none'), predicate)
      .map(([name, holds]): Tree => ({ is: 'predicate', name, over: result, holds })),
    fc
      .tuple(comparison, predicate, fc.constantFrom(0, 1))
      .map(([text, holds, value]) =>
        operator(text, { is: 'predicate', name: 'count', over: result, holds }, { is: 'number', value }),
      ),
    fc
      .tuple(fc.constantFrom('&&', '||'), tie('tree'), tie('tree'))
      .map(([text, left, right]) => operator(text, left, right)),
    tie('tree').map((operand): Tree => ({ is: 'not', operand })),
    fc
      .tuple(tie('tree'), tie('tree'), tie('tree'))
      .map(([test, yes, no]): Tree => ({ is: 'choice', test, yes, no })),
  ),
})).tree;

const answer = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(-1, 0, 0.5, 0.95, 1, 2, 3, 4, 5, 6, 100) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity) },
  ),
  { maxLength: 4 },
);

/** One metric in both worlds: what Argo Rollouts makes of the answer, and what ours makes of the translation. */
function judge(success: Tree | undefined, failure: Tree | undefined, samples: number[]) {
  const translated = translateConditions({
    successCondition: success && write(success),
    failureCondition: failure && write(failure),
  });
  if (!translated.ok) return undefined;
  const { successCondition, failureCondition, noData, differences } = translated;
  const metric = resolvedBare({
    ...(successCondition !== undefined && { successCondition }),
    ...(failureCondition !== undefined && { failureCondition }),
    ...(noData !== undefined && { noData }),
  });
  const here = assess(metric, { kind: 'samples', values: samples.map(sampleValue), warnings: [] });
  return { argo: outcomeOf(success, failure, samples), here, differences };
}

function sampleValue(number: number): SampleValue {
  if (Number.isNaN(number)) return 'NaN';
  return number === Infinity ? '+Inf' : number === -Infinity ? '-Inf' : number;
}

/** Whether a difference that was named is about an answer like this one. */
function isAbout(difference: Difference, samples: number[], reason: string): boolean {
  switch (difference.kind) {
    case 'Empty':
      return samples.length === 0;
    case 'NaN':
      return samples.length === 1 && Number.isNaN(samples[0]);
    case 'SeveralSeries':
      return samples.length > 1 && reason === 'SeveralSeries';
    case 'NaNLeftOut':
      return samples.length > 1 && samples.some(Number.isNaN);
    case 'NaNInArithmetic':
      return reason === 'ConditionError';
    default:
      return false;
  }
}

const metrics = fc
  .tuple(fc.option(condition, { nil: undefined }), fc.option(condition, { nil: undefined }))
  .filter(([success, failure]) => success !== undefined || failure !== undefined);

describe('a translated metric', () => {
  test('comes to the outcome it has in Argo Rollouts, or the difference was named', () => {
    fc.assert(
      fc.property(metrics, answer, ([success, failure], samples) => {
        const judged = judge(success, failure, samples);
        if (!judged) return;
        const { argo, here, differences } = judged;
        const named = differences.filter((difference) => isAbout(difference, samples, here.reason));
        if (named.length === 0) expect(here.outcome, here.message).toBe(argo);
      }),
      { numRuns: 3_000 },
    );
  });

  test('without data it is exactly what the report says', () => {
    fc.assert(
      fc.property(metrics, fc.constantFrom<number[]>([], [Number.NaN]), ([success, failure], samples) => {
        const judged = judge(success, failure, samples);
        if (!judged) return;
        const { argo, here, differences } = judged;
        const kind = samples.length === 0 ? 'Empty' : 'NaN';
        const said = differences.find((difference) => difference.kind === kind);
        const outcomes =
          said && 'argo' in said
            ? { argo: said.argo ?? argo, here: said.here }
            : { argo: here.outcome, here: here.outcome };
        expect(outcomes).toEqual({ argo, here: here.outcome });
      }),
      { numRuns: 1_000 },
    );
  });

  test('is translated more often than not, so that the properties are about something', () => {
    const sample = fc.sample(metrics, { numRuns: 1_000, seed: 1 });
    const translated = sample.filter(([success, failure]) => judge(success, failure, [1]) !== undefined);
    expect(translated.length).toBeGreaterThan(500);
  });
});
