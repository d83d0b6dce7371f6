import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

type Values = { [name: string]: unknown };

const chart = new URL('../../charts/assay/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, chart), 'utf8');
const values = parse(read('values.yaml')) as Values;
const schema = JSON.parse(read('values.schema.json')) as Schema;
const templates = readdirSync(new URL('templates/', chart), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(yaml|tpl|txt)$/.test(path))
  .map((path) => read(`templates/${path}`))
  .join('\n');

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
}

/** The paths that a person can set: down to lists, texts, numbers, and maps that are empty or of the user's own keys. */
function leaves(value: unknown, node: Schema, path: string[] = []): string[][] {
  const { properties } = resolve(node);
  if (!properties || typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, properties[name] ?? {}, [...path, name]),
  );
}

function resolve(node: Schema): Schema {
  return node.$ref ? (schema.definitions?.[node.$ref.split('/').at(-1) ?? ''] ?? {}) : node;
}

/** Every path that the schema knows, the same way. */
function schemaLeaves(node: Schema, path: string[] = []): string[][] {
  const { properties } = resolve(node);
  if (!properties) return [path];
  return Object.entries(properties).flatMap(([name, inner]) => schemaLeaves(inner, [...path, name]));
}

/** Whether a template reads the value: by its whole path, or by `with` on what it is in and then the rest. */
function isUsed(path: string[]): boolean {
  return path.some((_, index) => {
    const outer = path.slice(0, index + 1).join('.');
    const inner = path.slice(index + 1).join('.');
    if (!inner) return new RegExp(`\\.Values\\.${outer}\\b(?!\\.)`).test(templates);
    const start = templates.indexOf(`with .Values.${outer} }}`);
    return start >= 0 && new RegExp(`[ (]\\.${inner}\\b`).test(templates.slice(start));
  });
}

describe('the values of the chart', () => {
  const paths = leaves(values, schema).map((path) => path.join('.'));

  test('the defaults match the schema', () => {
    const ajv = new Ajv({ allErrors: true });
    ajv.validate(schema, values);
    expect(ajv.errors).toBeNull();
  });

  test.each(paths)('%s is read by a template', (path) => {
    expect(isUsed(path.split('.'))).toBe(true);
  });

  test('a value that no template reads is found out', () => {
    expect(isUsed(['redis', 'password'])).toBe(false);
    expect(isUsed(['webhook', 'port'])).toBe(false);
  });

  test('the schema knows exactly the values that values.yaml shows', () => {
    // Every chart may be given `global` by one that contains it.
    const known = schemaLeaves(schema).map((path) => path.join('.'));
    expect(known.toSorted()).toEqual([...paths, 'global'].toSorted());
  });

  test.each([
    ['a misspelt value', { replica: 1 }],
    ['a misspelt inner value', { redis: { enable: false } }],
    ['a negative number of replicas', { replicas: -1 }],
    ['an address that is not a URL', { prometheus: { address: 'prometheus:9090' } }],
    ['a Redis URL of another scheme', { redis: { url: 'http://redis' } }],
    ['resources of another shape', { resources: { cpu: 1 } }],
    ['a log level that does not exist', { controller: { logLevel: 'loud' } }],
  ])('%s is refused', (_, wrong) => {
    expect(new Ajv().validate(schema, wrong)).toBe(false);
  });
});

test('the chart has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { version: chartVersion, appVersion } = parse(read('Chart.yaml')) as Record<string, string>;
  expect({ chartVersion, appVersion }).toEqual({ chartVersion: version, appVersion: version });
});
