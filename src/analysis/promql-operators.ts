import type { SyntaxNode } from '@lezer/common';
import { type CheckedQuery, children, report, type TypedNode, textOf } from './promql-node.ts';

const COMPARISONS = new Set(['Eql', 'Neq', 'Gtr', 'Gte', 'Lss', 'Lte']);
const SET_OPERATORS = new Set(['And', 'Or', 'Unless']);

/** Reports what is wrong between the two operands of a binary operator, and with its modifiers. */
export function checkOperator(
  query: CheckedQuery,
  node: SyntaxNode,
  operator: SyntaxNode,
  operands: readonly [TypedNode, TypedNode],
): void {
  const sign = textOf(query, operator);
  const scalars = operands.filter(({ type }) => type === 'scalar').length;
  let fit = true;
  for (const [index, { node: operand, type }] of operands.entries()) {
    if (type === 'scalar' || type === 'instant vector') continue;
    fit = false;
    const fix = type === 'range vector' ? ': put a function such as rate() or max_over_time() around it' : '';
    report(query, operand.from, `${sign} cannot have a ${type} on its ${index ? 'right' : 'left'}${fix}`);
  }
  const isBool = node.getChild('BoolModifier') !== null;
  if (isBool && !COMPARISONS.has(operator.name)) {
    report(
      query,
      operator.from,
      `bool belongs to comparisons such as > bool, and ${sign} is none: leave it out`,
    );
  }
  if (!isBool && COMPARISONS.has(operator.name) && scalars === 2) {
    report(query, operator.from, `two numbers are compared with bool: write ${sign} bool`);
  }
  if (fit) matching(query, node, operator, sign, scalars > 0);
}

/** on, ignoring, group_left, group_right and the set operators, between operands of fitting types. */
function matching(
  query: CheckedQuery,
  node: SyntaxNode,
  operator: SyntaxNode,
  sign: string,
  scalar: boolean,
): void {
  const isSet = SET_OPERATORS.has(operator.name);
  if (scalar && isSet) {
    report(
      query,
      operator.from,
      `${sign} needs instant vectors on both sides: write vector(...) around a number`,
    );
  }
  const clause = node.getChild('MatchingModifierClause');
  if (!clause) return;
  const [labels = [], included = []] = clause
    .getChildren('GroupingLabels')
    .map((list) => children(list).map((label) => textOf(query, label)));
  if (scalar && labels.length > 0) {
    report(
      query,
      clause.from,
      'labels are matched only between two instant vectors: leave on or ignoring out',
    );
  }
  const group = clause.getChild('GroupLeft') ?? clause.getChild('GroupRight');
  if (!scalar && isSet && group) {
    report(query, group.from, `${sign} matches many to many: leave ${textOf(query, group)} out`);
  }
  const twice = group && clause.getChild('On') && labels.find((label) => included.includes(label));
  if (twice) {
    report(query, clause.from, `${twice} stands in on and in ${textOf(query, group)}: leave one out`);
  }
}
