import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkQuery } from '../src/analysis/check-query.ts';
import { compileCondition } from '../src/analysis/condition.ts';
import { FUNCTION_NAMES, type Variables } from '../src/analysis/condition-rules.ts';
import { resolveQuery, templateLookup } from '../src/analysis/placeholders.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONDITIONS = readFileSync(join(ROOT, 'docs/conditions.md'), 'utf8');
const QUERIES = readFileSync(join(ROOT, 'docs/queries.md'), 'utf8');

/** The cells of every table with this header; code marks are left out of a cell that is nothing but code. */
function rowsOf(page: string, header: readonly string[]): string[][] {
  const rows: string[][] = [];
  let inside = false;
  for (const line of page.split('\n')) {
    const cells = line.startsWith('|') ? line.slice(2, -2).split(/ \| /) : [];
    if (cells.join() === header.join()) inside = true;
    else if (cells.length === 0) inside = false;
    else if (inside && !/^-+$/.test(cells[0] ?? ''))
      rows.push(cells.map((cell) => cell.replace(/^`([^`]*)`$/, '$1')));
  }
  return rows;
}

/** `errors = 3, values = [1, +Inf]` */
function variablesOf(text: string): Record<string, number | number[]> {
  const number = (word: string) => (word === '+Inf' ? Infinity : Number(word));
  return Object.fromEntries(
    [...text.matchAll(/(\w+) = (?:\[([^\]]*)\]|([^,\s]+))/g)].map(([, name = '', list, single = '']) => [
      name,
      list === undefined ? number(single) : list.split(', ').map(number),
    ]),
  );
}

describe('docs/conditions.md', () => {
  const rows = rowsOf(CONDITIONS, ['condition', 'with', 'comes to']);

  test('has examples', () => {
    expect(rows.length).toBeGreaterThan(35);
  });

  test.each(rows)('%s with %s comes to %s', (source = '', given = '', outcome = '') => {
    const values = variablesOf(given);
    const kinds = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? 'number' : 'list',
    ]);
    const variables = Object.fromEntries(kinds) as Variables;
    // A single query has both, of which the example shows the one that it is about.
    const single =
      'value' in variables || 'values' in variables ? ({ value: 'number', values: 'list' } as const) : {};
    const compiled = compileCondition(source, { ...single, ...variables });
    if (outcome.startsWith('refused: ')) {
      expect(!compiled.ok && compiled.message).toContain(outcome.slice('refused: '.length));
      return;
    }
    if (!compiled.ok) throw new Error(compiled.message);
    const answer = compiled.evaluate(values);
    if (outcome.startsWith('error: ')) {
      expect(!answer.ok && answer.message).toContain(outcome.slice('error: '.length));
      return;
    }
    expect(answer).toEqual({ ok: true, result: outcome === 'true' });
  });

  test('names every function and no other', () => {
    const cells = rowsOf(CONDITIONS, ['function', 'of', 'result']).map(([cell = '']) => cell);
    const named = cells.flatMap((cell) =>
      [...cell.matchAll(/(?:^|`)([a-zA-Z]+)(?:\(|`)/g)].map((found) => found[1]),
    );
    expect([...new Set(named)].toSorted()).toEqual(FUNCTION_NAMES.toSorted());
  });
});

describe('docs/queries.md', () => {
  const refused = rowsOf(QUERIES, ['query', 'message']);
  const sent = rowsOf(QUERIES, ['query', 'argument', 'is sent as']);

  test('has examples', () => {
    expect(refused).toHaveLength(10);
    expect(sent).toHaveLength(4);
  });

  test.each(refused)('%s is refused', (query = '', message = '') => {
    expect(checkQuery(query, templateLookup([]), { answer: 'instant' })[0]?.message).toBe(message);
  });

  test.each(sent)('%s with %s is sent as %s', (query = '', value = '', text = '') => {
    expect(resolveQuery(query, { args: [{ name: 'x', value, type: 'string' }] })).toEqual({ ok: true, text });
  });
});
