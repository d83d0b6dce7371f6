import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type PlaceWithin, readYaml } from '../../src/cli/yaml-place.ts';

function place(text: string, path: string, within?: PlaceWithin): string {
  const source = readYaml(text);
  const [document] = source.documents;
  if (!document) throw new Error('no document');
  const { line, column } = source.placeOf(document, path, within);
  return `${line}:${column}`;
}

const text = `# a comment
spec:
  metrics:
    - name: one
      query: |
        up

          / down
      nested: { a: [1, { b: 2 }] }
    - &two
      name: two
  again: *two
  "quoted key": 5
metadata:
  annotations:
    a.b/c: x
`;

test.each([
  ['', '2:1'],
  ['spec', '2:1'],
  ['spec.metrics', '3:3'],
  ['spec.metrics[0]', '4:7'],
  ['spec.metrics[0].name', '4:13'],
  ['spec.metrics[0].query', '5:14'],
  ['spec.metrics[0].nested', '9:15'],
  ['spec.metrics[0].nested.a', '9:20'],
  ['spec.metrics[0].nested.a[1].b', '9:29'],
  // What is not there is told of at what should hold it.
  ['spec.metrics[0].count', '4:7'],
  ['spec.metrics[7].count', '3:3'],
  ['spec.again.name', '11:13'],
  ['spec.quoted key', '13:17'],
  ['metadata.annotations[a.b/c]', '16:12'],
  ['nowhere.at.all', '2:1'],
])('%s is at %s', (path, expected) => {
  expect(place(text, path)).toBe(expected);
});

test('a place within a block is told by its offset or by its line', () => {
  // The value is `up\n\n  / down\n`.
  expect(place(text, 'spec.metrics[0].query', 0)).toBe('6:9');
  expect(place(text, 'spec.metrics[0].query', 6)).toBe('8:11');
  expect(place(text, 'spec.metrics[0].query', { line: 3, column: 5 })).toBe('8:13');
  expect(place(text, 'spec.metrics[0].query', 99)).toBe('8:17');
});

describe('in whichever style a text is written, a place within it is found', () => {
  const styles = ['PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const;
  const noise = fc.string({
    unit: fc.constantFrom('a', '{', '"', "'", '\\', ' ', '\n', '#', 'é', ':', '\t'),
    maxLength: 40,
  });

  test.each(styles)('%s', (style) => {
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const list = [{ text: `${before}Z${after}` }];
        const yaml = stringify({ first: 1, list }, { defaultStringType: style, lineWidth: 20 });
        // The writer, unlike the reader, does not get every break of a folded text right.
        fc.pre(isDeepStrictEqual(parse(yaml), { first: 1, list }));
        const [line = 0, column = 0] = place(yaml, 'list[0].text', before.length).split(':').map(Number);
        expect(yaml.split('\n')[line - 1]?.charAt(column - 1)).toBe('Z');
      }),
      { numRuns: 500 },
    );
  });
});
