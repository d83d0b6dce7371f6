import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { AGGREGATION_PARAMETERS, nearestFunction, PROMQL_FUNCTIONS } from './promql-functions.ts';
import { type CheckedQuery, children } from './promql-node.ts';

/** Without repairing what is broken, which would cost much and is not asked for. */
const strictParser = parser.configure({ strict: true });

/** Far beyond any real query, and not beyond the parser, which gives up on chains of about 210 operators. */
const MAX_OPERATORS = 200;
const MAX_DEPTH = 100;
const OPERATOR = /[-+*/%^[@<>]|[=!]=|\b(?:and|or|unless|atan2|offset)\b/gi;

export type PromqlTree =
  | { ok: true; root: SyntaxNode }
  | {
      ok: false;
      offset: number;
      message: string;
      /** Where the name of a function begins that is not known. */
      functionAt?: number | undefined;
    };

/** What people write who know other languages, and what it is called in PromQL. */
const HINTS: readonly [shape: RegExp, hint: string][] = [
  [/^&&/, 'write `and`'],
  [/^\|\|/, 'write `or`'],
  [/^!(?!=|~)/, 'write `unless`, or a comparison such as == 0'],
  [/^=(?![=~])/, 'a comparison is written =='],
  [/^,/, 'a comma stands only between two arguments or labels'],
  [/^[smhdwy]\b|^\.\d/, 'durations are whole numbers: write 90s or 1m30s for 1.5m'],
  [/^;/, 'a query is one expression, without ;'],
  [/^\[/, 'a range such as [5m] stands behind a selector'],
];

/** Parses a query, or says where and why it is none. The syntax is that of Prometheus 3. */
export function parsePromql(query: CheckedQuery): PromqlTree {
  const { text } = query;
  const tooMuch = excess(withoutLiterals(text));
  if (tooMuch) return tooMuch;
  try {
    const [root] = children(strictParser.parse(forGrammar(text)).topNode);
    if (root) return { ok: true, root };
  } catch (error) {
    // The only error that the parser throws, and the only place where it tells the position.
    const position =
      error instanceof SyntaxError ? /^No parse at (\d+)$/.exec(error.message)?.[1] : undefined;
    if (position === undefined) throw error;
    return syntaxFault(query, Number(position));
  }
  throw new Error('the grammar of PromQL gave a tree without errors and without an expression');
}

/** What would make the tree deeper than the stack bears. */
function excess(code: string): PromqlTree | undefined {
  let depth = 0;
  for (const { 0: bracket, index } of code.matchAll(/[()[\]{}]/g)) {
    depth += bracket in CLOSING ? 1 : -1;
    if (depth > MAX_DEPTH)
      return fault(index, `the query nests deeper than ${MAX_DEPTH} brackets: simplify it`);
  }
  const operators = [...code.matchAll(OPERATOR)];
  const last = operators[MAX_OPERATORS];
  return last && fault(last.index, `the query has more than ${MAX_OPERATORS} operators: simplify it`);
}

function syntaxFault(query: CheckedQuery, at: number): PromqlTree {
  const { text } = query;
  const offset = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
  const before = text.slice(0, offset).trimEnd();
  const called = /[a-zA-Z_:][\w:]*$/.exec(before)?.[0];
  if (text[offset] === '(' && called !== undefined) {
    const functionAt = before.length - called.length;
    return { ...fault(functionAt, unknownFunction(query, functionAt, called)), functionAt };
  }
  if (offset >= text.length) {
    if (isBlank(text)) return fault(0, 'the query is empty');
    const open = lastOpen(text);
    return open
      ? fault(open.offset, `this ${open.bracket} is not closed: add ${CLOSING[open.bracket]}`)
      : fault(text.length, 'the query ends in the middle: something is missing behind its end');
  }
  const rest = text.slice(offset);
  const word = /^(?:[\w:.]+|"[^"]*"?|'[^']*'?|[^\s\w])/.exec(rest)?.[0] ?? rest[0] ?? '';
  const shown = query.written(offset, offset + word.length);
  if (/[=~]$/.test(before) && /^[\w:]/.test(word) && lastOpen(before)?.bracket === '{') {
    return fault(offset, `the value of a label stands in quotes: write "${shown}"`);
  }
  if (')]}'.includes(word) && lastOpen(before) === undefined) {
    return fault(offset, `this ${word} closes nothing: leave it out`);
  }
  const open = lastOpen(before);
  if (')]}'.includes(word) && open && CLOSING[open.bracket] !== word) {
    return fault(open.offset, `this ${open.bracket} is not closed: add ${CLOSING[open.bracket]}`);
  }
  const hint = HINTS.find(([shape]) => shape.test(rest))?.[1];
  return fault(offset, `${JSON.stringify(shown)} is not expected here${hint ? `: ${hint}` : ''}`);
}

function unknownFunction(query: CheckedQuery, offset: number, name: string): string {
  const shown = query.written(offset, offset + name.length);
  const near = nearestFunction(name, [
    'sum',
    'avg',
    'min',
    'max',
    'count',
    'group',
    'stddev',
    ...AGGREGATION_PARAMETERS.keys(),
  ]);
  if (PROMQL_FUNCTIONS.has(name)) return `${shown}() is not expected here: an operator is missing before it`;
  return `${shown}() is no function of PromQL${near ? `: did you mean ${near}()?` : ''}`;
}

const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** The innermost bracket that nothing closes. */
function lastOpen(text: string): { bracket: string; offset: number } | undefined {
  const open: { bracket: string; offset: number }[] = [];
  for (const { 0: bracket, index: offset } of withoutLiterals(text).matchAll(/[()[\]{}]/g)) {
    if (bracket in CLOSING) open.push({ bracket, offset });
    else if (CLOSING[open.at(-1)?.bracket ?? ''] === bracket) open.pop();
  }
  return open.at(-1);
}

const LITERAL_OR_COMMENT = /"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|`[^`]*`?|#[^\n\r]*/gs;

/** The query with spaces in place of its literals and comments, so that every position stays. */
export function withoutLiterals(text: string): string {
  return text.replace(LITERAL_OR_COMMENT, (found) => ' '.repeat(found.length));
}

/** Nothing but comments. */
function isBlank(text: string): boolean {
  return text.replace(LITERAL_OR_COMMENT, (found) => (found[0] === '#' ? '' : found)).trim() === '';
}

/** The query in terms that the grammar knows, every position as it was. */
function forGrammar(text: string): string {
  // Prometheus ends a comment at a carriage return, the grammar does not.
  const lines = text.includes('\r')
    ? text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\r/gs, (found) =>
        found === '\r' ? '\n' : found,
      )
    : text;
  // The function has a new name in Prometheus 3; another one of the same width keeps every position.
  return lines.replace(/\bholt_winters(?=\s*\()/g, 'irate'.padEnd('holt_winters'.length));
}

function fault(offset: number, message: string): { ok: false; offset: number; message: string } {
  return { ok: false, offset, message };
}
