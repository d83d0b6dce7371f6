import type { SyntaxNode } from '@lezer/common';
import { checkAggregation, checkCall } from './promql-calls.ts';
import type { PromqlType } from './promql-functions.ts';
import {
  type CheckedQuery,
  children,
  expressionsOf,
  POSTFIXES,
  report,
  type TypedNode,
} from './promql-node.ts';
import { checkOperator } from './promql-operators.ts';
import { other, type Typed, withPostfix } from './promql-postfix.ts';
import { checkSelector } from './promql-selector.ts';

/**
 * Types every expression of a tree without errors, and reports what Prometheus would refuse: wrong types and
 * numbers of arguments, ranges that are missing or too many, impossible operators and selectors.
 */
export function typeQuery(query: CheckedQuery, root: SyntaxNode): Typed {
  return typed(query, root, []);
}

/**
 * `postfixes` are the nodes around this one that are written behind it. The grammar hangs those of
 * `a + b[5m]` around the whole sum, where Prometheus means `b[5m]`: they are handed down to the right.
 */
function typed(query: CheckedQuery, node: SyntaxNode, postfixes: readonly SyntaxNode[]): Typed {
  if (POSTFIXES.has(node.name)) {
    const inner = expressionsOf(node)[0];
    return inner ? typed(query, inner, [node, ...postfixes]) : other('instant vector');
  }
  if (node.name === 'BinaryExpr') return other(binary(query, node, postfixes));
  if (node.name === 'UnaryExpr') return other(unary(query, node, postfixes));
  let result = primary(query, node);
  for (const postfix of postfixes) result = withPostfix(query, result, postfix, node);
  return result;
}

function primary(query: CheckedQuery, node: SyntaxNode): Typed {
  switch (node.name) {
    case 'VectorSelector':
      checkSelector(query, node);
      return { ...other('instant vector'), form: 'selector' };
    case 'StringLiteral':
      return other('string');
    case 'NumberDurationLiteral':
      return other('scalar');
    case 'ParenExpr':
      return other(argumentsOf(query, node)[0]?.type ?? 'instant vector');
    case 'FunctionCall':
      return other(checkCall(query, node, argumentsOf(query, node.getChild('FunctionCallBody'))));
    case 'AggregateExpr':
      return other(checkAggregation(query, node, argumentsOf(query, node.getChild('FunctionCallBody'))));
    default:
      throw new Error(`the grammar of PromQL has an expression that is not known here: ${node.name}`);
  }
}

function argumentsOf(query: CheckedQuery, body: SyntaxNode | null): TypedNode[] {
  const nodes = body ? expressionsOf(body) : [];
  return nodes.map((node) => ({ node, type: typed(query, node, []).type }));
}

function unary(query: CheckedQuery, node: SyntaxNode, postfixes: readonly SyntaxNode[]): PromqlType {
  const operand = expressionsOf(node)[0];
  if (!operand) return 'instant vector';
  const { type } = typed(query, operand, postfixes);
  if (type === 'scalar' || type === 'instant vector') return type;
  const sign = query.text[node.from];
  report(query, node.from, `${sign} needs a number or an instant vector behind it, and not a ${type}`);
  return 'instant vector';
}

function binary(query: CheckedQuery, node: SyntaxNode, postfixes: readonly SyntaxNode[]): PromqlType {
  const [left, right] = expressionsOf(node);
  const operator = left && children(node).find(({ from }) => from >= left.to);
  if (!left || !right || !operator) return 'instant vector';
  const operands = [
    { node: left, type: typed(query, left, []).type },
    { node: right, type: typed(query, right, postfixes).type },
  ] as const;
  checkOperator(query, node, operator, operands);
  return operands.every(({ type }) => type === 'scalar') ? 'scalar' : 'instant vector';
}
