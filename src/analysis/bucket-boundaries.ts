import type { SyntaxNode } from '@lezer/common';
import type { Answered } from './measure-job.ts';
import { children } from './promql-node.ts';
import { parsePromql, withoutLiterals } from './promql-syntax.ts';

/** The name of the query that tells which bucket boundaries there are. */
export const BOUNDARIES_QUERY = 'boundaries';

/** Whether a selector chooses buckets of a classic histogram by their boundary. Its placeholders need not be filled in. */
export function namesBoundary(selector: string): boolean {
  return /[{,]\s*le\s*=/.test(withoutLiterals(selector));
}

/**
 * A query for the boundaries of all buckets that selectors choose from, one series a boundary, with the label `le`.
 * A boundary that is written otherwise than the buckets have it selects nothing, and nothing in its answer says so.
 */
export function boundariesOf(selectors: readonly string[]): string {
  return selectors.map((selector) => `count by (le) (${withoutMatchersOf('le', selector)})`).join(' or ');
}

function withoutMatchersOf(label: string, selector: string): string {
  const tree = parsePromql({ text: selector, faults: [], written: (from, to) => selector.slice(from, to) });
  if (!tree.ok) return selector;
  const unwanted: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    for (const child of children(node)) {
      const [key] = children(child);
      const isMatcher = child.name.endsWith('LabelMatcher');
      if (isMatcher && key && selector.slice(key.from, key.to) === label) unwanted.push(child);
      else visit(child);
    }
  };
  visit(tree.root);
  return unwanted.reduceRight((text, { from, to }) => {
    // With the comma behind it; one that is left before a bracket is no fault in PromQL.
    return `${text.slice(0, from)}${text.slice(to).replace(/^\s*,/, '')}`;
  }, selector);
}

/** `0.1, 0.5, +Inf`: the boundaries in an answer, in order; undefined where they were not asked for, or there are none. */
export function boundariesIn(answers: readonly Answered[]): string | undefined {
  const answer = answers.find(({ name }) => name === BOUNDARIES_QUERY)?.answer;
  if (answer?.kind !== 'series') return undefined;
  const boundaries = [...new Set(answer.series.flatMap(({ labels }) => labels['le'] ?? []))];
  if (boundaries.length === 0) return undefined;
  const limit = (le: string) => (le === '+Inf' ? Infinity : Number(le));
  return boundaries.toSorted((one, other) => limit(one) - limit(other)).join(', ');
}
