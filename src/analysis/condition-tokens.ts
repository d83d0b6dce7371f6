import { allowedInConditions, FUNCTION_NAMES, type Variables } from './condition-rules.ts';

/** A piece of a condition with its 0-based position. */
export interface Token {
  kind: 'number' | 'name' | 'word' | 'symbol';
  text: string;
  offset: number;
}

export type Tokens = { ok: true; tokens: Token[] } | { ok: false; offset: number; message: string };

/** No real condition comes near these; they keep mathjs' recursive parser far from the end of the stack. */
const MAX_LENGTH = 1_000;
const MAX_TOKENS = 300;
const MAX_DEPTH = 30;

const SHAPES = [
  ['number', /(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /[A-Za-z_][A-Za-z0-9_]*/y],
  ['symbol', /[<>=!]=|[-+*/^%(),?:<>]/y],
] as const;
const SPACE = /\s+/y;
const WORDS = new Set(['and', 'or', 'not']);
const FUNCTIONS = new Set(FUNCTION_NAMES);

/** What people who know other expression languages write, and what it is called here. */
const HINTS: Record<string, string> = {
  '&&': 'write `and`',
  '||': 'write `or`',
  '!': 'write `not`',
  '=': 'equality is written `==`',
  result: 'the value of the query is called `value`',
  len: 'the number of samples is `count(values)`',
  avg: 'write `mean`',
};

/**
 * Splits a condition into tokens and rejects what no condition may contain, before mathjs sees any of it.
 * mathjs' syntax tree knows no positions; these tokens do.
 */
export function tokenize(source: string, variables: Variables): Tokens {
  if (source.length > MAX_LENGTH) {
    return fault(MAX_LENGTH, `the condition is longer than ${MAX_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  let depth = 0;
  let offset = skipSpace(source, 0);
  while (offset < source.length) {
    const token = tokenAt(source, offset);
    if (!token) return notAllowed(source, offset, variables);
    const isKnown = FUNCTIONS.has(token.text) || Object.hasOwn(variables, token.text);
    if (token.kind === 'name' && !isKnown) return unknownName(token, variables);
    if (tokens.length === MAX_TOKENS) return fault(offset, `the condition has more than ${MAX_TOKENS} parts`);
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth > MAX_DEPTH) return fault(offset, `the condition nests deeper than ${MAX_DEPTH} parentheses`);
    tokens.push(token);
    offset = skipSpace(source, offset + token.text.length);
  }
  return tokens.length > 0 ? { ok: true, tokens } : fault(0, 'the condition is empty');
}

function tokenAt(source: string, offset: number): Token | undefined {
  for (const [kind, shape] of SHAPES) {
    shape.lastIndex = offset;
    const text = shape.exec(source)?.[0];
    if (text) return { kind: kind === 'name' && WORDS.has(text) ? 'word' : kind, text, offset };
  }
  return undefined;
}

function skipSpace(source: string, offset: number): number {
  SPACE.lastIndex = offset;
  return offset + (SPACE.exec(source)?.[0].length ?? 0);
}

function notAllowed(source: string, offset: number, variables: Variables): Tokens {
  const pair = source.slice(offset, offset + 2);
  const text = pair in HINTS ? pair : String.fromCodePoint(source.codePointAt(offset) ?? 0);
  return fault(
    offset,
    `${JSON.stringify(text)} is not allowed${hint(text)}: ${allowedInConditions(variables)}`,
  );
}

function unknownName({ text, offset }: Token, variables: Variables): Tokens {
  return fault(
    offset,
    `${JSON.stringify(text)} is not known${hint(text)}: ${allowedInConditions(variables)}`,
  );
}

function hint(text: string): string {
  return Object.hasOwn(HINTS, text) ? ` (${HINTS[text]})` : '';
}

function fault(offset: number, message: string): Tokens {
  return { ok: false, offset, message };
}
