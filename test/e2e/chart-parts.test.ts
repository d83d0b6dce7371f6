import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildControlPlane } from '../../playground/build.ts';
import { type ChartValues, renderChart } from '../../playground/render-chart.ts';
import { type CustomResourceDefinition, crdOf } from '../../src/api/crd.ts';
import { parseObject } from '../../src/api/kind.ts';
import { customKinds } from '../../src/api/kinds.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { clusterMetricSourceKind } from '../../src/api/metric-source.ts';
import { mutatingWebhooks, validatingWebhooks } from '../../src/server/webhook-configuration.ts';
import { containerOf, find, NAMESPACE, type Rendered, titles } from './rendered.ts';

const run = promisify(execFile);
let helmPath = '';
let byDefault: Rendered[] = [];

beforeAll(async () => {
  helmPath = (await buildControlPlane((line) => console.log(line))).helm;
  byDefault = await render({});
});

async function render(values: ChartValues): Promise<Rendered[]> {
  return (await renderChart(helmPath, values, NAMESPACE)) as Rendered[];
}

/** Who may do what with a resource, as `verbs [names]`, sorted. */
function rightsOn(role: Rendered, resource: string): string[] {
  return (role.rules ?? [])
    .filter(({ resources }) => resources.includes(resource))
    .map(({ verbs, resourceNames }) => `${verbs.join(' ')}${resourceNames ? ` [${resourceNames}]` : ''}`)
    .toSorted();
}

describe('the pods', () => {
  test('run the controller with what it needs to know', () => {
    expect(containerOf(byDefault, 'assay')).toMatchObject({
      image: 'ghcr.io/assay-dev/assay:0.1.0',
      args: [
        'controller',
        '--namespace=assay-system',
        '--engine=builtin',
        '--redis-url=redis://assay-redis.assay-system.svc:6379/0',
        '--queue-prefix=assay',
        '--webhook-service=assay-webhook',
        '--webhook-port=9443',
        '--health-port=8080',
        '--bind-address=0.0.0.0',
        '--leader-elect=true',
        '--log-level=info',
      ],
    });
  });

  test('give the controller only flags that it has', async () => {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const { stdout } = await run(process.execPath, [main, 'controller', '--help']);
    const known = stdout.match(/^ +--[a-z-]+/gm)?.map((flag) => flag.trim());
    const given = containerOf(byDefault, 'assay').args.slice(1);
    expect(known).toEqual(expect.arrayContaining(given.map((flag) => flag.split('=')[0])));
  });

  test('take a Redis URL from a Secret without showing it', async () => {
    const objects = await render({
      redis: { enabled: false, existingSecret: { name: 'redis', key: 'uri' } },
    });
    const { args, env } = containerOf(objects, 'assay');
    expect(args.filter((arg) => arg.includes('redis'))).toEqual([]);
    expect(env).toEqual([
      { name: 'ASSAY_REDIS_URL', valueFrom: { secretKeyRef: { name: 'redis', key: 'uri' } } },
    ]);
  });

  test.each([
    ['Deployment', 'assay'],
    ['Deployment', 'assay-redis'],
    ['Job', 'assay-metric-source'],
  ])('of %s %s meet the restricted Pod Security Standard', async (kind, name) => {
    const objects = await render({ prometheus: { address: 'http://prometheus:9090' } });
    const spec = find(objects, kind, name).spec?.template?.spec;
    expect(spec?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(spec?.containers.map(({ securityContext }) => securityContext)).toEqual([
      {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      },
    ]);
  });
});

describe('the rights of the controller', () => {
  test('name everything: no wildcard, nobody impersonated, no right given on', () => {
    const words = byDefault.flatMap(({ rules = [] }) =>
      rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]),
    );
    expect(words.length).toBeGreaterThan(50);
    expect(words.filter((word) => /\*|impersonate|escalate|bind/.test(word))).toEqual([]);
  });

  test('are limited to its own objects where a name can limit them', () => {
    const everywhere = find(byDefault, 'ClusterRole', 'assay-controller');
    expect(rightsOn(everywhere, 'mutatingwebhookconfigurations')).toEqual([
      'get [kruise-rollout-mutating-webhook-configuration]',
      'get patch [assay]',
    ]);
    expect(rightsOn(everywhere, 'validatingwebhookconfigurations')).toEqual(['get patch [assay]']);
    expect(rightsOn(everywhere, 'customresourcedefinitions')).toEqual([
      'get patch [rollouts.rollouts.kruise.io]',
    ]);
    expect(rightsOn(everywhere, 'leases')).toEqual(['get [71ddec2c.kruise.io]']);
    const own = find(byDefault, 'Role', 'assay-controller');
    expect(rightsOn(own, 'leases')).toEqual(['create', 'get update [assay-controller]']);
    expect(rightsOn(own, 'secrets')).toEqual(['create', 'get', 'update [assay-webhook-tls,assay-queue-key]']);
  });

  test('let it follow TrafficRoutings where it moves the pods, and there alone', async () => {
    const everywhere = find(byDefault, 'ClusterRole', 'assay-controller');
    expect(rightsOn(everywhere, 'trafficroutings')).toEqual(['get list watch update']);
    expect(rightsOn(everywhere, 'trafficroutings/status')).toEqual(['update']);
    expect(rightsOn(everywhere, 'trafficroutings/finalizers')).toEqual(['update']);
    const beside = find(await render({ engine: 'kruise' }), 'ClusterRole', 'assay-controller');
    expect(rightsOn(beside, 'trafficroutings')).toEqual([]);
  });

  test('let it read Secrets everywhere only where alerts.secretNamespaces is empty', async () => {
    expect(rightsOn(find(byDefault, 'ClusterRole', 'assay-controller'), 'secrets')).toEqual(['get']);
    const limited = await render({ alerts: { secretNamespaces: ['shop', 'bank'] } });
    expect(rightsOn(find(limited, 'ClusterRole', 'assay-controller'), 'secrets')).toEqual([]);
    const roles = limited.filter(({ metadata }) => metadata.name === 'assay-alert-secrets');
    expect(roles.map(({ kind, metadata }) => `${kind} in ${metadata.namespace}`).toSorted()).toEqual([
      'Role in bank',
      'Role in shop',
      'RoleBinding in bank',
      'RoleBinding in shop',
    ]);
  });
});

