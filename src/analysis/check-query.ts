import type { SyntaxNode } from '@lezer/common';
import { type FilledMark, fillQuery, type Lookup } from './placeholders.ts';
import { withArticle } from './promql-functions.ts';
import { readLiteral } from './promql-literal.ts';
import { type CheckedQuery, report } from './promql-node.ts';
import { numberValue } from './promql-numbers.ts';
import { parsePromql, withoutLiterals } from './promql-syntax.ts';
import { typeQuery } from './promql-types.ts';

/** Something wrong with a query, at a place of its source with the placeholders still in it. */
export interface QueryFault {
  message: string;
  /** 0-based. */
  offset: number;
  /** 1-based, as editors count. */
  line: number;
  column: number;
}

export interface QueryCheckOptions {
  /**
   * What is made of the query: one value a series now, or the same at many times. `raw`: it is a selector,
   * behind which the caller puts a range.
   */
  answer: 'instant' | 'range' | 'raw';
}

/** Prometheus has no such limit; what is longer than this, nobody can judge by reading it. */
const MAX_LENGTH = 20_000;
const MAX_FAULTS = 10;

/**
 * What is wrong with a query: its placeholders, its syntax, its types. Nothing is refused that some release
 * of Prometheus 2 or 3 takes. A value that is not known yet is judged when it is; a stand-in of its type has
 * its place until then.
 */
export function checkQuery(source: string, lookup: Lookup, { answer }: QueryCheckOptions): QueryFault[] {
  if (source.length > MAX_LENGTH) {
    return [placed(source, MAX_LENGTH, `the query is longer than ${MAX_LENGTH} characters`)];
  }
  const { text, faults, marks } = fillQuery(source, lookup);
  if (faults.length > 0) return faults.map(({ offset, message }) => placed(source, offset, message));
  const query: CheckedQuery = {
    text,
    faults: [],
    written: (from, to) => source.slice(sourceOffset(marks, from, 'start'), sourceOffset(marks, to, 'end')),
  };
  judge(query, marks, answer);
  return query.faults
    .toSorted((left, right) => left.offset - right.offset)
    .slice(0, MAX_FAULTS)
    .map(({ offset, message }) => placed(source, sourceOffset(marks, offset, 'start'), message));
}

function judge(query: CheckedQuery, marks: readonly FilledMark[], answer: QueryCheckOptions['answer']): void {
  checkCharacters(query);
  if (query.faults.length > 0) return;
  const tree = parsePromql(query);
  if (!tree.ok) {
    const { offset, message, functionAt } = tree;
    const standIn = marks.some((mark) => mark.standIn && mark.offset === functionAt);
    // Which function it is, and what that takes, is known only with the value.
    if (!standIn) report(query, offset, message);
    return;
  }
  checkLeaves(query, tree.root);
  const { type, form, offset, at } = typeQuery(query, tree.root);
  // What it comes to is worth saying only of a query that is sound in itself.
  if (query.faults.length > 0) return;
  if (answer === 'raw') {
    if (form !== 'selector' || offset || at || tree.root.name !== 'VectorSelector') {
      report(
        query,
        tree.root.from,
        `the samples of a selector are read as they are, and this is ${form === 'selector' ? 'a selector with offset or @' : withArticle(type)}: write a selector alone, such as http_requests_total{job="shop"}`,
      );
    } else if (query.text.slice(tree.root.to).includes('#')) {
      report(
        query,
        query.text.indexOf('#', tree.root.to),
        'a comment would hide the range that is put behind the selector: write it in a line before',
      );
    }
  } else if (type === 'range vector') {
    report(
      query,
      tree.root.from,
      'the query comes to a range vector, and one value a series is needed: put a function such as rate() or avg_over_time() around it',
    );
  } else if (type === 'string') {
    report(
      query,
      tree.root.from,
      'the query comes to a string, and numbers are needed: write a selector such as up',
    );
  }
}

/** Prometheus knows four spaces, and outside of literals and comments nothing beyond ASCII. */
function checkCharacters(query: CheckedQuery): void {
  const found = /[^\x20-\x7e\t\n\r]/u.exec(withoutLiterals(query.text));
  if (!found) return;
  const [character] = found;
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  const what = /\s/.test(character) ? 'a space that is none to Prometheus' : JSON.stringify(character);
  report(
    query,
    found.index,
    `${what} (U+${code}) may stand only in a string literal: delete it, or type it anew`,
  );
}

/** Escapes that are none, and numbers beyond all numbers. */
function checkLeaves(query: CheckedQuery, root: SyntaxNode): void {
  root.cursor().iterate((node) => {
    if (node.name === 'StringLiteral') {
      const literal = readLiteral(query.text.slice(node.from, node.to));
      if (!literal.ok) report(query, node.from + literal.offset, literal.message);
    } else if (node.name === 'NumberDurationLiteral') {
      const words = query.text.slice(node.from, node.to);
      if (!/inf/i.test(words) && Math.abs(numberValue(words) ?? 0) === Infinity) {
        report(query, node.from, `${words} is beyond all numbers: the greatest is about 1.8e308`);
      }
    }
  });
}

/** The place in the source for one in the filled text; in a placeholder, it is where that begins or ends. */
function sourceOffset(marks: readonly FilledMark[], offset: number, edge: 'start' | 'end'): number {
  let shift = 0;
  for (const mark of marks) {
    if (offset < mark.offset || (edge === 'end' && offset === mark.offset)) break;
    const end = mark.offset + mark.width;
    if (offset < end || (edge === 'end' && offset === end)) {
      return mark.sourceOffset + (edge === 'end' ? mark.sourceWidth : 0);
    }
    shift = mark.sourceOffset + mark.sourceWidth - end;
  }
  return offset + shift;
}

function placed(source: string, offset: number, message: string): QueryFault {
  const before = source.slice(0, offset).split('\n');
  return { message, offset, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

/** The message of a fault and its place, in one sentence: by line where the query has several. */
export function queryFaultText(source: string, { message, offset, line, column }: QueryFault): string {
  const place = source.trimEnd().includes('\n') ? `line ${line}, column ${column}` : `position ${offset}`;
  return `${message} (${place})`;
}
