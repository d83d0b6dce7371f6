import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { crdOf } from '../../src/api/crd.ts';
import { LIST_BY_NAME, parseObject, serverDefault } from '../../src/api/kind.ts';
import { customKinds, kindOf } from '../../src/api/kinds.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';
import { chartCrds } from '../../src/cli/chart-crds.ts';

const folder = new URL('../../charts/assay/templates/crds/', import.meta.url);
const crds = customKinds.map((versions) => crdOf(versions));
const schemas = crds.flatMap(({ metadata, spec }) =>
  spec.versions.map((version) => ({
    id: `${metadata.name} ${version.name}`,
    schema: version.schema.openAPIV3Schema,
  })),
);

describe('the chart', () => {
  test('holds what `npm run generate` makes: run it after a change of src/api', () => {
    const onDisk = readdirSync(folder).map((name) => ({
      name,
      text: readFileSync(new URL(name, folder), 'utf8'),
    }));
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(onDisk.toSorted(byName)).toStrictEqual(chartCrds().toSorted(byName));
  });

  test.each(chartCrds())(
    '$name says the same to a reader of YAML 1.1, as Helm and kubectl are',
    ({ text }) => {
      const rendered = text
        .replaceAll(/^\{\{-.*$/gm, '')
        .replaceAll(/^ +\{\{- include.*$/gm, '')
        .replaceAll('{{ "{{" }}', '{{')
        .replaceAll(/^( +(?:name|namespace): )\{\{.*$/gm, '$1filled');
      expect(parse(rendered, { version: '1.1' })).toStrictEqual(parse(rendered));
    },
  );
});

/** What the API server's rules for structural schemas find wrong, by path. */
function structuralFaults(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    return [`${path}: not a schema`];
  const node = schema as Record<string, unknown>;
  const faults: string[] = [];
  const typed = typeof node['type'] === 'string';
  const intOrString = node['x-kubernetes-int-or-string'] === true;
  if (!typed && !intOrString && node['x-kubernetes-preserve-unknown-fields'] !== true)
    faults.push(`${path}: no type`);
  if (typed && intOrString) faults.push(`${path}: int-or-string has no type`);
  if (node['properties'] && node['additionalProperties'])
    faults.push(`${path}: properties and additionalProperties`);
  if (node['type'] === 'array' && !node['items']) faults.push(`${path}: no items`);
  const forbidden = [
    '$ref',
    '$schema',
    'oneOf',
    'anyOf',
    'allOf',
    'not',
    'const',
    'propertyNames',
    'uniqueItems',
    'definitions',
  ];
  for (const keyword of forbidden) if (keyword in node) faults.push(`${path}: ${keyword}`);
  if (node['additionalProperties'] === false || node['additionalProperties'] === true)
    faults.push(`${path}: open or closed`);
  for (const bound of ['minimum', 'maximum']) {
    if (Math.abs(Number(node[bound] ?? 0)) === Number.MAX_SAFE_INTEGER)
      faults.push(`${path}: ${bound} of JavaScript`);
  }
  const required = (node['required'] ?? []) as string[];
  const properties = (node['properties'] ?? {}) as Record<string, unknown>;
  for (const field of required)
    if (!(field in properties)) faults.push(`${path}: requires ${field}, which it has not`);
  const inner = Object.entries(properties).flatMap(([field, value]) =>
    structuralFaults(value, `${path}.${field}`),
  );
  const items = node['items'] ? structuralFaults(node['items'], `${path}[]`) : [];
  const values = node['additionalProperties']
    ? structuralFaults(node['additionalProperties'], `${path}.*`)
    : [];
  return [...faults, ...inner, ...items, ...values];
}

/** What the API server fills in, by path. */
function defaultsOf(schema: unknown, path = ''): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null) return {};
  const { default: own, properties, items } = schema as Record<string, unknown>;
  return Object.assign(
    own === undefined ? {} : { [path]: own },
    ...Object.entries(properties ?? {}).map(([field, value]) =>
      defaultsOf(value, path ? `${path}.${field}` : field),
    ),
    items ? defaultsOf(items, `${path}[]`) : {},
  );
}

function at(schema: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], schema);
}

describe('the schemas', () => {
  test.each(schemas)('$id is structural', ({ schema, id }) => {
    expect(structuralFaults(schema, id)).toStrictEqual([]);
  });

  test('say in words of the API server what zod says', () => {
    const schema = z.object({
      amount: z.union([z.int(), z.string()]).nullish().describe('How many.'),
      mode: z.literal('Step'),
      labels: z.record(z.string(), z.string()).optional(),
      since: z.iso.datetime({ offset: true }).nullable(),
      share: z.union([z.number(), z.string()]).optional(),
      level: z.enum(['low', 'high']).default('low'),
      seconds: z.int().min(0).optional(),
      anything: z.unknown().optional(),
      open: z.looseObject({ a: z.string() }).optional(),
      patience: serverDefault(z.int(), 3).describe('In seconds.'),
      parts: z
        .array(z.object({ name: z.string() }))
        .optional()
        .meta(LIST_BY_NAME),
    });
    expect(structuralSchema(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }))).toStrictEqual({
      type: 'object',
      required: ['mode', 'since'],
      properties: {
        amount: { description: 'How many.', nullable: true, 'x-kubernetes-int-or-string': true },
        mode: { type: 'string', enum: ['Step'] },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        since: { type: 'string', nullable: true, format: 'date-time' },
        share: { 'x-kubernetes-preserve-unknown-fields': true },
        level: { type: 'string', enum: ['low', 'high'] },
        seconds: { type: 'integer', minimum: 0 },
        anything: { 'x-kubernetes-preserve-unknown-fields': true },
        open: {
          type: 'object',
          required: ['a'],
          properties: { a: { type: 'string' } },
          'x-kubernetes-preserve-unknown-fields': true,
        },
        patience: { type: 'integer', description: 'In seconds.', default: 3 },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
          items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
        },
      },
    });
  });

  test.each<[string, z.ZodType, string]>([
    [
      'a union of objects',
      z.object({ a: z.union([z.object({}), z.string()]) }),
      'a: of all unions a structural schema can only say "a whole number or text"',
    ],
    [
      'a discriminated union',
      z.object({ a: z.array(z.discriminatedUnion('t', [z.object({ t: z.literal('x') })])) }),
      'a.*: a structural schema cannot say "oneOf"',
    ],
  ])('%s is a mistake that is told', (_, schema, message) => {
    expect(() => structuralSchema(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }))).toThrow(
      message,
    );
  });
});

