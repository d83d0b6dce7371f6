import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSeriesValues, type ScrapedValue } from '../../src/scenario/series-values.ts';

function shown(value: ScrapedValue): string {
  if (value === 'missing') return '_';
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}

function read(text: string): string {
  const parsed = parseSeriesValues(text);
  return parsed.ok ? parsed.values.map(shown).join(' ') : `${parsed.offset}: ${parsed.message}`;
}

describe('the table of docs/testing-templates.md', () => {
  const page = readFileSync(new URL('../../docs/testing-templates.md', import.meta.url), 'utf8');
  const table = /<!-- notation -->([\s\S]*)<!-- \/notation -->/.exec(page)?.[1] ?? '';
  const rows = [...table.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(
    ([, written = '', samples = '']) => [written, samples.trim()] as const,
  );

  test('has an example of each form', () => {
    expect(rows.length).toBe(8);
  });

  test.each(rows)('%s', (written, samples) => {
    expect(read(written)).toBe(samples);
  });
});

// What promtool reads beside the forms of the table.
test.each([
  ['', ''],
  ['  1\n\t2  ', '1 2'],
  ['+1', '1'],
  ['.5 1.', '0.5 1'],
  ['1e-2 2E+3', '0.01 2000'],
  ['0+0.5x2', '0 0.5 1'],
  ['1e3+1e3x1', '1000 2000'],
  ['-2+4x2', '-2 2 6'],
  ['-2-4x1', '-2 -6'],
  ['1x0', '1'],
  ['0+10x0', '0'],
  ['_x0', ''],
  ['_x1', '_'],
  ['inf', '+Inf'],
])('%j is %j', (written, samples) => {
  expect(read(written)).toBe(samples);
});

const HOW = 'is not a sample; write 1, 0+10x20 (rising), 7x3 (repeated), _ (missing) or stale';

test.each([
  ['1 2 x 3', `4: "x" ${HOW}`],
  ['1 0+10', '2: "0+10" does not say how often: write 0+10x10 for the first sample and 10 more'],
  ['stalex3', `0: "stalex3" ${HOW}`],
  ['1,2', `0: "1,2" ${HOW}`],
  ['1x-2', `0: "1x-2" ${HOW}`],
  ['1x2.5', `0: "1x2.5" ${HOW}`],
  ['_3', `0: "_3" ${HOW}`],
  [
    '1 {{schema:0}}',
    '2: native histograms cannot be written; write a classic histogram, one series for each bucket',
  ],
  ['1 0x100000', '2: a series can have 100000 samples at most'],
  ['_x999999999999', '0: a series can have 100000 samples at most'],
])('%j is refused', (written, message) => {
  expect(read(written)).toBe(message);
});

test('what is written in any of the forms is read as the samples it stands for', () => {
  const integer = fc.integer({ min: -1_000, max: 1_000 });
  const times = fc.integer({ min: 0, max: 8 });
  const signed = (value: number) => (value < 0 ? String(value) : `+${value}`);
  const item: fc.Arbitrary<[string, ScrapedValue[]]> = fc.oneof(
    fc.double().map((value): [string, ScrapedValue[]] => [shown(value), [value]]),
    fc.constant<[string, ScrapedValue[]]>(['stale', ['stale']]),
    times.map((count): [string, ScrapedValue[]] => [
      `_x${count}`,
      new Array<ScrapedValue>(count).fill('missing'),
    ]),
    fc
      .tuple(integer, times)
      .map(([first, count]): [string, ScrapedValue[]] => [
        `${first}x${count}`,
        new Array<ScrapedValue>(count + 1).fill(first),
      ]),
    fc
      .tuple(integer, integer, times)
      .map(([first, change, count]): [string, ScrapedValue[]] => [
        `${first}${signed(change)}x${count}`,
        Array.from({ length: count + 1 }, (_, index) => first + index * change),
      ]),
  );
  fc.assert(
    fc.property(fc.array(item), fc.constantFrom(' ', '\n', ' \t '), (items, blank) => {
      const text = items.map(([written]) => written).join(blank);
      // -0 and 0 are the same sample.
      const plain = (values: ScrapedValue[]) => values.map((value) => (value === 0 ? 0 : value));
      const parsed = parseSeriesValues(text);
      expect(parsed.ok && plain(parsed.values)).toEqual(plain(items.flatMap(([, values]) => values)));
    }),
  );
});
