import { expect, test } from 'vitest';
import { type KubeObject, keyOf, type Service } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { freshest } from '../../src/controller/freshest.ts';
import { service } from '../builders/traffic.ts';
import { virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';

const REF = { name: 'echoserver', namespace: 'shop' };
const { service: resource } = resources;

/** A cluster whose watch can be held back, and a reader of it. */
async function lagging() {
  const clock = virtualClock(0);
  const memory = memoryCluster({ now: clock.now });
  const cache = freshest(memory.cluster, memory.stores, (_, raw) => raw, clock);
  const { resourceVersion: _version, uid: _uid, ...metadata } = service().metadata;
  const created = await memory.cluster.create(resource, { ...service(), metadata });
  if (!created.ok) throw new Error(created.fault.message);
  cache.watch(resource);
  return { clock, memory, cache, before: created.object };
}

const versionOf = (object: KubeObject | undefined) => object?.metadata.annotations?.['version'];
const withVersion = (object: Service, version: string): Service => ({
  ...object,
  metadata: { ...object.metadata, annotations: { version } },
});

test('what was written is read at once, although the watch lags', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  await cache.replace(resource, withVersion(before, '2'));
  expect(versionOf(memory.stores.of(resource).get(REF))).toBeUndefined();
  expect(versionOf(cache.get(resource, REF))).toBe('2');
  expect(cache.list(resource, 'shop').map(versionOf)).toEqual(['2']);
  release();
  expect(versionOf(cache.get(resource, REF))).toBe('2');
});

test('an object that was created is in lists before the watch tells of it, once', async () => {
  const { memory, cache } = await lagging();
  const release = memory.holdWatches();
  await cache.create(resource, { ...service(), metadata: { name: 'new', namespace: 'shop' } });
  const names = () => cache.list(resource, 'shop').map(({ metadata }) => metadata.name);
  expect(names()).toEqual(['echoserver', 'new']);
  expect(cache.list(resource, 'elsewhere')).toEqual([]);
  release();
  expect(names()).toEqual(['echoserver', 'new']);
});

test('what somebody else wrote later is read when the watch tells of it', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  const own = await cache.replace(resource, withVersion(before, '2'));
  if (!own.ok) throw new Error(own.fault.message);
  await memory.cluster.replace(resource, withVersion(own.object, '3'));
  expect(versionOf(cache.get(resource, REF))).toBe('2');
  release();
  expect(versionOf(cache.get(resource, REF))).toBe('3');
});

test('an object that somebody deleted after it was written is gone when the watch tells of it', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  await cache.replace(resource, withVersion(before, '2'));
  await memory.cluster.delete(resource, REF);
  release();
  expect(cache.get(resource, REF)).toBeUndefined();
  expect(cache.list(resource)).toEqual([]);
});

test('after a minute the watch has its say, whatever was written', async () => {
  const { clock, memory, cache, before } = await lagging();
  memory.holdWatches();
  await cache.replace(resource, withVersion(before, '2'));
  await clock.advance(60_000);
  expect(versionOf(cache.get(resource, REF))).toBe('2');
  await clock.advance(1);
  expect(versionOf(cache.get(resource, REF))).toBeUndefined();
});

test('a write that fails is not read', async () => {
  const { memory, cache, before } = await lagging();
  memory.failNext('Conflict');
  const result = await cache.replace(resource, withVersion(before, '2'));
  expect(result).toMatchObject({ ok: false, fault: { kind: 'Conflict' } });
  expect(versionOf(cache.get(resource, REF))).toBeUndefined();
});

test('an object that was deleted is read as one that is going, until the watch tells how it went', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  await cache.delete(resource, before);
  expect(cache.get(resource, REF)?.metadata.deletionTimestamp).toBe('1970-01-01T00:00:00.000Z');
  release();
  expect(cache.get(resource, REF)).toBeUndefined();
});

