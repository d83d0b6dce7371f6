/** Operators with two operands, by one spelling each: `and` is `&&`, `or` is `||`, `**` is `^`. */
export const BINARY_OPERATORS = [
  '||',
  '&&',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '??',
] as const;
export type BinaryOperator = (typeof BINARY_OPERATORS)[number];
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A condition of Argo Rollouts, as expr-lang reads it. `at` is the 0-based position in its text. */
export type ExprNode = { at: number } & (
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'boolean'; value: boolean }
  | { kind: 'nil' }
  | { kind: 'name'; name: string }
  /** The element that a predicate looks at: `#`. */
  | { kind: 'element' }
  /** `{{args.x}}`, which Argo fills in as text before it reads the condition. */
  | { kind: 'placeholder'; argument: string }
  | { kind: 'unary'; operator: '!' | '-' | '+'; operand: ExprNode }
  | { kind: 'binary'; operator: BinaryOperator; left: ExprNode; right: ExprNode }
  | { kind: 'ternary'; test: ExprNode; yes: ExprNode; no: ExprNode }
  | { kind: 'index'; object: ExprNode; index: ExprNode }
  | { kind: 'call'; name: string; args: ExprNode[] }
);

/** What cannot be translated, and why. */
export interface Refusal {
  /** 0-based position in the text of the condition. */
  at: number;
  why: string;
}

export function isComparison(operator: string): operator is Comparison {
  return ['==', '!=', '<', '<=', '>', '>='].includes(operator);
}

/** Every node of a tree, the root first. */
export function* nodesOf(node: ExprNode): Generator<ExprNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

function childrenOf(node: ExprNode): ExprNode[] {
  switch (node.kind) {
    case 'unary':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'ternary':
      return [node.test, node.yes, node.no];
    case 'index':
      return [node.object, node.index];
    case 'call':
      return node.args;
    default:
      return [];
  }
}
