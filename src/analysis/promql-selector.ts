import type { SyntaxNode } from '@lezer/common';
import { readLiteral } from './promql-literal.ts';
import { type CheckedQuery, children, excerpt, expressionsOf, report, textOf } from './promql-node.ts';
import { readRegex } from './promql-regex.ts';

/**
 * Reports what Prometheus refuses in a selector: a name set twice, a regular expression that is none, and
 * matchers that an absent label satisfies, all of them, so that the selector would select every series.
 * The second argument of info() selects nothing itself, so it may have any matchers.
 */
export function checkSelector(query: CheckedQuery, selector: SyntaxNode): void {
  const name = selector.getChild('Identifier');
  const matchers = selector.getChild('LabelMatchers');
  let selective = name !== null;
  let readable = true;
  for (const child of matchers ? children(matchers) : []) {
    if (child.name === 'QuotedLabelName') {
      if (name) report(query, child.from, 'the selector has a metric name already: leave one of the two out');
      selective = true;
    } else if (child.name.endsWith('LabelMatcher')) {
      const verdict = readMatcher(query, child);
      if (name && verdict.label === '__name__') {
        const words = excerpt(query, name);
        report(query, child.from, `__name__ sets the metric name twice: leave out this matcher or ${words}`);
      }
      readable &&= verdict.matchesEmpty !== undefined;
      selective ||= verdict.matchesEmpty === false;
    }
  }
  if (!selective && readable && !isLabelsOfInfo(query, selector)) {
    report(
      query,
      selector.from,
      'the selector would select every series, because a label that is not there satisfies all its matchers: add a metric name, or a matcher such as job="shop" or job=~".+"',
    );
  }
}

/** The label of a matcher, and whether it lets a series without that label pass; undefined when unreadable. */
function readMatcher(
  query: CheckedQuery,
  matcher: SyntaxNode,
): { label: string; matchesEmpty: boolean | undefined } {
  const [key] = children(matcher);
  const value = matcher.getChild('StringLiteral');
  const label = key ? textOf(query, key).replace(/^["'`]|["'`]$/g, '') : '';
  const operator = matcher.getChild('MatchOp')?.firstChild?.name;
  const literal = value && readLiteral(textOf(query, value));
  if (!value || !literal?.ok) return { label, matchesEmpty: undefined };
  if (operator === 'EqlSingle') return { label, matchesEmpty: literal.text === '' };
  if (operator === 'Neq') return { label, matchesEmpty: literal.text !== '' };
  const regex = readRegex(literal.text);
  if (!regex.ok) {
    const within = literal.offsets[regex.offset] ?? literal.offsets.at(-1) ?? 0;
    report(query, value.from + within, `the regular expression is not valid: ${regex.message}`);
    return { label, matchesEmpty: undefined };
  }
  return { label, matchesEmpty: (operator === 'EqlRegex') === regex.matchesEmpty };
}

function isLabelsOfInfo(query: CheckedQuery, selector: SyntaxNode): boolean {
  const body = selector.parent;
  const name = body?.name === 'FunctionCallBody' ? body.parent?.getChild('FunctionIdentifier') : undefined;
  return !!body && !!name && textOf(query, name) === 'info' && expressionsOf(body)[1]?.from === selector.from;
}
