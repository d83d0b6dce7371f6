import type { NoDataPolicy } from '../api/analysis-template.ts';
import { parseExpr } from './expr-parse.ts';
import { toMathjs } from './expr-to-mathjs.ts';
import { type ExprNode, nodesOf, type Refusal } from './expr-tree.ts';
import { type ArgoOutcome, type NoDataCase, outcomeWithoutData } from './expr-without-data.ts';
import { type Findings, noFindings, type VariableNames } from './translator.ts';

/** The conditions of one metric as they stand in Argo Rollouts. */
export interface ArgoConditions {
  successCondition?: string | undefined;
  failureCondition?: string | undefined;
}

export type ConditionField = keyof ArgoConditions;

/** A deliberate difference between what Argo Rollouts makes of a measurement and what Assay does. */
export type Difference =
  /** Nothing was measured: no series, or NaN. */
  | { kind: 'Empty' | 'NaN'; argo: ArgoOutcome; here: Exclude<ArgoOutcome, undefined>; policy: NoDataPolicy }
  /** An empty result stands for a number here; there the fallback never took effect. */
  | { kind: 'WhenEmpty'; number: number }
  /** There the first of several series counts, by accident, or all of a range are one list; here that is an Error. */
  | { kind: 'SeveralSeries'; range: boolean }
  /** A sample that is NaN is left out of a list. */
  | { kind: 'NaNLeftOut' }
  /** Infinity - Infinity is NaN: false in every comparison there, an Error here. */
  | { kind: 'NaNInArithmetic' }
  /** What asInt makes of an infinity depends on the machine there. */
  | { kind: 'AsIntOfInfinity' };

export type TranslatedConditions =
  | {
      ok: true;
      successCondition?: string;
      failureCondition?: string;
      /** Unset where the conditions say nothing about missing data. */
      noData?: NoDataPolicy;
      whenEmpty?: number;
      differences: Difference[];
    }
  | { ok: false; refusals: (Refusal & { field: ConditionField })[] };

/** The query that has a `whenEmpty`. */
export const NAMED_QUERY = 'result';

const ONE = { first: 'value', list: 'values' };
const LIST = { first: 'first(values)', list: 'values' };
const NAMED = { first: NAMED_QUERY, list: NAMED_QUERY };
const NAMED_LIST = { first: `first(${NAMED_QUERY})`, list: NAMED_QUERY };
const NO_NAMED_LIST = {
  field: 'successCondition' as const,
  at: 0,
  why: 'a result that stands for a number when it is empty is one number here and no list',
};

const OUTCOME_OF = { Pass: 'Successful', Fail: 'Failed', Inconclusive: 'Inconclusive' } as const;
/** The stricter first. */
const POLICIES = ['Fail', 'Inconclusive', 'Pass'] as const;

/**
 * Translates the conditions of one metric. What they say about missing data (`len(result) == 0 || …`,
 * `isNaN(…)`) becomes `noData`; where they say two things, the stricter one counts. Every difference that is
 * left is named. In a range query `result` is always a list.
 */
export function translateConditions(
  given: ArgoConditions,
  { range = false }: { range?: boolean } = {},
): TranslatedConditions {
  const refusals: (Refusal & { field: ConditionField })[] = [];
  const parse = (field: ConditionField): ExprNode | undefined => {
    const text = given[field];
    if (text === undefined || text.trim() === '') return undefined;
    const parsed = parseExpr(text);
    if (parsed.ok) return parsed.node;
    refusals.push({ field, ...parsed.refusal });
    return undefined;
  };
  const success = parse('successCondition');
  const failure = parse('failureCondition');
  if (refusals.length > 0) return { ok: false, refusals };

  let done = translateBoth(success, failure, range ? LIST : ONE);
  if (done.findings.whenEmpty !== undefined) {
    // Only named queries have `whenEmpty`, and each of them is one number unless it is a range.
    done = translateBoth(success, failure, range ? NAMED_LIST : NAMED);
    if (done.findings.usesList && !range) done.refusals.push(NO_NAMED_LIST);
  } else if (done.findings.usesList && !range) {
    // Where the list counts, several series are meant, and `value` would refuse them.
    done = translateBoth(success, failure, LIST);
  }
  if (done.refusals.length > 0) return { ok: false, refusals: done.refusals };
  const severalCount = done.findings.usesList && !range;
  return {
    ok: true,
    ...(done.success !== undefined && { successCondition: done.success }),
    ...(done.failure !== undefined && { failureCondition: done.failure }),
    ...withoutData(success, failure, done.findings, !severalCount, range),
  };
}