describe('the definitions', () => {
  test('of a Rollout: two versions, the newer stored, each with its columns', () => {
    const client = { url: 'https://127.0.0.1:9443/convert', caBundle: 'Y2E=' };
    const { metadata, spec } = crdOf(customKinds[0] ?? [], client);
    expect(metadata).toStrictEqual({ name: 'rollouts.rollouts.kruise.io' });
    expect(spec.names).toStrictEqual({
      kind: 'Rollout',
      listKind: 'RolloutList',
      plural: 'rollouts',
      singular: 'rollout',
    });
    expect(spec.conversion).toStrictEqual({
      strategy: 'Webhook',
      webhook: { clientConfig: client, conversionReviewVersions: ['v1'] },
    });
    expect(
      spec.versions.map(({ name, served, storage, subresources, additionalPrinterColumns }) => [
        name,
        served,
        storage,
        subresources,
        additionalPrinterColumns.map(({ jsonPath }) => jsonPath),
      ]),
    ).toStrictEqual([
      [
        'v1alpha1',
        true,
        false,
        { status: {} },
        [
          '.status.phase',
          '.status.canaryStatus.currentStepIndex',
          '.status.canaryStatus.currentStepState',
          '.status.message',
          '.metadata.creationTimestamp',
        ],
      ],
      [
        'v1beta1',
        true,
        true,
        { status: {} },
        [
          '.status.phase',
          '.status.currentStepIndex',
          '.status.currentStepState',
          '.status.message',
          '.metadata.creationTimestamp',
        ],
      ],
    ]);
  });

  test('of a Rollout require nothing of a status, so that a patch of one field is valid', () => {
    for (const { id, schema } of schemas.filter(({ id: name }) => name.startsWith('rollouts.'))) {
      const status = at(schema, 'properties', 'status');
      expect([id, at(status, 'required')]).toStrictEqual([id, undefined]);
      expect([id, at(status, 'properties', 'canaryStatus', 'required')]).toStrictEqual([id, undefined]);
    }
  });

  test('fill in what those of Kruise fill in, and nothing else', () => {
    const byId = Object.fromEntries(schemas.map(({ id, schema }) => [id, defaultsOf(schema)]));
    const filled = Object.entries(byId).filter(([, defaults]) => Object.keys(defaults).length > 0);
    const ofCanary = {
      'spec.strategy.canary.steps[].matches[].headers[].type': 'Exact',
      'spec.strategy.canary.trafficRoutings[].gracePeriodSeconds': 3,
    };
    const ofPathsAndQueries = {
      'spec.strategy.canary.steps[].matches[].path.type': 'PathPrefix',
      'spec.strategy.canary.steps[].matches[].path.value': '/',
      'spec.strategy.canary.steps[].matches[].queryParams[].type': 'Exact',
    };
    const ofBlueGreen = Object.fromEntries(
      Object.entries({ ...ofCanary, ...ofPathsAndQueries }).map(([path, value]) => [
        path.replace('canary', 'blueGreen'),
        value,
      ]),
    );
    expect(Object.fromEntries(filled)).toStrictEqual({
      'rollouts.rollouts.kruise.io v1alpha1': { 'spec.disabled': false, ...ofCanary },
      'rollouts.rollouts.kruise.io v1beta1': {
        'spec.disabled': false,
        ...ofCanary,
        ...ofPathsAndQueries,
        ...ofBlueGreen,
      },
      'trafficroutings.rollouts.kruise.io v1alpha1': {
        'spec.objectRef[].gracePeriodSeconds': 3,
        'spec.strategy.matches[].headers[].type': 'Exact',
      },
    });
  });

  test('of a TrafficRouting: with status, columns, and no conversion', () => {
    const kind = kindOf({ group: 'rollouts.kruise.io', version: 'v1alpha1', kind: 'TrafficRouting' });
    if (!kind) throw new Error('no TrafficRouting');
    const { metadata, spec } = crdOf([kind]);
    expect([metadata.name, spec.scope, spec.names.singular]).toStrictEqual([
      'trafficroutings.rollouts.kruise.io',
      'Namespaced',
      'trafficrouting',
    ]);
    expect(spec.versions).toMatchObject([{ name: 'v1alpha1', storage: true, subresources: { status: {} } }]);
    expect(kind.columns.map(({ name, jsonPath }) => [name, jsonPath])).toStrictEqual([
      ['STATUS', '.status.phase'],
      ['MESSAGE', '.status.message'],
      ['AGE', '.metadata.creationTimestamp'],
    ]);
    const written = {
      apiVersion: 'rollouts.kruise.io/v1alpha1',
      kind: 'TrafficRouting',
      metadata: { name: 'mesh' },
      spec: {
        objectRef: [{ service: 'shop', gateway: { httpRouteName: 'shop' } }],
        strategy: { matches: [{ headers: [{ name: 'user', value: 'me' }] }] },
      },
    };
    expect(parseObject(kind, written)).toStrictEqual({ ok: true, object: written });
  });

  test('of cluster-wide kinds, of rules, of a kind without a status of its own', () => {
    const byName = Object.fromEntries(crds.map((crd) => [crd.metadata.name, crd.spec]));
    expect(byName['clustermetricsources.assay.dev']?.scope).toBe('Cluster');
    expect(byName['rolloutguards.assay.dev']?.names).toMatchObject({
      shortNames: ['rg'],
      categories: ['assay'],
    });
    expect(
      at(
        byName['rolloutguards.assay.dev'],
        'versions',
        '0',
        'schema',
        'openAPIV3Schema',
        'x-kubernetes-validations',
      ),
    ).toStrictEqual([
      {
        rule: 'has(self.spec.rolloutRef) != has(self.spec.selector)',
        message: 'give exactly one of spec.rolloutRef and spec.selector',
      },
    ]);
    expect(byName['rolloutrecords.assay.dev']?.versions[0]).not.toHaveProperty('subresources');
    expect(byName['rolloutrecords.assay.dev']).not.toHaveProperty('conversion');
  });

  test('are found by group, version and kind', () => {
    const versions = customKinds.flat();
    expect(versions.map(({ resource }) => kindOf(resource))).toStrictEqual(versions);
    expect(kindOf({ group: 'apps', version: 'v1', kind: 'Deployment' })).toBe(undefined);
    expect(kindOf({ group: 'rollouts.kruise.io', version: 'v1', kind: 'Rollout' })).toBe(undefined);
  });
});
