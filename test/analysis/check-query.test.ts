import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkQuery, type QueryCheckOptions, queryFaultText } from '../../src/analysis/check-query.ts';
import { runLookup, templateLookup } from '../../src/analysis/placeholders.ts';
import { brokenQueryArbitrary, queryArbitrary } from './promql-arbitrary.ts';
import { BAD_QUERIES, DIFFERENCES, GOOD_QUERIES } from './promql-queries.ts';

const lookup = templateLookup([
  { name: 'service' },
  { name: 'threshold', type: 'number' },
  { name: 'range', type: 'duration' },
  { name: 'metric', type: 'identifier' },
  { name: 'none', type: 'duration', value: '0s' },
  { name: 'regex', value: '(a' },
  { name: 'fn', type: 'identifier', value: 'rat' },
]);

function check(query: string, answer: QueryCheckOptions['answer'] = 'instant') {
  return checkQuery(query, lookup, { answer });
}

describe('a query that some release of Prometheus takes is taken', () => {
  const later = DIFFERENCES.filter(([, takenBy]) => takenBy === 'Assay').map(([, , query]) => query);
  test.each([...GOOD_QUERIES, ...later])('%s', (query) => {
    expect(check(query)).toEqual([]);
  });
});

describe('a query that no release takes is refused, and it is said what to write', () => {
  test.each(BAD_QUERIES)('%s', (query, message) => {
    expect(check(query)[0]?.message).toMatch(message);
  });
});

