import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { findRival, missKruise } from '../../src/server/rival.ts';
import { memoryCluster } from '../world/cluster.ts';

const NOW = Date.parse('2026-01-01T00:01:00Z');
const ADVICE =
  'Two controllers would undo each other on the same Rollouts. Uninstall Kruise Rollouts first ' +
  '(helm uninstall kruise-rollout), the Rollouts stay as they are';

const webhooks = (name: string): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name },
});
const lease = (spec: Record<string, unknown>, namespace = 'kruise-rollout') =>
  ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: '71ddec2c.kruise.io', namespace },
    spec: {
      holderIdentity: 'manager-1',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-01T00:00:50.000000Z',
      ...spec,
    },
  }) as KubeObject;

const RUNNING = `Kruise Rollouts is running: manager-1 holds Lease kruise-rollout/71ddec2c.kruise.io. ${ADVICE}`;
const INSTALLED =
  'Kruise Rollouts is installed: MutatingWebhookConfiguration kruise-rollout-mutating-webhook-configuration ' +
  `exists. ${ADVICE}`;

const rows: [string, KubeObject[], string | undefined][] = [
  ['an empty cluster has no rival', [], undefined],
  ['the webhooks of Kruise Rollouts', [webhooks('kruise-rollout-mutating-webhook-configuration')], INSTALLED],
  ['the webhooks of something else', [webhooks('kruise-mutating-webhook-configuration')], undefined],
  ['a lease that is held', [lease({})], RUNNING],
  ['a lease that ends this instant', [lease({ renewTime: '2026-01-01T00:00:45Z' })], undefined],
  ['a lease that ends in a millisecond', [lease({ renewTime: '2026-01-01T00:00:45.001Z' })], RUNNING],
  ['a lease that was given back', [lease({ holderIdentity: '' })], undefined],
  ['a lease that was never renewed', [lease({ renewTime: undefined })], undefined],
  ['a lease of that name elsewhere', [lease({}, 'default')], undefined],
];

test.each(rows)('%s', async (_title, objects, message) => {
  const { cluster } = memoryCluster({ now: () => NOW });
  for (const object of objects) {
    const resource = object.kind === 'Lease' ? resources.lease : resources.mutatingWebhook;
    await cluster.create(resource, object);
  }
  expect(await findRival(cluster, NOW)).toBe(message);
});

describe('what cannot be found out speaks against starting', () => {
  test.each([
    [
      'MutatingWebhookConfiguration',
      'MutatingWebhookConfiguration kruise-rollout-mutating-webhook-configuration',
    ],
    ['Lease', 'Lease kruise-rollout/71ddec2c.kruise.io'],
  ])('%s', async (kind, named) => {
    const { cluster } = memoryCluster({ now: () => NOW });
    const forbidding: Cluster = {
      ...cluster,
      get: async (resource, ref) =>
        resource.kind === kind
          ? { ok: false, fault: { kind: 'Refused', message: 'forbidden' } }
          : cluster.get(resource, ref),
    };
    expect(await findRival(forbidding, NOW)).toBe(
      `could not find out whether Kruise Rollouts runs here: ${named}: forbidden. Let Assay get it, and start again`,
    );
  });
});

describe('whether Kruise Rollouts is there to stand beside', () => {
  const name = 'rollouts.rollouts.kruise.io';
  const crd = (...versions: { name: string; served: boolean }[]) =>
    ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name },
      spec: { versions },
    }) as KubeObject;

  test.each([
    [
      'nothing is installed',
      [],
      `Kruise Rollouts is not installed: CustomResourceDefinition ${name} does not exist. Install it ` +
        '(helm install kruise-rollout openkruise/kruise-rollout) and start again, or let Assay move the pods itself: --engine=builtin',
    ],
    [
      'an old one',
      [crd({ name: 'v1alpha1', served: true }, { name: 'v1beta1', served: false })],
      `Kruise Rollouts is too old: ${name} does not serve v1beta1. Upgrade it to 0.5.0 or newer, and start again`,
    ],
    [
      'a present one',
      [crd({ name: 'v1alpha1', served: true }, { name: 'v1beta1', served: true })],
      undefined,
    ],
  ])('%s', async (_title, objects, message) => {
    const { cluster } = memoryCluster({ now: () => NOW });
    for (const object of objects) await cluster.create(resources.crd, object);
    expect(await missKruise(cluster)).toBe(message);
  });
});
