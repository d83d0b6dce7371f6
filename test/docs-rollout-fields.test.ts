import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as keys from '../src/api/annotations.ts';
import { crdOf } from '../src/api/crd.ts';
import { isRecord, type JsonRecord } from '../src/api/json.ts';
import type { KindDefinition } from '../src/api/kind.ts';
import { rolloutKind } from '../src/api/rollout.ts';
import { rolloutV1alpha1Kind } from '../src/api/rollout-v1alpha1.ts';

const PAGE = join(fileURLToPath(new URL('..', import.meta.url)), 'docs/rollout-fields.md');
const VERSIONS = ['v1beta1', 'v1alpha1'] as const;
type Version = (typeof VERSIONS)[number];

interface Field {
  type: string;
  default: string;
}

/** Every field that holds a value, a list or a map, by its path; `[]` stands for the elements of a list. */
function fieldsOf(schema: unknown, path = '', required = false): Map<string, Field> {
  if (!isRecord(schema)) return new Map();
  const { properties, items } = schema;
  if (isRecord(properties)) {
    const needed = Array.isArray(schema['required']) ? schema['required'] : [];
    return new Map(
      Object.entries(properties).flatMap(([name, inner]) => [
        ...fieldsOf(inner, path ? `${path}.${name}` : name, needed.includes(name)),
      ]),
    );
  }
  const own: [string, Field] = [path, { type: typeOf(schema, required), default: defaultOf(schema) }];
  return new Map([
    own,
    ...(isRecord(items) && isRecord(items['properties']) ? fieldsOf(items, `${path}[]`) : []),
  ]);
}

const WORDS: Record<string, string> = {
  string: 'text',
  integer: 'whole number',
  array: 'list',
  object: 'map',
};

function typeOf(schema: JsonRecord, required: boolean): string {
  const { type, format, minimum, maximum } = schema;
  const options = schema['enum'];
  const word = schema['x-kubernetes-int-or-string']
    ? 'whole number or text'
    : Array.isArray(options)
      ? options.join(' or ')
      : format === 'date-time'
        ? 'time'
        : (WORDS[String(type)] ?? String(type));
  const most = schema['maxItems'] ?? schema['maxLength'] ?? (maximum === 2_147_483_647 ? undefined : maximum);
  return [
    word,
    ...(minimum === undefined ? [] : [`≥ ${minimum}`]),
    ...(most === undefined ? [] : [`≤ ${most}`]),
    ...(required ? ['required'] : []),
  ].join(', ');
}

function defaultOf({ default: value }: JsonRecord): string {
  return value === undefined ? '–' : `\`${value}\``;
}

function rolloutFields(kind: KindDefinition): Map<string, Field> {
  const all = fieldsOf(crdOf([kind]).spec.versions[0]?.schema.openAPIV3Schema);
  return new Map([...all].filter(([path]) => /^(spec|status)\./.test(path)));
}

const known: Record<Version, Map<string, Field>> = {
  v1beta1: rolloutFields(rolloutKind),
  v1alpha1: rolloutFields(rolloutV1alpha1Kind),
};

interface Row {
  /** The paths in each version, one for each place in which the fields of the table stand. */
  paths: Record<Version, string[]>;
  cells: string[];
}

/** The rows of one table, with what the page says before and after it. */
function rowsOf(places: readonly string[], table: string): Row[] {
  const lines = table.trim().split('\n').slice(2);
  return lines.map((line) => {
    const cells = line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim());
    const pathsOf = (cell = '') => {
      const name = /^`([^`]+)`$/.exec(cell)?.[1];
      return name === undefined ? [] : places.map((place) => `${place}.${name}`);
    };
    // v1alpha1 has no blue-green strategy, and in matches no parameters.
    const there = (path: string) => !/blueGreen\.|queryParams\[\]/.test(path) || path.startsWith('status.');
    return { paths: { v1beta1: pathsOf(cells[0]), v1alpha1: pathsOf(cells[1]).filter(there) }, cells };
  });
}

const FIELDS = /<!-- fields: (.*) -->\n([\s\S]*?)<!-- \/fields -->/g;

function tables(page: string): { places: string[]; rows: Row[] }[] {
  return [...page.matchAll(FIELDS)].map(([, list = '', table = '']) => {
    const places = list.split(', ');
    return { places, rows: rowsOf(places, table) };
  });
}

/** What the schemas say of a row: the same in all its places. */
function fieldsIn({ paths }: Row): Field[] {
  const version = paths.v1beta1.length > 0 ? 'v1beta1' : 'v1alpha1';
  return paths[version].flatMap((path) => known[version].get(path) ?? []);
}

if (process.env['UPDATE_TRACES']) {
  const updated = readFileSync(PAGE, 'utf8').replace(FIELDS, (whole, list: string, table: string) => {
    const [header, rule] = table.split('\n');
    const lines = rowsOf(list.split(', '), table).map((row) => {
      const [beta, alpha, , , ...rest] = row.cells;
      const [field] = fieldsIn(row);
      return `| ${[beta, alpha, field?.type ?? '', field?.default ?? '', ...rest].join(' | ')} |`;
    });
    return whole.replace(table, () => [header, rule, ...lines, ''].join('\n'));
  });
  writeFileSync(PAGE, updated);
}

const page = readFileSync(PAGE, 'utf8');
const rows = tables(page).flatMap((table) => table.rows);

describe('docs/rollout-fields.md', () => {
  test.each(VERSIONS)('has every field of %s once, and no other', (version) => {
    const named = rows.flatMap(({ paths }) => paths[version]);
    expect(named.toSorted()).toEqual([...known[version].keys()].toSorted());
  });

  test.each(rows)('says of $cells.0 ($cells.1) what the schemas say', (row) => {
    const [, , type, given] = row.cells;
    const said = fieldsIn(row).map((field) => [field.type, field.default]);
    expect(said.length).toBeGreaterThan(0);
    expect(said).toEqual(said.map(() => [type, given]));
  });

  test('shows in every row what is to be known of it', () => {
    expect(rows.filter(({ cells }) => cells.length !== 6 || cells.includes(''))).toEqual([]);
  });

  test('has every key that objects are marked with', () => {
    const table = /<!-- keys -->\n([\s\S]*?)<!-- \/keys -->/.exec(page)?.[1] ?? '';
    const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((found) => found[1]);
    const constants = Object.values(keys).filter((value) => typeof value === 'string');
    expect(named.toSorted()).toEqual(constants.toSorted());
  });
});
