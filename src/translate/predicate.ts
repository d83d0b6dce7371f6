import { type Comparison, type ExprNode, isComparison } from './expr-tree.ts';
import {
  aggregate,
  both,
  compare,
  constant,
  either,
  type NumberPart,
  type TruthPart,
} from './mathjs-text.ts';

/** What a predicate such as `# >= 1 && # < 5` asks of one sample. No sample is NaN: those are left out. */
export type Predicate =
  | { kind: 'constant'; value: boolean }
  | { kind: 'compare'; operator: Comparison; bound: NumberPart }
  | { kind: 'both' | 'either'; left: Predicate; right: Predicate };

const OPPOSITE = { '<': '>=', '<=': '>', '>': '<=', '>=': '<', '==': '!=', '!=': '==' } as const;
const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const;

/** What reads the parts that are numbers, and says what is wrong. */
export interface PredicateReader {
  number(node: ExprNode): NumberPart | undefined;
  refuse(node: ExprNode, why: string): undefined;
}

/** Reads the predicate of `all`, `any`, `none`, `filter` or `count`, with every `not` worked in. */
export function readPredicate(
  node: ExprNode,
  reader: PredicateReader,
  negated = false,
): Predicate | undefined {
  if (node.kind === 'boolean') return { kind: 'constant', value: node.value !== negated };
  if (node.kind === 'unary' && node.operator === '!') return readPredicate(node.operand, reader, !negated);
  if (node.kind === 'call' && (node.name === 'isNaN' || node.name === 'isNil')) {
    const [argument] = node.args;
    if (argument && isElement(argument)) return { kind: 'constant', value: negated };
  }
  if (node.kind === 'binary') {
    const { operator } = node;
    if (operator === '&&' || operator === '||') {
      const left = readPredicate(node.left, reader, negated);
      const right = readPredicate(node.right, reader, negated);
      return left && right && join((operator === '&&') !== negated ? 'both' : 'either', left, right);
    }
    if (isComparison(operator)) {
      const onLeft = isElement(node.left);
      if (onLeft !== isElement(node.right)) {
        const bound = reader.number(onLeft ? node.right : node.left);
        const facing = onLeft ? operator : MIRRORED[operator];
        return bound && { kind: 'compare', operator: negated ? OPPOSITE[facing] : facing, bound };
      }
    }
  }
  return reader.refuse(node, 'a predicate can be translated where it compares `#` by itself, as in `# < 5`');
}

/** Whether every sample fulfils it; undefined where no minimum and maximum can tell. */
export function everySample(predicate: Predicate, list: string): TruthPart | undefined {
  switch (predicate.kind) {
    case 'constant':
      return constant(predicate.value);
    case 'both':
      return together(both, everySample(predicate.left, list), everySample(predicate.right, list));
    case 'either':
      return undefined;
    case 'compare': {
      const { operator, bound } = predicate;
      if (operator === '!=') return undefined;
      if (operator === '==') {
        return both(
          compare('==', aggregate('min', list), bound),
          compare('==', aggregate('max', list), bound),
        );
      }
      return compare(operator, aggregate(operator.startsWith('<') ? 'max' : 'min', list), bound);
    }
  }
}

/** Whether at least one sample fulfils it; undefined where no minimum and maximum can tell. */
export function someSample(predicate: Predicate, list: string): TruthPart | undefined {
  switch (predicate.kind) {
    case 'constant':
      return constant(predicate.value);
    case 'either':
      return together(either, someSample(predicate.left, list), someSample(predicate.right, list));
    case 'both':
      return undefined;
    case 'compare': {
      const { operator, bound } = predicate;
      if (operator === '==') return undefined;
      if (operator === '!=') {
        return either(
          compare('!=', aggregate('min', list), bound),
          compare('!=', aggregate('max', list), bound),
        );
      }
      return compare(operator, aggregate(operator.startsWith('<') ? 'min' : 'max', list), bound);
    }
  }
}

function together(
  combine: (left: TruthPart, right: TruthPart) => TruthPart,
  left: TruthPart | undefined,
  right: TruthPart | undefined,
): TruthPart | undefined {
  return left && right && combine(left, right);
}

function join(kind: 'both' | 'either', left: Predicate, right: Predicate): Predicate {
  const settles = kind === 'either';
  if (left.kind === 'constant') return left.value === settles ? left : right;
  if (right.kind === 'constant') return right.value === settles ? right : left;
  return { kind, left, right };
}

function isElement(node: ExprNode): boolean {
  if (node.kind === 'call' && (node.name === 'asFloat' || node.name === 'float')) {
    return node.args.length === 1 && node.args[0]?.kind === 'element';
  }
  return node.kind === 'element';
}
