import { expect, test } from 'vitest';
import type { Deployment } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { memoryCluster } from '../world/cluster.ts';
import { clusterContract } from './cluster.contract.ts';
import { deployment } from './cluster-objects.ts';
import { faultKind, must } from './open-cluster.ts';

const NOW = Date.parse('2026-05-04T10:20:30.400Z');
const now = () => NOW;

clusterContract('the cluster in memory', async () => {
  const world = memoryCluster({ now });
  return {
    cluster: world.cluster,
    namespace: 'shop',
    openStore: async (resource, log, options) => world.store(resource, options, log),
    settled: async (made) => made,
    close: async () => undefined,
  };
});

test('uids and times are the same in every run', async () => {
  const { cluster } = memoryCluster({ now });
  const made = await must(cluster.create(resources.deployment, deployment('shop', 'echo')));
  expect(made.metadata).toEqual({
    name: 'echo',
    namespace: 'shop',
    labels: { app: 'echo' },
    uid: '00000000-0000-4000-8000-000000000001',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-05-04T10:20:30Z',
  });
});

test('a write is told, and the next ones fail as the test wants', async () => {
  const writes: string[] = [];
  const { cluster, failNext } = memoryCluster({
    now,
    onWrite: (verb, { plural }, { metadata }, subresource) =>
      writes.push([verb, plural, metadata.name, subresource].filter(Boolean).join(' ')),
  });
  const made = await must(cluster.create<Deployment>(resources.deployment, deployment('shop', 'echo')));
  failNext('Conflict', 2, (verb) => verb === 'update');
  const replace = () => faultKind(cluster.replace(resources.deployment, made, 'status'));
  expect([await replace(), await replace(), await replace()]).toEqual(['Conflict', 'Conflict', 'no fault']);
  failNext('Unavailable');
  const remove = () => faultKind(cluster.delete(resources.deployment, made.metadata));
  expect([await remove(), await remove()]).toEqual(['Unavailable', 'no fault']);
  expect(writes).toEqual([
    'create deployments echo',
    'update deployments echo status',
    'delete deployments echo',
  ]);
});

test('a watch that is held lags behind the writes', async () => {
  const world = memoryCluster({ now });
  const store = world.stores.of<Deployment>(resources.deployment);
  const release = world.holdWatches();
  const made = await must(world.cluster.create<Deployment>(resources.deployment, deployment('shop', 'echo')));
  expect(store.list()).toEqual([]);
  release();
  expect(store.list()).toEqual([made]);
});