describe('the webhooks', () => {
  test.each([
    ['assay-system', {}, 'assay', 'assay'],
    ['kube-system', { fullnameOverride: 'judge', serviceAccount: { name: 'me' } }, 'judge', 'me'],
  ])('in %s are those that the controller registers elsewhere', async (namespace, values, name, account) => {
    const settings = {
      target: { service: { namespace, name: `${name}-webhook` } },
      namespace,
      controllerUsername: `system:serviceaccount:${namespace}:${account}`,
    };
    const objects = (await renderChart(helmPath, values, namespace)) as Rendered[];
    const beside = (await renderChart(helmPath, { ...values, engine: 'kruise' }, namespace)) as Rendered[];
    const own = validatingWebhooks({ ...settings, ownKindsOnly: true });
    expect(find(beside, own.kind, own.metadata.name).webhooks).toEqual(own.webhooks);
    expect(titles(beside).filter((title) => title.startsWith('Mutating'))).toEqual([]);
    for (const wanted of [mutatingWebhooks(settings), validatingWebhooks(settings)]) {
      const { apiVersion, kind, metadata, webhooks } = find(objects, wanted.kind, wanted.metadata.name);
      expect({ apiVersion, kind, metadata: { name: metadata.name }, webhooks }).toEqual(wanted);
    }
  });
});

describe('the definitions of the kinds', () => {
  const definitions = (objects: Rendered[]) =>
    objects.filter(({ kind }) => kind === 'CustomResourceDefinition') as CustomResourceDefinition[];

  test('are, as Kubernetes reads them, those of src/api', () => {
    const service = { name: 'assay-webhook', namespace: NAMESPACE, path: '/convert' };
    const wanted = customKinds.map((versions) =>
      crdOf(versions, versions.length > 1 ? { service } : undefined),
    );
    const byName = (crds: CustomResourceDefinition[]) =>
      Object.fromEntries(crds.map(({ metadata, spec }) => [metadata.name, spec]));
    expect(byName(definitions(byDefault))).toEqual(byName(wanted));
  });

  test('stay when the chart goes', () => {
    const policies = definitions(byDefault).map(
      ({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'],
    );
    expect(policies).toEqual(customKinds.map(() => 'keep'));
  });

  test('do not come with crds.install=false', async () => {
    expect(definitions(await render({ crds: { install: false } }))).toEqual([]);
  });
});

describe('the metric source', () => {
  test('is made by a job as soon as the API server takes it', async () => {
    const objects = await render({ prometheus: { address: 'http://prometheus:9090' } });
    const job = containerOf(objects, 'assay-metric-source', 'Job');
    const asked: string[] = [];
    let body = '';
    const server = createServer(async (request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      body = await text(request);
      response.statusCode = asked.length < 2 ? 500 : 201;
      response.end(JSON.stringify({ message: 'failed calling webhook' }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const folder = await mkdtemp(join(tmpdir(), 'assay-job-'));
    try {
      await writeFile(join(folder, 'token'), 'secret\n');
      const { port } = server.address() as AddressInfo;
      const env = Object.fromEntries((job.env ?? []).map(({ name, value = '' }) => [name, value]));
      const { stdout } = await run(process.execPath, [...(job.command ?? []).slice(1), ...job.args], {
        env: {
          METRIC_SOURCE: env['METRIC_SOURCE'],
          API_SERVER: `http://127.0.0.1:${port}`,
          TOKEN_FILE: join(folder, 'token'),
        },
      });
      expect(stdout).toBe('500: failed calling webhook\nClusterMetricSource default is there\n');
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
    const request =
      'PATCH /apis/assay.dev/v1alpha1/clustermetricsources/default?fieldManager=helm&force=true Bearer secret';
    expect(asked).toEqual([request, request]);
    expect(parseObject(clusterMetricSourceKind, parse(body) as KubeObject)).toMatchObject({
      ok: true,
      object: { metadata: { name: 'default' }, spec: { prometheus: { address: 'http://prometheus:9090' } } },
    });
  });

  test('may be made by that job, and nothing else may', async () => {
    const objects = await render({ prometheus: { address: 'http://prometheus:9090' } });
    expect(find(objects, 'ClusterRole', 'assay-metric-source').rules).toEqual([
      { apiGroups: ['assay.dev'], resources: ['clustermetricsources'], verbs: ['create'] },
      {
        apiGroups: ['assay.dev'],
        resources: ['clustermetricsources'],
        resourceNames: ['default'],
        verbs: ['patch'],
      },
    ]);
  });
});
