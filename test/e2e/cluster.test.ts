import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { crdOf } from '../../src/api/crd.ts';
import type { Deployment } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { rolloutGuardKind } from '../../src/api/rollout-guard.ts';
import { systemClock } from '../../src/clock.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { runWithLease } from '../../src/cluster/lease.ts';
import type { Lease } from '../../src/cluster/lease-claims.ts';
import { openStore } from '../../src/cluster/store.ts';
import { clusterContract } from '../conformance/cluster.contract.ts';
import { secret } from '../conformance/cluster-objects.ts';
import { must } from '../conformance/open-cluster.ts';
import { keptLog } from '../conformance/store.contract.ts';

const soon = { timeout: 10_000, interval: 50 };

let playground: Playground;
beforeAll(async () => {
  playground = await openPlayground({});
});
afterAll(() => playground?.close());

function connect() {
  const kubeConfig = loadKubeConfig(playground.adminKubeconfig);
  return { kubeConfig, cluster: clusterClient(kubeConfig, { fieldManager: 'assay-test' }) };
}

async function makeNamespace(name: string): Promise<string> {
  const { cluster } = connect();
  await must(
    cluster.create(resources.namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
  );
  return name;
}

clusterContract('a real API server', async () => {
  const { kubeConfig, cluster } = connect();
  await must(cluster.create(resources.crd, crdOf([rolloutGuardKind])));
  await vi.waitFor(() => must(cluster.list(resources.rolloutGuard)), soon);
  const stops: (() => void)[] = [];
  return {
    cluster,
    namespace: await makeNamespace('contract'),
    openStore: async (resource, log, options) => {
      const store = openStore({ kubeConfig, cluster, log, random: Math.random }, resource, options);
      stops.push(store.stop);
      await store.start();
      return store;
    },
    settled: (made) =>
      vi.waitFor(async () => {
        const present = await must(cluster.get<Deployment>(resources.deployment, made.metadata));
        const { observedGeneration, conditions = [] } = present.status ?? {};
        expect(observedGeneration).toBe(present.metadata.generation);
        expect(conditions.map(({ reason }) => reason)).toContain('NewReplicaSetAvailable');
        return present;
      }, soon),
    close: async () => {
      for (const stop of stops) stop();
    },
  };
});

describe('against a real API server', () => {
  test('what the schema does not allow is refused, in the words of the server', async () => {
    const { cluster } = connect();
    const homeless = secret('nowhere', 'homeless');
    expect(await cluster.create(resources.secret, homeless)).toMatchObject({
      ok: false,
      fault: { kind: 'NotFound', message: expect.stringContaining('namespaces "nowhere" not found') },
    });
    const wrong = { ...secret('default', 'wrong'), data: { key: 7 } };
    expect(await cluster.create(resources.secret, wrong as never)).toMatchObject({
      ok: false,
      fault: { kind: 'Refused', message: expect.stringContaining('POST /api/v1/namespaces/default/secrets') },
    });
  });

  test('a list of more than a page is complete', async () => {
    const { kubeConfig, cluster } = connect();
    const namespace = await makeNamespace('many');
    for (let made = 0; made < 600; made += 50) {
      const names = Array.from({ length: 50 }, (_, index) => `secret-${made + index}`);
      await Promise.all(names.map((name) => must(cluster.create(resources.secret, secret(namespace, name)))));
    }
    const { items } = await must(cluster.list(resources.secret, { namespace }));
    expect(new Set(items.map(({ metadata }) => metadata.name)).size).toBe(600);
    const { log } = keptLog();
    const store = openStore({ kubeConfig, cluster, log, random: Math.random }, resources.secret, {
      namespace,
    });
    await store.start();
    store.stop();
    expect(store.list()).toHaveLength(600);
  });

  test('the lease passes from one process to the next within two seconds of being given up', async () => {
    const { cluster } = connect();
    const namespace = await makeNamespace('leases');
    const lines: string[] = [];
    const run = (identity: string) => {
      const stopping = new AbortController();
      const done = runWithLease({
        cluster,
        namespace,
        name: 'assay-controller',
        identity,
        clock: systemClock,
        log: keptLog().log,
        onElected: () => void lines.push(`${identity} leads`),
        onLost: (reason) => void lines.push(`${identity} lost: ${reason}`),
        signal: stopping.signal,
      });
      return { done, stop: () => stopping.abort() };
    };
    const first = run('first');
    await vi.waitFor(() => expect(lines).toEqual(['first leads']), soon);
    const second = run('second');
    await sleep(2_500);
    first.stop();
    await first.done;
    await vi.waitFor(() => expect(lines).toHaveLength(3), { timeout: 2_000, interval: 20 });
    expect(lines).toEqual(['first leads', 'first lost: the process stops', 'second leads']);
    const ref = { namespace, name: 'assay-controller' };
    const held = await must(cluster.get<Lease>(resources.lease, ref));
    expect(held.spec).toMatchObject({
      holderIdentity: 'second',
      leaseDurationSeconds: 6,
      leaseTransitions: 1,
    });
    second.stop();
    await second.done;
    expect((await must(cluster.get<Lease>(resources.lease, ref))).spec?.holderIdentity).toBeUndefined();
  });
});