function translateBoth(success: ExprNode | undefined, failure: ExprNode | undefined, names: VariableNames) {
  const findings = noFindings();
  const refusals: (Refusal & { field: ConditionField })[] = [];
  const translate = (node: ExprNode | undefined, field: ConditionField) => {
    if (!node) return undefined;
    findings.refusals = [];
    const text = toMathjs(node, names, findings);
    refusals.push(...findings.refusals.map((refusal) => ({ ...refusal, field })));
    return text;
  };
  const translated = {
    success: translate(success, 'successCondition'),
    failure: translate(failure, 'failureCondition'),
  };
  if (findings.usesScalar && findings.usesVector && refusals.length === 0) {
    refusals.push({
      field: success ? 'successCondition' : 'failureCondition',
      at: 0,
      why: '`result` is used both as a number and as a list; it is a number for scalar queries only',
    });
  }
  return { ...translated, findings, refusals };
}

function withoutData(
  success: ExprNode | undefined,
  failure: ExprNode | undefined,
  findings: Findings,
  single: boolean,
  range: boolean,
): { noData?: NoDataPolicy; whenEmpty?: number; differences: Difference[] } {
  const nodes = [success, failure].flatMap((node) => (node ? [...nodesOf(node)] : []));
  const outcome = (answer: NoDataCase) => outcomeWithoutData({ success, failure }, answer);
  const cases = [
    {
      kind: 'Empty' as const,
      argo: outcome('empty'),
      explicit: nodes.some(asksWhetherEmpty),
      occurs: !findings.usesScalar,
    },
    {
      kind: 'NaN' as const,
      argo: outcome(findings.usesScalar ? 'NaN' : 'listOfNaN'),
      explicit: nodes.some(asksWhetherNaN),
      occurs: true,
    },
  ];
  const wanted = cases.filter(({ explicit }) => explicit).map(({ argo }) => argo);
  const noData = POLICIES.find((policy) => wanted.includes(OUTCOME_OF[policy]));
  const policy = noData ?? 'Inconclusive';
  const { whenEmpty } = findings;
  const differences: Difference[] = cases
    .filter(
      ({ kind, occurs, argo }) =>
        occurs && argo !== OUTCOME_OF[policy] && !(kind === 'Empty' && whenEmpty !== undefined),
    )
    .map(({ kind, argo }) => ({ kind, argo, here: OUTCOME_OF[policy], policy }));
  if (whenEmpty !== undefined) differences.push({ kind: 'WhenEmpty', number: whenEmpty });
  if (single && !findings.usesScalar) differences.push({ kind: 'SeveralSeries', range });
  if (findings.usesList) differences.push({ kind: 'NaNLeftOut' });
  if (findings.computes) differences.push({ kind: 'NaNInArithmetic' });
  if (findings.truncates) differences.push({ kind: 'AsIntOfInfinity' });
  return {
    ...(noData !== undefined && { noData }),
    ...(whenEmpty !== undefined && { whenEmpty }),
    differences,
  };
}

/** `len(result) == 0` and its like. What an `all` makes of nothing is an accident and says nothing. */
function asksWhetherEmpty(node: ExprNode): boolean {
  if (node.kind !== 'binary') return false;
  return [node.left, node.right].some(
    (side, index, sides) =>
      side.kind === 'call' &&
      side.name === 'len' &&
      side.args[0]?.kind === 'name' &&
      sides[1 - index]?.kind === 'number',
  );
}

/** `isNaN(result[0])`. In a predicate it leaves samples out, and does not say what it means if none is left. */
function asksWhetherNaN(node: ExprNode): boolean {
  if (node.kind !== 'call' || node.name !== 'isNaN') return false;
  return ![...nodesOf(node)].some(({ kind }) => kind === 'element');
}

/** The differences in sentences for the report; what becomes of missing data comes first. */
export function describeDifferences(differences: readonly Difference[]): string[] {
  const [first] = differences.filter((each) => each.kind === 'Empty' || each.kind === 'NaN');
  if (!first || !('policy' in first)) return differences.map(describe);
  const parts = differences.flatMap((each) =>
    each.kind === 'Empty' || each.kind === 'NaN' ? [describe(each)] : [],
  );
  const rest = differences.filter((each) => each.kind !== 'Empty' && each.kind !== 'NaN');
  return [
    `no data is ${first.here} here (noData: ${first.policy}): ${parts.join(', ')}`,
    ...rest.map(describe),
  ];
}

function describe(difference: Difference): string {
  switch (difference.kind) {
    case 'Empty':
    case 'NaN': {
      const what = difference.kind === 'Empty' ? 'an empty result' : 'NaN';
      return difference.argo === undefined
        ? `what ${what} was depends on an argument`
        : `${what} was ${difference.argo}`;
    }
    case 'WhenEmpty':
      return `an empty result stands for ${difference.number}; there default(…) never took effect, because an empty result of Prometheus is an empty list and not nil`;
    case 'SeveralSeries':
      return difference.range
        ? 'several series are an Error here, where all of them were one list'
        : 'several series are an Error here, where the first one counted';
    case 'NaNLeftOut':
      return 'a sample that is NaN is left out of the list here';
    case 'NaNInArithmetic':
      return 'a computation that comes to NaN (as Infinity - Infinity) is an Error here, where it was false in a comparison';
    case 'AsIntOfInfinity':
      return 'infinity as a whole number is infinity here, where it depended on the machine';
  }
}