describe('a fault has its place in the text that was written', () => {
  /** `^` stands before the place of the fault. */
  test.each<[marked: string, message: RegExp]>(
    [
      ['rate(^http_requests_total)', /^rate\(\) needs a range: write rate\(http_requests_total\[5m\]\)/],
      ['sum(rate(^{{args.metric}}))', /^rate\(\) needs a range: write rate\({{args.metric}}\[5m\]\)/],
      [
        'rate(^{{args.metric}}{pod=~"{{canary.pods}}"})',
        /rate\({{args.metric}}{pod=~"{{canary.pods}}"}\[5m\]\)/,
      ],
      ['sum(x{pod=~"{{canary.pods}}"}) > {{args.threshold}} + ^', /^the query ends in the middle/],
      ['{{args.metric}} / {{args.threshold}} ^+bool 1', /^bool belongs to comparisons/],
      ['sum(x{a="{{args.service}}"}) + sum(^y[{{args.range}}])', /y\[{{args.range}}\] is a range vector/],
      ['rate(x[^{{args.none}}])', /^a range must be longer than 0/],
      ['rate(x{n="{{namespace}}"}[5m:^{{ args.none }}])', /^the step of a subquery must be longer than 0/],
      ['x{a=~"b", c=~"^{{args.regex}}"}', /^the regular expression is not valid: this \( is not closed/],
      ['x{a=~"a\\\\.b|c^(d"}', /^the regular expression is not valid: this \( is not closed/],
      ['^{a=~"{{args.service}}.*|"}', /^the selector would select every series/],
      ['1 + ^{{args.fn}}(x[5m])', /^{{args.fn}}\(\) is no function of PromQL: did you mean rate\(\)\?$/],
      ['x + ^"{{args.service}}"', /^\+ cannot have a string on its right$/],
      ['sum by (pod) ^(x', /^this \( is not closed: add \)$/],
      ['x{a="^{{args.servise}}"}', /^{{args.servise}}: the template declares no such argument$/],
      ['x{a=^"{{args.service}}}', /^the string literal that begins here is not closed$/],
    ].filter(([, message]) => String(message) !== '/x/') as [string, RegExp][],
  )('%s', (marked, message) => {
    const offset = marked.indexOf('^');
    const [fault] = check(marked.replace('^', ''));
    expect(fault?.message).toMatch(message);
    expect(fault).toMatchObject({ offset, line: 1, column: offset + 1 });
  });

  test('by line and column where there are several lines', () => {
    const query = 'sum(\n  rate(x{pod=~"{{canary.pods}}"}[5m])\n)\n/\n  sum(y[5m])\n';
    const [fault] = check(query);
    expect(fault).toMatchObject({ line: 5, column: 7, offset: query.indexOf('y[5m]') });
    expect(fault && queryFaultText(query, fault)).toMatch(
      /^sum\(\) takes an instant vector .* \(line 5, column 7\)$/,
    );
  });

  test('by its position where there is one line', () => {
    const [fault] = check('rate(x)');
    expect(fault && queryFaultText('rate(x)', fault)).toBe(
      'rate() needs a range: write rate(x[5m]) or use [{{window}}] (position 5)',
    );
  });

  test('every fault of types is told, in the order of the text, ten of them at most', () => {
    expect(check('rate(x) + sum(y[5m])').map(({ offset }) => offset)).toEqual([5, 14]);
    expect(check('rate(x) + y{a="\\d"}').map(({ offset }) => offset)).toEqual([5, 15]);
    expect(check(Array.from({ length: 30 }, () => 'rate(x)').join(' + '))).toHaveLength(10);
  });

  test('property: wherever placeholders stand before it, the place is the same', () => {
    const placeholder = fc.constantFrom(
      'x{a="{{args.service}}"}',
      '{{args.metric}}',
      '{{ args.threshold }}',
      'rate(x[{{window}}])',
      'x{{{args.metric}}=~"{{canary.pods}}"}',
    );
    fc.assert(
      fc.property(fc.array(placeholder, { maxLength: 6 }), fc.array(placeholder), (before, after) => {
        const start = before.map((text) => `${text} + `).join('');
        const query = `${start}rate(up)${after.map((text) => ` + ${text}`).join('')}`;
        expect(check(query)).toMatchObject([{ offset: start.length + 'rate('.length }]);
      }),
    );
  });
});

describe('what is not known yet is not judged', () => {
  test.each([
    'x{a=~"{{args.service}}"}',
    '{a="{{args.service}}"}',
    'rate(x[{{args.range}}]) > {{args.threshold}}',
    'sum by ({{args.metric}}) (x)',
    'rate({{args.metric}}_total[{{window}}] offset {{args.range}})',
    'quantile({{args.threshold}}, x)',
    'label_replace(x, "{{args.service}}", "$1", "y", "(.*)")',
    'max_over_time(x[{{args.threshold}}m:1m])',
  ])('%s', (query) => {
    expect(check(query)).toEqual([]);
  });

  test('which function a placeholder stands for, neither', () => {
    const unknown = templateLookup([{ name: 'fn', type: 'identifier' }]);
    expect(checkQuery('{{args.fn}}(x[5m])', unknown, { answer: 'instant' })).toEqual([]);
    const known = templateLookup([{ name: 'fn', type: 'identifier', value: 'increase' }]);
    expect(checkQuery('{{args.fn}}(x[5m])', known, { answer: 'instant' })).toEqual([]);
  });

  test('with its value it is judged', () => {
    const given = (value: string) => runLookup({ args: [{ name: 'service', value }] });
    const query = '{a=~"{{args.service}}"}';
    expect(checkQuery(query, given('shop'), { answer: 'instant' })).toEqual([]);
    expect(checkQuery(query, given('.*'), { answer: 'instant' })).toHaveLength(1);
    expect(checkQuery(query, given('(shop'), { answer: 'instant' })).toHaveLength(1);
  });

  test('a release without pods has no data, and its query no fault', () => {
    const target = { canary: { hash: 'abc', pods: '' } };
    const noPods = runLookup({ args: [], target });
    expect(checkQuery('{pod=~"{{canary.pods}}"}', noPods, { answer: 'instant' })).toEqual([]);
  });
});

describe('what the query is asked for', () => {
  test.each<[query: string, answer: QueryCheckOptions['answer'], message: RegExp | undefined]>([
    ['up', 'instant', undefined],
    ['up', 'range', undefined],
    ['up', 'raw', undefined],
    ['up{pod=~"{{canary.pods}}"}', 'raw', undefined],
    ['1', 'instant', undefined],
    ['1', 'raw', /this is a scalar: write a selector alone/],
    ['up[5m]', 'instant', /^the query comes to a range vector/],
    ['up[5m]', 'range', /^the query comes to a range vector/],
    ['up[5m]', 'raw', /this is a range vector: write a selector alone/],
    ['up offset 5m', 'raw', /this is a selector with offset or @: write a selector alone/],
    ['rate(up[5m])', 'raw', /this is an instant vector: write a selector alone/],
    ['-up', 'raw', /this is an instant vector: write a selector alone/],
    ['up # all of them', 'raw', /^a comment would hide the range that is put behind/],
    ['rate(up)', 'raw', /^rate\(\) needs a range/],
  ])('%s (%s)', (query, answer, message) => {
    const faults = check(query, answer).map((fault) => fault.message);
    if (message) expect(faults[0]).toMatch(message);
    else expect(faults).toEqual([]);
  });
});

/** How long the processor worked in this thread since then: what other processes do meanwhile does not count. */
function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(since);
  return (user + system) / 1_000;
}

describe('checking is bounded', () => {
  const SECOND_MS = 1_000;
  test.each<[what: string, query: string, message: RegExp | undefined]>([
    ['very long', `x + ${'x'.repeat(20_000)}`, /^the query is longer than 20000 characters$/],
    ['long', `x + ${'y'.repeat(19_000)}`, undefined],
    ['open brackets', '('.repeat(19_000), /^the query nests deeper than 100 brackets/],
    ['nested brackets', `${'('.repeat(9_000)}x${')'.repeat(9_000)}`, /^the query nests deeper than 100/],
    ['nested calls', `${'abs('.repeat(101)}x${')'.repeat(101)}`, /^the query nests deeper than 100/],
    ['almost too many nested calls', `${'abs('.repeat(100)}x${')'.repeat(100)}`, undefined],
    ['a long sum', Array.from({ length: 202 }, () => 'x').join(' + '), /more than 200 operators/],
    ['almost too long a sum', Array.from({ length: 201 }, () => 'x').join(' or '), undefined],
    [
      'as long as may be',
      Array.from({ length: 201 }, () => 'x{a="b"}').join(' + bool on(a, b) group_left(c) '),
      /^bool/,
    ],
    ['almost too many powers', Array.from({ length: 201 }, () => 'x').join(' ^ '), undefined],
    ['signs', `${'-'.repeat(19_000)}x`, /more than 200 operators/],
    ['subqueries', `x${'[1m:]'.repeat(201)}`, /more than 200 operators/],
    ['offsets', `x${' offset 1m'.repeat(200)}`, /^offset is given twice/],
    ['errors all along', 'x ) '.repeat(4_500), /./],
    ['braces', '{'.repeat(19_000), /./],
    ['quotes', '""'.repeat(9_000), /is not expected here/],
    [
      'a regular expression of groups',
      `x{a=~"${'('.repeat(9_000)}${')'.repeat(9_000)}"}`,
      /nests deeper than 100/,
    ],
    ['a regular expression of stars', `x{a=~"${'(a*)*'.repeat(3_500)}"}`, undefined],
    ['matchers', `x{${'a=~"b+",'.repeat(2_000)}}`, undefined],
    ['open placeholders', '{{a'.repeat(6_000), /./],
    ['placeholders', `${'x{a="{{args.service}}"} or '.repeat(200)}x`, undefined],
  ])('%s', (_what, query, message) => {
    const start = process.threadCpuUsage();
    const faults = check(query).map((fault) => fault.message);
    expect(processorMs(start)).toBeLessThan(SECOND_MS);
    if (message) expect(faults[0]).toMatch(message);
    else expect(faults).toEqual([]);
  });
});

test.each([
  ['a long value', 'up{job=~"{{args.x}}"}', 900_000, undefined],
  [
    'a long value in many places',
    'up{job=~"{{args.x}}"} or '.repeat(200),
    1_000_000,
    /^with the values of its placeholders/,
  ],
])('checking is bounded with %s', (_what, query, length, message) => {
  const lookup = runLookup({ args: [{ name: 'x', value: 'a|'.repeat(length / 2) }] });
  const start = process.threadCpuUsage();
  const faults = checkQuery(query, lookup, { answer: 'instant' }).map((fault) => fault.message);
  expect(processorMs(start)).toBeLessThan(2_000);
  if (message) expect(faults[0]).toMatch(message);
  else expect(faults).toEqual([]);
});

test('property: no text makes the check throw, and every fault lies within the text', {
  timeout: 30_000,
}, () => {
  const text = fc.oneof(
    queryArbitrary,
    brokenQueryArbitrary,
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom(
          ...'({[)]}"\'`#\n\r\\,;:@+-*/^%=!~<>'.split(''),
          '{{',
          '}}',
          '{{window}}',
          'x',
          ' by ',
          '5m',
        ),
        {
          maxLength: 30,
        },
      )
      .map((words) => words.join('')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom('instant', 'range', 'raw'), (query, answer) => {
      for (const { offset, line, column, message } of check(query, answer)) {
        expect(message).not.toBe('');
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(query.length);
        const lines = query.split('\n').slice(0, line - 1);
        expect(lines.reduce((sum, each) => sum + each.length + 1, 0) + column - 1).toBe(offset);
      }
    }),
    { numRuns: 1_000 },
  );
});
