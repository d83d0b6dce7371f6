import type { Refusal } from './expr-tree.ts';

export type ExprToken = { at: number; text: string } & (
  | { kind: 'number'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'name' | 'sign' | 'end' }
  | { kind: 'placeholder'; argument: string }
);

const NUMBER = /^(?:0[xX][0-9a-fA-F_]+|(?:\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)/;
const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*/u;
const STRING = /^(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`)/;
/** Longer ones first. */
const SIGN = /^(?:\|\||&&|==|!=|<=|>=|\*\*|\?\?|\?\.|\?:|\.\.|[-+*/%^!<>?:.,()[\]{}#|;=])/;
const BLANK = /^(?:\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*)/;
const ARGUMENT = /^\{\{\s*args\.([^{}\s]+)\s*\}\}/;

/** Splits a condition of Argo Rollouts into words. The last token is always `end`. */
export function exprTokens(source: string): { tokens: ExprToken[] } | { refusal: Refusal } {
  const tokens: ExprToken[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at);
    const blank = BLANK.exec(rest)?.[0];
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = readToken(rest, at);
    if (!token) {
      return { refusal: { at, why: `${JSON.stringify(rest[0])} is nothing that a condition may contain` } };
    }
    tokens.push(token);
    at += token.text.length;
  }
  return { tokens: [...tokens, { kind: 'end', at, text: '' }] };
}

function readToken(rest: string, at: number): ExprToken | undefined {
  const placeholder = ARGUMENT.exec(rest);
  if (placeholder) return { kind: 'placeholder', at, text: placeholder[0], argument: placeholder[1] ?? '' };
  const string = STRING.exec(rest);
  if (string) {
    const [text, double, single, raw] = string;
    const value = raw ?? (double ?? single ?? '').replace(/\\(.)/g, '$1');
    return { kind: 'string', at, text, value };
  }
  const number = NUMBER.exec(rest)?.[0];
  if (number !== undefined) {
    return { kind: 'number', at, text: number, value: Number(number.replaceAll('_', '')) };
  }
  const name = NAME.exec(rest)?.[0];
  if (name !== undefined) return { kind: 'name', at, text: name };
  const sign = SIGN.exec(rest)?.[0];
  return sign === undefined ? undefined : { kind: 'sign', at, text: sign };
}
