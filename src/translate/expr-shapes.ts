import type { Comparison, ExprNode } from './expr-tree.ts';

/** The same comparison with its sides exchanged. */
export const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const;

/** `result`, also with what is left out anyway taken out: `filter(result, not isNaN(#))`. */
export function isAllSamples(node: ExprNode): boolean {
  if (node.kind === 'name') return node.name === 'result';
  if (node.kind !== 'call' || node.name !== 'filter') return false;
  const [list, predicate] = node.args;
  if (!list || !isAllSamples(list) || predicate?.kind !== 'unary' || predicate.operator !== '!') return false;
  const { operand } = predicate;
  return operand.kind === 'call' && operand.name === 'isNaN' && operand.args[0]?.kind === 'element';
}

export function wholeNumber(node: ExprNode): number | undefined {
  if (node.kind === 'number' && Number.isInteger(node.value)) return node.value;
  if (node.kind === 'unary' && node.operator === '-' && node.operand.kind === 'number') {
    return Number.isInteger(node.operand.value) ? -node.operand.value : undefined;
  }
  return undefined;
}

/** What `count op bound` comes to for every count from 1 on; undefined where the count matters. */
export function settledForOneOrMore(operator: Comparison, bound: number): boolean | undefined {
  const holds = (count: number) =>
    ({
      '<': count < bound,
      '<=': count <= bound,
      '>': count > bound,
      '>=': count >= bound,
      '==': count === bound,
      '!=': count !== bound,
    })[operator];
  // Above the bound nothing changes any more, so that these counts stand for all of them.
  const counts = [1, Math.floor(bound), Math.ceil(bound), Math.floor(bound) + 1].filter(
    (count) => count >= 1,
  );
  return counts.every((count) => holds(count) === holds(1)) ? holds(1) : undefined;
}

/** Which question about a predicate a comparison of its count is; undefined where it is another one. */
export function whatCountAsks(operator: Comparison, bound: ExprNode): 'all' | 'any' | 'none' | undefined {
  if (bound.kind === 'call' && bound.name === 'len' && bound.args[0] && isAllSamples(bound.args[0])) {
    return operator === '==' || operator === '>=' ? 'all' : undefined;
  }
  const number = wholeNumber(bound);
  if (number === 0 && (operator === '==' || operator === '<=')) return 'none';
  if (number === 1 && operator === '<') return 'none';
  if (number === 0 && (operator === '>' || operator === '!=')) return 'any';
  return number === 1 && operator === '>=' ? 'any' : undefined;
}

export function describe(node: ExprNode): string {
  if (node.kind === 'name') return `\`${node.name}\``;
  if (node.kind === 'call') return `${node.name}(…)`;
  return {
    number: 'a number',
    string: 'text',
    boolean: 'true or false',
    nil: '`nil`',
    element: '`#`',
    placeholder: 'an argument',
    unary: 'a number',
    binary: 'a computation',
    ternary: 'a choice',
    index: 'a number',
  }[node.kind];
}
