import type { Comparison } from './expr-tree.ts';

/** A part of one of our conditions. A boolean that no measurement can change is `constant`. */
export type Part =
  | { kind: 'number'; text: string; binds: number }
  | { kind: 'boolean'; text: string; binds: number }
  | { kind: 'constant'; value: boolean }
  /** All samples: `values`. */
  | { kind: 'list' };

export type NumberPart = Extract<Part, { kind: 'number' }>;
export type TruthPart = Extract<Part, { kind: 'boolean' | 'constant' }>;

/** How tightly mathjs binds, so that only the needed parentheses are written. */
const BINDS = { ternary: 0, or: 1, and: 2, comparison: 3, '+': 5, '*': 6, sign: 7, '^': 8, atom: 9 } as const;
const ARITHMETIC = { '+': BINDS['+'], '-': BINDS['+'], '*': BINDS['*'], '/': BINDS['*'], '^': BINDS['^'] };

export function atom(text: string): NumberPart {
  return { kind: 'number', text, binds: BINDS.atom };
}

export function numberOf(value: number): NumberPart {
  return atom(String(value));
}

export function functionOf(name: string, args: readonly NumberPart[]): NumberPart {
  return atom(`${name}(${args.map(({ text }) => text).join(', ')})`);
}

/** Of every sample: `max(values)`. */
export function aggregate(name: string, list: string): NumberPart {
  return atom(`${name}(${list})`);
}

export function negative(operand: NumberPart): NumberPart {
  return { kind: 'number', text: `-${inside(operand, BINDS.sign + 1)}`, binds: BINDS.sign };
}

export function arithmetic(
  operator: '+' | '-' | '*' | '/' | '^',
  left: NumberPart,
  right: NumberPart,
): NumberPart {
  const binds = ARITHMETIC[operator];
  // Written out on the side that does not group by itself; sums in their order, since floats are not associative.
  const leftText = inside(left, operator === '^' ? binds + 1 : binds);
  return { kind: 'number', text: `${leftText} ${operator} ${inside(right, binds + 1)}`, binds };
}

export function compare(operator: Comparison, left: NumberPart, right: NumberPart): TruthPart {
  const text = `${inside(left, BINDS.comparison + 1)} ${operator} ${inside(right, BINDS.comparison + 1)}`;
  return { kind: 'boolean', text, binds: BINDS.comparison };
}

export function isInfinite(operand: NumberPart): TruthPart {
  return { kind: 'boolean', text: `isInf(${operand.text})`, binds: BINDS.atom };
}

export function constant(value: boolean): TruthPart {
  return { kind: 'constant', value };
}

export function not(operand: TruthPart): TruthPart {
  if (operand.kind === 'constant') return constant(!operand.value);
  return { kind: 'boolean', text: `not (${operand.text})`, binds: BINDS.sign };
}

export function both(left: TruthPart, right: TruthPart): TruthPart {
  if (left.kind === 'constant') return left.value ? right : left;
  if (right.kind === 'constant') return right.value ? left : right;
  return joined('and', BINDS.and, left, right);
}

export function either(left: TruthPart, right: TruthPart): TruthPart {
  if (left.kind === 'constant') return left.value ? left : right;
  if (right.kind === 'constant') return right.value ? right : left;
  return joined('or', BINDS.or, left, right);
}

function joined(
  word: string,
  binds: number,
  left: Part & { text: string; binds: number },
  right: Part & { text: string; binds: number },
): TruthPart {
  return { kind: 'boolean', text: `${inside(left, binds)} ${word} ${inside(right, binds)}`, binds };
}

/** `test ? yes : no` of truths, by `and` and `or` where a branch is settled. */
export function choose(test: TruthPart, yes: TruthPart, no: TruthPart): TruthPart {
  if (test.kind === 'constant') return test.value ? yes : no;
  if (yes.kind === 'constant') return yes.value ? either(test, no) : both(not(test), no);
  if (no.kind === 'constant') return no.value ? either(not(test), yes) : both(test, yes);
  const text = `${inside(test, BINDS.or)} ? ${inside(yes, BINDS.or)} : ${inside(no, BINDS.or)}`;
  return { kind: 'boolean', text, binds: BINDS.ternary };
}

export function chooseNumber(test: TruthPart, yes: NumberPart, no: NumberPart): NumberPart {
  if (test.kind === 'constant') return test.value ? yes : no;
  const text = `${inside(test, BINDS.or)} ? ${inside(yes, BINDS.or)} : ${inside(no, BINDS.or)}`;
  return { kind: 'number', text, binds: BINDS.ternary };
}

function inside({ text, binds }: { text: string; binds: number }, least: number): string {
  return binds < least ? `(${text})` : text;
}
