import { type ExprToken, exprTokens } from './expr-tokens.ts';
import { type BinaryOperator, type ExprNode, isComparison, type Refusal } from './expr-tree.ts';

export type ParsedExpr = { ok: true; node: ExprNode } | { ok: false; refusal: Refusal };

/** How tightly each operator binds in expr-lang, by every spelling; `right` groups from the right. */
const BINARY: Record<string, { as: BinaryOperator; binds: number; right?: true }> = {
  '||': { as: '||', binds: 10 },
  or: { as: '||', binds: 10 },
  '&&': { as: '&&', binds: 15 },
  and: { as: '&&', binds: 15 },
  '==': { as: '==', binds: 20 },
  '!=': { as: '!=', binds: 20 },
  '<': { as: '<', binds: 20 },
  '<=': { as: '<=', binds: 20 },
  '>': { as: '>', binds: 20 },
  '>=': { as: '>=', binds: 20 },
  '+': { as: '+', binds: 30 },
  '-': { as: '-', binds: 30 },
  '*': { as: '*', binds: 60 },
  '/': { as: '/', binds: 60 },
  '%': { as: '%', binds: 60 },
  '**': { as: '^', binds: 100, right: true },
  '^': { as: '^', binds: 100, right: true },
  '??': { as: '??', binds: 500 },
};
const UNARY = { '!': { as: '!', binds: 50 }, not: { as: '!', binds: 50 } } as const;
const SIGNED = { '-': { as: '-', binds: 90 }, '+': { as: '+', binds: 90 } } as const;
const PREFIXES: Record<string, { as: '!' | '-' | '+'; binds: number }> = { ...UNARY, ...SIGNED };

/** Operators of expr-lang that have no counterpart, with what to write in their place. */
const REFUSED: Record<string, string> = {
  in: '`in` has no counterpart: write the comparisons out, as in `value >= 1 and value <= 5`',
  matches: '`matches` compares text, and a measurement is a number',
  contains: '`contains` compares text, and a measurement is a number',
  startsWith: '`startsWith` compares text, and a measurement is a number',
  endsWith: '`endsWith` compares text, and a measurement is a number',
  let: '`let` has no counterpart: write the value where it is used',
  if: '`if` has no counterpart: write `test ? a : b`',
  '|': 'a pipe has no counterpart: write the call around its argument, as in `len(result)`',
  ';': 'a sequence of expressions has no counterpart: write one expression',
  '..': 'a range such as 1..5 has no counterpart: write the comparisons out',
  '.': 'a field has no counterpart: a measurement has numbers and no fields',
  '?.': 'a field has no counterpart: a measurement has numbers and no fields',
  '?:': '`?:` has no counterpart: write `test ? a : b`',
  '=': '`=` is no comparison: write `==`',
};

/** Functions whose last argument is a predicate, which may stand in braces. */
const PREDICATES = new Set(['all', 'any', 'none', 'one', 'filter', 'count', 'map', 'sum', 'find']);

/** Reads a condition of Argo Rollouts by the precedences of expr-lang 1.17. */
export function parseExpr(source: string): ParsedExpr {
  const scanned = exprTokens(source);
  if ('refusal' in scanned) return { ok: false, refusal: scanned.refusal };
  const parser = new Parser(scanned.tokens);
  const node = parser.expression(0);
  if (node && !parser.refusal) parser.expectEnd();
  if (parser.refusal || !node) {
    return { ok: false, refusal: parser.refusal ?? { at: 0, why: 'the condition is empty' } };
  }
  return { ok: true, node };
}

/** Every method answers undefined once something was refused; the first refusal is kept. */
class Parser {
  refusal: Refusal | undefined;
  private readonly tokens: readonly ExprToken[];
  private next = 0;

  constructor(tokens: readonly ExprToken[]) {
    this.tokens = tokens;
  }

  expression(least: number): ExprNode | undefined {
    let left = this.operand();
    while (left) {
      const token = this.peek();
      const operator = token.kind === 'name' || token.kind === 'sign' ? BINARY[token.text] : undefined;
      if (!operator || operator.binds < least) break;
      left = isComparison(operator.as) ? this.comparisons(left) : this.binary(left, operator);
    }
    return left && least === 0 ? this.ternary(left) : left;
  }

  expectEnd(): void {
    const token = this.peek();
    if (token.kind !== 'end') this.refuse(token, this.unexpected(token));
  }

  private binary(left: ExprNode, operator: (typeof BINARY)[string]): ExprNode | undefined {
    const { at } = this.take();
    const right = this.expression(operator.right ? operator.binds : operator.binds + 1);
    return right && { kind: 'binary', at, operator: operator.as, left, right };
  }