test('an object that was created and deleted before the watch tells of it is read as one that is going', async () => {
  const { memory, cache } = await lagging();
  const release = memory.holdWatches();
  const ref = { name: 'new', namespace: 'shop' };
  const created = await cache.create(resource, { ...service(), metadata: ref });
  if (!created.ok) throw new Error(created.fault.message);
  await cache.delete(resource, created.object);
  expect(cache.get(resource, ref)?.metadata.deletionTimestamp).toBeDefined();
  release();
  expect(cache.get(resource, ref)).toBeUndefined();
});

test('an object that was written and deleted before the watch tells of it is read as one that is going', async () => {
  const { memory, cache, before } = await lagging();
  memory.holdWatches();
  const written = await cache.replace(resource, withVersion(before, '2'));
  if (!written.ok) throw new Error(written.fault.message);
  await cache.delete(resource, written.object);
  expect(cache.get(resource, REF)?.metadata.deletionTimestamp).toBeDefined();
});

test('an object of the same name that somebody else makes is read in the place of the one that is going', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  await cache.delete(resource, before);
  await memory.cluster.create(resource, {
    ...service(),
    metadata: { ...REF, annotations: { version: 'other' } },
  });
  release();
  expect(versionOf(cache.get(resource, REF))).toBe('other');
});

test('an object that was gone already when it was deleted is read as one that is going', async () => {
  const { memory, cache, before } = await lagging();
  memory.holdWatches();
  await memory.cluster.delete(resource, REF);
  expect(await cache.delete(resource, before)).toMatchObject({ ok: false, fault: { kind: 'NotFound' } });
  expect(cache.get(resource, REF)?.metadata.deletionTimestamp).toBeDefined();
});

test('an object is deleted only if it is the one that was looked at', async () => {
  const { memory, cache, before } = await lagging();
  await memory.cluster.delete(resource, REF);
  await memory.cluster.create(resource, { ...service(), metadata: { ...REF } });
  expect(await cache.delete(resource, before)).toMatchObject({ ok: false, fault: { kind: 'Conflict' } });
  expect(cache.list(resource).map(keyOf)).toEqual(['shop/echoserver']);
});

test('an object that loses its last finalizer is gone, not written', async () => {
  const { memory, cache, before } = await lagging();
  const kept = await cache.replace(resource, {
    ...before,
    metadata: { ...before.metadata, finalizers: ['assay.dev/test'] },
  });
  if (!kept.ok) throw new Error(kept.fault.message);
  await memory.cluster.delete(resource, REF);
  const deleted = cache.get<Service>(resource, REF);
  if (!deleted) throw new Error('its finalizer keeps it');
  await cache.replace(resource, { ...deleted, metadata: { ...deleted.metadata, finalizers: [] } });
  expect(cache.get(resource, REF)).toBeUndefined();
});

test('who listens after the cache reads what the change left that woke it', async () => {
  const { memory, cache, before } = await lagging();
  const seen: (string | undefined)[] = [];
  memory.stores.of(resource).subscribe(() => seen.push(cache.get(resource, REF)?.metadata.name));
  const release = memory.holdWatches();
  await cache.delete(resource, before);
  release();
  expect(seen).toEqual(['echoserver', undefined]);
});

test('what was patched is read at once, and a patch whose test fails leaves what is read as it was', async () => {
  const { memory, cache, before } = await lagging();
  const release = memory.holdWatches();
  const version = (is: string, was?: string) => [
    ...(was === undefined
      ? []
      : [{ op: 'test' as const, path: '/metadata/annotations/version', value: was }]),
    { op: 'add' as const, path: '/metadata/annotations', value: { version: is } },
  ];
  expect((await cache.patch(resource, before, version('2'))).ok).toBe(true);
  expect(versionOf(cache.get(resource, REF))).toBe('2');
  expect(await cache.patch(resource, before, version('3', '1'))).toMatchObject({
    ok: false,
    fault: { kind: 'Conflict' },
  });
  expect(versionOf(cache.get(resource, REF))).toBe('2');
  release();
});
