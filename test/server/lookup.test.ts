import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { makeLookup } from '../../src/server/lookup.ts';
import { memoryCluster } from '../world/cluster.ts';
import { deployment } from './requests.ts';

const ref = { name: 'echoserver', namespace: 'shop' };

/** A lookup beside the requests that it sends to the API server. */
async function world(objects: readonly KubeObject[], kept: boolean) {
  const memory = memoryCluster({ now: () => 0 });
  const asked: string[] = [];
  const cluster: Cluster = {
    ...memory.cluster,
    get: async (resource, one) => {
      asked.push(`${resource.kind} ${one.name}`);
      return memory.cluster.get(resource, one);
    },
  };
  const stores = new Map(kept ? [['deployments', memory.stores.of(resources.deployment)]] : []);
  for (const object of objects) await memory.cluster.create(resources.deployment, object);
  return { lookup: makeLookup(cluster, stores), asked, memory, cluster };
}

test('what is in the local copy is not asked for', async () => {
  const { lookup, asked } = await world([deployment()], true);
  expect(await lookup(resources.deployment, ref)).toMatchObject({
    state: 'found',
    object: { spec: { replicas: 5 } },
  });
  expect(asked).toEqual([]);
});

test('what the local copy does not have yet is asked for', async () => {
  const { lookup, asked, memory } = await world([], true);
  const release = memory.holdWatches();
  await memory.cluster.create(resources.deployment, deployment());
  expect(await lookup(resources.deployment, ref)).toMatchObject({ state: 'found' });
  expect(asked).toEqual(['Deployment echoserver']);
  release();
});

test('a kind without a local copy is asked for', async () => {
  const { lookup, asked } = await world([deployment()], false);
  expect(await lookup(resources.deployment, ref)).toMatchObject({ state: 'found' });
  expect(asked).toEqual(['Deployment echoserver']);
});

test('what the API server does not have is missing', async () => {
  const { lookup } = await world([], true);
  expect(await lookup(resources.deployment, ref)).toEqual({ state: 'missing' });
});

test('what the API server does not tell is unknown', async () => {
  const { memory } = await world([], true);
  const silent: Cluster = {
    ...memory.cluster,
    get: async () => ({ ok: false, fault: { kind: 'Unavailable', message: 'connection refused' } }),
  };
  expect(await makeLookup(silent, new Map())(resources.deployment, ref)).toEqual({
    state: 'unknown',
    message: 'connection refused',
  });
});
