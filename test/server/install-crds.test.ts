import { describe, expect, test } from 'vitest';
import type { Condition, KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { installCrds } from '../../src/server/install-crds.ts';
import { memoryCluster } from '../world/cluster.ts';

const crd = (name: string, versions: string[]) =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: { versions: versions.map((version) => ({ name: version })) },
  }) as KubeObject;

const ESTABLISHED: Condition = { type: 'Established', status: 'True' };

/** A cluster whose CRDs get these conditions at the first wait, and how long all waits took. */
function world(conditions: Condition[] | undefined) {
  const writes: string[] = [];
  const memory = memoryCluster({
    now: () => 0,
    onWrite: (verb, _resource, { metadata }) => writes.push(`${verb} ${metadata.name}`),
  });
  let waitedMs = 0;
  const install = async (crds: KubeObject[], cluster: Cluster = memory.cluster) =>
    installCrds({
      cluster,
      crds,
      caBundle: 'CA',
      target: { service: { namespace: 'assay-system', name: 'assay-webhook', port: 8443 } },
      sleep: async (ms) => {
        waitedMs += ms;
        if (!conditions) return;
        for (const { metadata } of crds) {
          await memory.cluster.patch(
            resources.crd,
            { name: metadata.name },
            { type: 'merge', body: { status: { conditions } } },
          );
          await memory.cluster.patch(
            resources.crd,
            { name: metadata.name },
            { type: 'merge', body: { status: { conditions } } },
            'status',
          );
        }
      },
    });
  return { cluster: memory.cluster, failNext: memory.failNext, writes, install, waitedMs: () => waitedMs };
}

describe('installing CRDs', () => {
  test('waits until they are served, and lets several versions be converted', async () => {
    const { cluster, install, waitedMs } = world([ESTABLISHED]);
    expect(
      await install([crd('rollouts.x', ['v1alpha1', 'v1beta1']), crd('runs.x', ['v1'])]),
    ).toBeUndefined();
    expect(waitedMs()).toBe(200);
    expect(await cluster.get(resources.crd, { name: 'rollouts.x' })).toMatchObject({
      object: {
        spec: {
          versions: [{ name: 'v1alpha1' }, { name: 'v1beta1' }],
          conversion: {
            strategy: 'Webhook',
            webhook: {
              clientConfig: {
                caBundle: 'Q0E=',
                service: { namespace: 'assay-system', name: 'assay-webhook', path: '/convert', port: 8443 },
              },
              conversionReviewVersions: ['v1'],
            },
          },
        },
      },
    });
    const single = await cluster.get(resources.crd, { name: 'runs.x' });
    expect(single.ok && single.object).not.toHaveProperty('spec.conversion');
  });

  test('again writes nothing and does not wait', async () => {
    const { install, writes, waitedMs } = world([ESTABLISHED]);
    await install([crd('rollouts.x', ['v1alpha1', 'v1beta1'])]);
    writes.length = 0;
    expect(await install([crd('rollouts.x', ['v1alpha1', 'v1beta1'])])).toBeUndefined();
    expect(writes).toEqual([]);
    expect(waitedMs()).toBe(200);
  });

  test('a false that the API server leaves out is no difference', async () => {
    const { install, writes, cluster } = world([ESTABLISHED]);
    const given = crd('runs.x', ['v1']) as KubeObject & { spec: Record<string, unknown> };
    await install([given]);
    await cluster.patch(
      resources.crd,
      { name: 'runs.x' },
      { type: 'merge', body: { spec: { preserveUnknownFields: null } } },
    );
    writes.length = 0;
    await install([{ ...given, spec: { ...given.spec, preserveUnknownFields: false } } as KubeObject]);
    expect(writes).toEqual([]);
  });

  test('names that are taken are told at once', async () => {
    const { install } = world([
      { type: 'NamesAccepted', status: 'False', message: '"runs" is already in use' },
    ]);
    expect(await install([crd('runs.x', ['v1'])])).toEqual({
      kind: 'Refused',
      message: 'CRD runs.x: "runs" is already in use',
    });
  });

  test('an API server that never serves them is told after 30 s', async () => {
    const { install, waitedMs } = world(undefined);
    expect(await install([crd('runs.x', ['v1'])])).toEqual({
      kind: 'Unavailable',
      message: 'CRD runs.x was not served within 30 s. See: kubectl describe crd runs.x',
    });
    expect(waitedMs()).toBe(30_000);
  });

  test('a CRD that cannot be written is told', async () => {
    const { install, failNext } = world([ESTABLISHED]);
    failNext('Refused');
    expect(await install([crd('runs.x', ['v1'])])).toEqual({
      kind: 'Refused',
      message: 'CustomResourceDefinition runs.x: it fails because the test says so',
    });
  });
});
