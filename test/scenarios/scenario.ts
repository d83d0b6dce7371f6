import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { durationMs } from '../../src/api/duration.ts';
import { durationSchema } from '../../src/api/kind.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { convertRollout } from '../../src/api/rollout-conversion.ts';
import { ENGINES } from '../../src/controller/engine.ts';
import { mergePatch } from '../world/patch.ts';

const manifestSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

const duration = durationSchema.transform(durationMs);
const named = { kind: z.string(), name: z.string() };
const upOrDown = z.enum(['up', 'down']);

/** What can happen; README.md tells each to people who write scenarios. */
const acts = {
  release: z.string(),
  approve: z.union([z.literal(true), z.string()]),
  create: manifestSchema,
  patch: z.strictObject({
    ...named,
    merge: z.record(z.string(), z.unknown()),
    status: z.literal(true).optional(),
  }),
  delete: z.strictObject(named),
  source: upOrDown,
  webhooks: upOrDown,
  controller: z.enum(['stop', 'start', 'kill']),
  queue: z.enum(['flush', 'duplicate', 'lose']),
  refuse: z.strictObject({ fault: z.enum(['Conflict', 'Unavailable']), count: z.int().min(1) }),
};

const eventSchema = z
  .strictObject({
    at: duration,
    by: z.string().default('alice'),
    ...z.object(acts).partial().shape,
  })
  .refine((event) => actsOf(event).length === 1, 'an event is exactly one act');

const scenarioSchema = z.strictObject({
  title: z.string(),
  traps: z.array(z.string().regex(/^T([1-9]|[12]\d|3[0-2])$/, 'is T1 to T32')).default([]),
  engine: z.enum(ENGINES).optional(),
  objects: z.array(z.union([z.string(), manifestSchema])),
  metrics: z.record(z.string(), z.record(z.string(), z.union([z.string(), z.number()]))).default({}),
  sampleInterval: duration.default(10_000),
  podReady: duration.default(800),
  events: z.array(eventSchema),
  end: duration,
});

export type ScenarioEvent = z.output<typeof eventSchema>;

export interface Scenario extends Omit<z.output<typeof scenarioSchema>, 'objects'> {
  objects: KubeObject[];
}

/** The namespace that objects of a scenario are in. */
export const NAMESPACE = 'shop';

const CLUSTER_WIDE = ['ClusterMetricSource', 'ClusterAnalysisTemplate'];

/** The folder with a folder for each scenario. */
export const SCENARIOS = import.meta.dirname;

export function scenarioNames(): string[] {
  return readdirSync(SCENARIOS).filter((name) => existsSync(join(SCENARIOS, name, 'scenario.yaml')));
}

/** The names of the acts that an event has. */
export function actsOf(event: object): string[] {
  return Object.keys(acts).filter((name) => (event as Record<string, unknown>)[name] !== undefined);
}

/** Reads a scenario file; faults are thrown with the file and the place in it. */
export function readScenario(path: string): Scenario {
  const parsed = scenarioSchema.safeParse(parseYaml(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  const manifests = parsed.data.objects.flatMap((entry) =>
    typeof entry === 'string' ? readManifests(resolve(dirname(path), entry)) : [entry],
  );
  return { ...parsed.data, objects: merged(manifests).map(toObject) };
}

/** The objects in files of manifests. */
export function readObjects(paths: readonly string[]): KubeObject[] {
  return merged(paths.flatMap(readManifests)).map(toObject);
}

function readManifests(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8')).map((document) => document.toJS() as unknown);
}

/** A later manifest of the same kind and name changes the earlier one, by the rules of a merge patch. */
function merged(manifests: readonly unknown[]): unknown[] {
  const byName = new Map<string, unknown>();
  for (const manifest of manifests) {
    const { kind, metadata } = manifestSchema.parse(manifest);
    const key = `${kind}/${metadata.name}`;
    byName.set(key, byName.has(key) ? mergePatch(byName.get(key), manifest) : manifest);
  }
  return [...byName.values()];
}

/** A manifest as the API server stores it: in the namespace, and in the stored version. */
export function toObject(manifest: unknown): KubeObject {
  const object = manifest as KubeObject;
  const { namespace: _given, ...metadata } = object.metadata;
  const placed = {
    ...object,
    metadata: CLUSTER_WIDE.includes(object.kind) ? metadata : { ...metadata, namespace: NAMESPACE },
  };
  if (object.kind !== 'Rollout' || !object.apiVersion.endsWith('/v1alpha1')) return placed;
  const converted = convertRollout(placed, 'rollouts.kruise.io/v1beta1');
  if (!converted.ok) throw new Error(converted.message);
  return converted.object as unknown as KubeObject;
}
