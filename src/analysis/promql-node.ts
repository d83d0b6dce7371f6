import type { SyntaxNode } from '@lezer/common';
import type { PromqlType } from './promql-functions.ts';

/** Something wrong at a place of a query; the offset is 0-based. */
export interface PromqlFault {
  offset: number;
  message: string;
}

/** A query under check: its text, and where faults are put. */
export interface CheckedQuery {
  text: string;
  faults: PromqlFault[];
  /** The same part as its author wrote it, with placeholders. */
  written(from: number, to: number): string;
}

/** An argument or operand with its type. */
export interface TypedNode {
  node: SyntaxNode;
  type: PromqlType;
}

/** What is written behind an expression and changes it: a range, a subquery, offset, @. */
export const POSTFIXES: ReadonlySet<string> = new Set([
  'MatrixSelector',
  'SubqueryExpr',
  'OffsetExpr',
  'StepInvariantExpr',
  'AnchoredExpr',
  'SmoothedExpr',
]);

const EXPRESSIONS = new Set([
  ...POSTFIXES,
  ...['AggregateExpr', 'BinaryExpr', 'FunctionCall', 'NumberDurationLiteral', 'ParenExpr', 'StringLiteral'],
  ...['UnaryExpr', 'VectorSelector'],
]);

export function report(query: CheckedQuery, offset: number, message: string): void {
  query.faults.push({ offset, message });
}

/** The children of a node in order, without comments, which may stand anywhere. */
export function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'LineComment') found.push(child);
  }
  return found;
}

/** The children that are expressions: operands and arguments. */
export function expressionsOf(node: SyntaxNode): SyntaxNode[] {
  return children(node).filter((child) => EXPRESSIONS.has(child.name));
}

/** The text of a node, its placeholders filled in: for deciding, where `excerpt` is for saying. */
export function textOf(query: CheckedQuery, node: SyntaxNode): string {
  return query.text.slice(node.from, node.to);
}

/** A part of the query as it was written, short enough for a message. */
export function excerpt(query: CheckedQuery, node: SyntaxNode): string {
  const words = query.written(node.from, node.to).replace(/\s+/g, ' ');
  return words.length > 60 ? `${words.slice(0, 57)}...` : words;
}