  /** `1 < x <= 5` is `1 < x && x <= 5`. Equality does not chain: it groups from the left. */
  private comparisons(first: ExprNode): ExprNode | undefined {
    let left = first;
    let chain: ExprNode | undefined;
    for (let token = this.peek(); ; token = this.peek()) {
      const operator = token.kind === 'sign' ? BINARY[token.text]?.as : undefined;
      if (!operator || !isComparison(operator)) return chain;
      const equality = operator === '==' || operator === '!=';
      if (equality && chain) return chain;
      this.take();
      const right = this.expression(21);
      if (!right) return undefined;
      const link: ExprNode = { kind: 'binary', at: token.at, operator, left, right };
      if (equality) return link;
      chain = chain ? { kind: 'binary', at: token.at, operator: '&&', left: chain, right: link } : link;
      left = right;
    }
  }

  private ternary(test: ExprNode): ExprNode | undefined {
    const { at, text } = this.peek();
    if (text !== '?') return test;
    this.take();
    const yes = this.expression(0);
    if (!yes || !this.expect(':')) return undefined;
    const no = this.expression(0);
    return no && { kind: 'ternary', at, test, yes, no };
  }

  private operand(): ExprNode | undefined {
    const token = this.peek();
    const prefix =
      token.kind === 'sign' || token.kind === 'name'
        ? Object.hasOwn(PREFIXES, token.text)
          ? PREFIXES[token.text]
          : undefined
        : undefined;
    if (!prefix) return this.postfix(this.primary());
    this.take();
    const operand = this.expression(prefix.binds);
    return operand && { kind: 'unary', at: token.at, operator: prefix.as, operand };
  }

  private postfix(object: ExprNode | undefined): ExprNode | undefined {
    let node = object;
    while (node && this.peek().text === '[') {
      const { at } = this.take();
      const index = this.expression(0);
      if (index && this.peek().text === ':') {
        return this.refuse(this.peek(), 'a part of a list such as result[0:5] has no counterpart');
      }
      if (!index || !this.expect(']')) return undefined;
      node = { kind: 'index', at, object: node, index };
    }
    return node;
  }

  private primary(): ExprNode | undefined {
    const token = this.take();
    const { at } = token;
    switch (token.kind) {
      case 'number':
        return { kind: 'number', at, value: token.value };
      case 'string': {
        const [, argument] = /^\{\{\s*args\.([^{}\s]+)\s*\}\}$/.exec(token.value) ?? [];
        // `asFloat("{{args.x}}")` is how numbers come out of arguments, which are text.
        return { kind: 'string', at, value: argument === undefined ? token.value : `{{args.${argument}}}` };
      }
      case 'placeholder':
        return { kind: 'placeholder', at, argument: token.argument };
      case 'name':
        return this.named(token);
      default:
        break;
    }
    if (token.text === '#') return { kind: 'element', at };
    if (token.text === '(') {
      const node = this.expression(0);
      return node && this.expect(')') ? node : undefined;
    }
    if (token.text === '[') return this.refuse(token, 'a list such as [1, 2] has no counterpart');
    if (token.text === '{') return this.refuse(token, 'a map has no counterpart');
    return this.refuse(token, this.unexpected(token));
  }

  private named(token: ExprToken): ExprNode | undefined {
    const { at, text } = token;
    if (text === 'true' || text === 'false') return { kind: 'boolean', at, value: text === 'true' };
    if (text === 'nil') return { kind: 'nil', at };
    if (Object.hasOwn(REFUSED, text)) return this.refuse(token, REFUSED[text] ?? '');
    if (this.peek().text !== '(') return { kind: 'name', at, name: text };
    this.take();
    const args: ExprNode[] = [];
    while (this.peek().text !== ')') {
      if (args.length > 0 && !this.expect(',')) return undefined;
      const argument = args.length > 0 && PREDICATES.has(text) ? this.predicate() : this.expression(0);
      if (!argument) return undefined;
      args.push(argument);
    }
    this.take();
    return { kind: 'call', at, name: text, args };
  }

  private predicate(): ExprNode | undefined {
    if (this.peek().text !== '{') return this.expression(0);
    this.take();
    const node = this.expression(0);
    return node && this.expect('}') ? node : undefined;
  }

  private expect(text: string): boolean {
    const token = this.peek();
    if (token.text === text) {
      this.take();
      return true;
    }
    this.refuse(token, REFUSED[token.text] ?? `\`${text}\` is missing here`);
    return false;
  }

  private unexpected(token: ExprToken): string {
    if (token.kind === 'end') return 'the condition ends too early';
    const advice = Object.hasOwn(REFUSED, token.text) ? REFUSED[token.text] : undefined;
    if (token.text === 'not') return REFUSED['in'] ?? '';
    return advice ?? `${JSON.stringify(token.text)} is not expected here`;
  }

  private refuse(token: ExprToken, why: string): undefined {
    this.refusal ??= { at: token.at, why };
  }

  private peek(): ExprToken {
    return this.tokens[this.next] ?? { kind: 'end', at: 0, text: '' };
  }

  private take(): ExprToken {
    const token = this.peek();
    this.next += 1;
    return token;
  }
}
