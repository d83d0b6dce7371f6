import { parser } from '@prometheus-io/lezer-promql';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ArgumentType, hasType } from '../../src/analysis/arguments.ts';
import { resolveQuery } from '../../src/analysis/placeholders.ts';
import { readLiteral } from '../../src/analysis/promql-literal.ts';

/** Values that people have tried to get out of literals with, and what lies near them. */
const attack = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '"',
          "'",
          '`',
          '\\',
          '\\\\',
          '\\"',
          "\\'",
          '\n',
          '\r',
          '\r\n',
          '\t',
          '\0',
          '#',
          '# "',
          '{{',
          '}}',
          '}',
          '{',
        ],
        ...[
          '"} or vector(1) or up{a="',
          '") or vector(1) #',
          "'} or vector(1) #",
          '\\u0022',
          '\\x22',
          '\\042',
        ],
        ...[
          '{{args.x}}',
          '{{namespace}}',
          '$1',
          '.*',
          '[',
          '(?=',
          'é',
          '😀',
          '\u2028',
          '\u0085',
          '[5m]',
          ' offset 5m',
        ],
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(''));

/** Queries with one string argument, which is put in the place of `@`, quotes and all. */
const FRAMES: readonly string[] = [
  'up{job=@}',
  'up{job=~@}',
  'up{job!~@, pod="a"}',
  'sum by (pod) (rate(up{job=@,le="0.5"}[5m])) / sum(up{job=@}) > 3',
  'label_replace(up, @, "$1", @, "(.*)")',
  'count_values(@, up)',
  '# it\'s a "comment" `\nup{job=@} # and "another\n + up',
  '# ended by a return "\rup{job=@}',
  'up{a="#", b=\'"\', c=`\\`, job=@}',
  'up{a="\\"", b=\'\\\'\', job=@}',
];
/** What may stand beside the argument in its literal. */
const BESIDES: readonly [before: string, after: string][] = [
  ['', ''],
  ['shop-', '-v1'],
  ['\\"', '\\\\'],
  ['\\\\', '#'],
];

/** The tree with the text of its leaves; string literals apart, as they are read. */
function structureOf(query: string): { shape: string[]; literals: string[] } {
  const shape: string[] = [];
  const literals: string[] = [];
  parser.parse(query).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) shape.push('an error');
      if (name === 'LineComment') return;
      const text = query.slice(from, to);
      if (name === 'StringLiteral') {
        const read = readLiteral(text);
        literals.push(read.ok ? read.text : `unreadable ${text}`);
        shape.push(name);
      } else {
        shape.push(node.firstChild ? name : `${name} ${text}`);
      }
    },
  });
  return { shape, literals };
}

function fillWith(query: string, value: string, type?: ArgumentType) {
  return resolveQuery(query, { args: [{ name: 'x', value, type }] });
}

describe('a string argument changes nothing but the content of its literal', () => {
  test('property: for every value, in every literal, the query stays what it is', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(
        attack,
        fc.constantFrom(...FRAMES),
        fc.constantFrom('"', "'", '`'),
        fc.constantFrom(...BESIDES),
        fc.constantFrom<ArgumentType | undefined>('string', undefined),
        (value, frame, quote, [before, after], type) => {
          const besides = quote === '"' ? [before, after] : ['', ''];
          const literal = `${quote}${besides[0]}{{args.x}}${besides[1]}${quote}`;
          // By a function: $ means something in a replacement.
          const query = frame.replaceAll('@', () => literal);
          const harmless = fillWith(query, 'HARMLESS', type);
          const filled = fillWith(query, value, type);
          if (quote === '`' && value.includes('`')) {
            expect(filled).toMatchObject({ ok: false, reason: 'Unresolved' });
            return;
          }
          if (!filled.ok || !harmless.ok) throw new Error(JSON.stringify({ query, filled, harmless }));
          // The grammar ends comments at line feeds only, where Prometheus ends them at returns too.
          const wanted = structureOf(harmless.text.replace(/^(#[^\n\r]*)\r/, '$1\n'));
          const got = structureOf(filled.text.replace(/^(#[^\n\r]*)\r/, '$1\n'));
          expect(wanted.shape).not.toContain('an error');
          expect(got.shape).toEqual(wanted.shape);
          expect(got.literals).toEqual(wanted.literals.map((text) => text.replace('HARMLESS', () => value)));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('property: outside of literals it is refused, whatever it is', () => {
    fc.assert(
      fc.property(
        attack,
        fc.constantFrom('up + {{args.x}}', '{{args.x}}', 'up # {{args.x}}', 'up[{{args.x}}]'),
        (value, query) => {
          expect(fillWith(query, value, 'string').ok).toBe(false);
        },
      ),
    );
  });
});

describe('arguments of other types are one word, wherever they stand', () => {
  const FRAME: Record<Exclude<ArgumentType, 'string'>, string> = {
    number: 'up > {{args.x}} + 1',
    duration: 'rate(up[{{args.x}}]) + 1',
    identifier: 'sum by ({{args.x}}) (up) + 1',
  };
  const value = fc.oneof(
    attack,
    fc.constantFrom(
      '1',
      '-1.5',
      '+.5e-3',
      '1e999',
      '5m',
      '1h30m',
      '0x1f',
      'Inf',
      'a',
      'a:b',
      'by',
      'sum',
      '1 or 2',
      '5m:1m',
    ),
    fc.constantFrom('1\n', '\n1', 'a\n', '5m\n', ' 1', '1 ', 'a b', '١', 'ａ', '1_0', '--1', '1e', '5m5'),
  );

  test.each(['number', 'duration', 'identifier'] as const)('property: a %s', (type) => {
    fc.assert(
      fc.property(value, (text) => {
        const filled = fillWith(FRAME[type], text, type);
        expect(filled.ok).toBe(hasType(text, type));
        if (!filled.ok) return;
        const number = /^[-+]/.test(text) ? '-1' : '1';
        const harmless = fillWith(FRAME[type], { number, duration: '1m', identifier: 'x' }[type], type);
        const names = (query: string) => structureOf(query).shape.map((each) => each.replace(/ .*/s, ''));
        // `a:b` names a metric and no label; the check of the query says so, once it is filled in.
        if (harmless.ok && !text.includes(':')) expect(names(filled.text)).toEqual(names(harmless.text));
      }),
      { numRuns: 2_000 },
    );
  });
});

test.each([
  ['{{args.x}} ^ 2', '-3', '(-3) ^ 2'],
  ['up -{{args.x}}', '-3', 'up -(-3)'],
  ['up{{args.x}}', '-3', 'up(-3)'],
  ['up > {{args.x}}', '3', 'up > 3'],
])('a number keeps its sign to itself: %s with %s is %s', (query, value, text) => {
  expect(fillWith(query, value, 'number')).toEqual({ ok: true, text });
});

describe('inside a regular expression a string argument is one', () => {
  test('so that a list of pods can be given', () => {
    expect(fillWith('up{pod=~"{{args.x}}"}', 'shop-.*|cart')).toEqual({
      ok: true,
      text: 'up{pod=~"shop-.*|cart"}',
    });
  });
  test('its backslashes are those of the expression, and need not be doubled', () => {
    expect(fillWith('up{pod=~"{{args.x}}"}', 'shop\\.v1')).toEqual({
      ok: true,
      text: 'up{pod=~"shop\\\\.v1"}',
    });
  });
});
