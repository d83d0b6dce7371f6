import type { SyntaxNode } from '@lezer/common';
import { type PromqlType, withArticle } from './promql-functions.ts';
import { type CheckedQuery, excerpt, expressionsOf, report, textOf } from './promql-node.ts';
import { durationSeconds, LONGEST_SECONDS, numberValue } from './promql-numbers.ts';

/** int64 milliseconds, in which Prometheus counts times. */
const LATEST_SECONDS = 2 ** 63 / 1_000;

/** An expression's type, and what may be written behind it. */
export interface Typed {
  type: PromqlType;
  /** offset and @ may stand behind the first three, a range only behind a selector. */
  form: 'selector' | 'range' | 'subquery' | 'other';
  offset: boolean;
  at: boolean;
}

export function other(type: PromqlType): Typed {
  return { type, form: 'other', offset: false, at: false };
}

/** What an expression becomes with a range, a subquery, offset or @ behind it. */
export function withPostfix(
  query: CheckedQuery,
  typed: Typed,
  postfix: SyntaxNode,
  operand: SyntaxNode,
): Typed {
  switch (postfix.name) {
    case 'MatrixSelector':
      durations(query, postfix);
      range(query, typed, postfix, operand);
      return { ...other('range vector'), form: 'range' };
    case 'SubqueryExpr':
      durations(query, postfix);
      if (typed.type !== 'instant vector') {
        const what = `a subquery needs an instant vector before it, and ${excerpt(query, operand)} is ${withArticle(typed.type)}`;
        const fix = typed.type === 'scalar' ? `: write vector(${excerpt(query, operand)})[...]` : '';
        report(query, operand.from, what + fix);
      }
      return { ...other('range vector'), form: 'subquery' };
    case 'OffsetExpr':
      durations(query, postfix);
      modifier(query, typed, 'offset', typed.offset, postfix, operand);
      return { ...typed, offset: true };
    case 'StepInvariantExpr':
      timestamp(query, postfix);
      modifier(query, typed, '@', typed.at, postfix, operand);
      return { ...typed, at: true };
    default:
      return typed;
  }
}

function range(query: CheckedQuery, typed: Typed, postfix: SyntaxNode, operand: SyntaxNode): void {
  const bracket = bracketOf(query, postfix);
  if (typed.form !== 'selector') {
    const fix =
      typed.type === 'instant vector'
        ? `: make it a subquery, ${excerpt(query, operand)}[${firstDuration(query, postfix)}:]`
        : '';
    report(
      query,
      bracket,
      `a range may stand only behind a selector, and ${excerpt(query, operand)} is none${fix}`,
    );
  } else if (typed.offset || typed.at) {
    const modifier = typed.offset ? 'offset' : '@';
    report(query, bracket, `the range stands before ${modifier}: write x[5m] ${modifier} ...`);
  }
}

function modifier(
  query: CheckedQuery,
  typed: Typed,
  word: 'offset' | '@',
  repeated: boolean,
  postfix: SyntaxNode,
  operand: SyntaxNode,
): void {
  const at = postfix.getChild(word === '@' ? 'At' : 'Offset')?.from ?? postfix.from;
  if (typed.form === 'other') {
    report(
      query,
      at,
      `${word} may stand only behind a selector, a range or a subquery, and ${excerpt(query, operand)} is none: move it to the selectors inside`,
    );
  } else if (repeated) {
    report(query, at, `${word} is given twice: leave one out`);
  }
}

function bracketOf(query: CheckedQuery, postfix: SyntaxNode): number {
  const inner = expressionsOf(postfix)[0];
  return inner ? query.text.indexOf('[', inner.to) : postfix.from;
}

function firstDuration(query: CheckedQuery, postfix: SyntaxNode): string {
  const duration = postfix.getChild('DurationExpr');
  return duration ? excerpt(query, duration) : '5m';
}

/** Ranges and steps of nothing, and times that no server can count. */
function durations(query: CheckedQuery, postfix: SyntaxNode): void {
  const kind = postfix.name === 'OffsetExpr' ? 'OffsetDurationExpr' : 'DurationExpr';
  for (const [index, child] of postfix.getChildren(kind).entries()) {
    const seconds = durationSeconds(textOf(query, child));
    if (seconds === undefined) continue;
    if (seconds > LONGEST_SECONDS) {
      report(query, child.from, `${excerpt(query, child)} is longer than Prometheus can count (292 years)`);
    }
    if (seconds === 0 && postfix.name !== 'OffsetExpr') {
      const what = index === 0 ? 'a range' : 'the step of a subquery';
      report(query, child.from, `${what} must be longer than 0: write a duration such as 5m`);
    }
  }
}

function timestamp(query: CheckedQuery, postfix: SyntaxNode): void {
  const literal = postfix.getChildren('NumberDurationLiteral').at(-1);
  if (!literal || literal.from < (postfix.getChild('At')?.from ?? 0)) return;
  const value = numberValue(textOf(query, literal));
  if (value === undefined || Math.abs(value) < LATEST_SECONDS) return;
  report(query, literal.from, '@ needs a time in seconds since 1970, such as @ 1767225600, or @ end()');
}
