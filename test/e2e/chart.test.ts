import { beforeAll, describe, expect, test } from 'vitest';
import { buildControlPlane } from '../../playground/build.ts';
import { type ChartValues, helm, renderChart } from '../../playground/render-chart.ts';
import { find, NAMESPACE, type Rendered, titles } from './rendered.ts';

const everything: ChartValues = {
  fullnameOverride: 'judge',
  replicas: 3,
  image: { repository: 'registry.example/assay', tag: 'edge' },
  imagePullSecrets: [{ name: 'registry' }],
  controller: { logLevel: 'debug', queuePrefix: 'blue', extraArgs: ['--engine=builtin'] },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'high',
  podAnnotations: { 'example.com/team': 'delivery' },
  podLabels: { team: 'delivery' },
  topologySpreadConstraints: [{ maxSkew: 2, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
  serviceAccount: { name: 'judge-account', annotations: { 'example.com/role': 'judge' } },
  prometheus: { address: 'http://prometheus.monitoring.svc:9090' },
  alerts: { secretNamespaces: ['shop', NAMESPACE] },
  networkPolicy: { enabled: true },
  crds: { install: false },
};

let helmPath = '';
let byDefault: Rendered[] = [];

beforeAll(async () => {
  helmPath = (await buildControlPlane((line) => console.log(line))).helm;
  byDefault = await render({});
});

async function render(values: ChartValues): Promise<Rendered[]> {
  return (await renderChart(helmPath, values, NAMESPACE)) as Rendered[];
}

describe('helm lint --strict', () => {
  test.each([
    ['the defaults', {}],
    ['everything changed', everything],
    ['a Redis of one’s own', { redis: { enabled: false, url: 'rediss://redis.example:6380/1' } }],
  ])('%s', async (_, values) => {
    const { code, stdout, stderr } = await helm(helmPath, 'lint', values, NAMESPACE);
    expect({ code, stderr, warnings: stdout.match(/\[(WARNING|ERROR)\].*/g) }).toEqual({
      code: 0,
      stderr: '',
      warnings: null,
    });
  });
});

describe('helm template', () => {
  test('the defaults make these objects', () => {
    expect(titles(byDefault)).toEqual([
      'ClusterRole assay-controller',
      'ClusterRole assay-edit',
      'ClusterRole assay-view',
      'ClusterRoleBinding assay-controller',
      'Deployment assay',
      'Deployment assay-redis',
      'MutatingWebhookConfiguration assay',
      'PodDisruptionBudget assay',
      'Role assay-controller',
      'RoleBinding assay-controller',
      'Service assay-metrics',
      'Service assay-redis',
      'Service assay-webhook',
      'ServiceAccount assay',
      'ValidatingWebhookConfiguration assay',
    ]);
  });

  test('other values make these objects', async () => {
    expect(titles(await render(everything))).toEqual([
      'ClusterRole judge-controller',
      'ClusterRole judge-edit',
      'ClusterRole judge-metric-source',
      'ClusterRole judge-view',
      'ClusterRoleBinding judge-controller',
      'ClusterRoleBinding judge-metric-source',
      'Deployment judge',
      'Deployment judge-redis',
      'Job judge-metric-source',
      'MutatingWebhookConfiguration assay',
      'NetworkPolicy judge',
      'NetworkPolicy judge-redis',
      'PodDisruptionBudget judge',
      'Role judge-alert-secrets',
      'Role judge-controller',
      'RoleBinding judge-alert-secrets',
      'RoleBinding judge-controller',
      'Service judge-metrics',
      'Service judge-redis',
      'Service judge-webhook',
      'ServiceAccount judge-account',
      'ServiceAccount judge-metric-source',
      'ValidatingWebhookConfiguration assay',
    ]);
  });

  test('little is left when all that can be switched off is', async () => {
    const objects = await render({
      replicas: 1,
      crds: { install: false },
      rbac: { create: false },
      serviceAccount: { create: false, name: 'mine' },
      metrics: { service: { enabled: false } },
      redis: { enabled: false, url: 'redis://redis:6379' },
    });
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'Deployment assay',
      'MutatingWebhookConfiguration assay',
      'Service assay-webhook',
      'ValidatingWebhookConfiguration assay',
    ]);
  });

  test.each([
    ['no Redis at all', { redis: { enabled: false } }, 'give redis.url or redis.existingSecret.name'],
    ['two Redis', { redis: { url: 'redis://mine' } }, 'set redis.enabled=false'],
    ['no account', { serviceAccount: { create: false } }, 'serviceAccount.name is needed'],
    ['a misspelt value', { replica: 2 }, "additional properties 'replica' not allowed"],
  ])('%s is refused', async (_, values, message) => {
    const { code, stderr } = await helm(helmPath, 'template', values, NAMESPACE);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test.each([
    ['the defaults', {}],
    ['other values', everything],
  ])('with %s, every object has its labels, and a namespace where it has one', async (_, values) => {
    const clusterWide =
      /^(Cluster(Role|RoleBinding|MetricSource)|(Mutating|Validating)WebhookConfiguration|CustomResourceDefinition)$/;
    const wanted = {
      'app.kubernetes.io/name': 'assay',
      'app.kubernetes.io/instance': 'assay',
      'app.kubernetes.io/managed-by': 'Helm',
      'app.kubernetes.io/part-of': 'assay',
      'app.kubernetes.io/version': '0.1.0',
      'helm.sh/chart': 'assay-0.1.0',
    };
    for (const { kind, metadata } of await render(values)) {
      const at = `${kind} ${metadata.name}`;
      expect({ at, ...metadata.labels }).toMatchObject({ at, ...wanted });
      if (clusterWide.test(kind)) expect({ at, namespace: metadata.namespace }).toEqual({ at });
      else expect(metadata.namespace, at).toMatch(/^(assay-system|shop)$/);
    }
  });

  test('what selects pods selects exactly those of its component', () => {
    const podLabels = (name: string) => find(byDefault, 'Deployment', name).spec?.template?.metadata.labels;
    const component = (name: string) => ({
      'app.kubernetes.io/name': 'assay',
      'app.kubernetes.io/instance': 'assay',
      'app.kubernetes.io/component': name,
    });
    expect(podLabels('assay')).toMatchObject(component('controller'));
    expect(podLabels('assay-redis')).toMatchObject(component('redis'));
    const selectors = byDefault
      .filter(({ spec }) => spec?.selector)
      .map(({ kind, metadata, spec }) => [
        `${kind} ${metadata.name}`,
        spec?.selector?.matchLabels ?? spec?.selector,
      ]);
    expect(Object.fromEntries(selectors)).toEqual({
      'PodDisruptionBudget assay': component('controller'),
      'Service assay-redis': component('redis'),
      'Service assay-webhook': component('controller'),
      'Service assay-metrics': component('controller'),
      'Deployment assay': component('controller'),
      'Deployment assay-redis': component('redis'),
    });
  });
});
