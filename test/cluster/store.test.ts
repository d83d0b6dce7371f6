import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Secret } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { type OpenStore, openStore, type StoreOptions } from '../../src/cluster/store.ts';
import { keptLog, told } from '../conformance/store.contract.ts';
import { scriptedApiServer, versioned } from './scripted-api-server.ts';

const soon = { timeout: 5_000, interval: 10 };

let server: Awaited<ReturnType<typeof scriptedApiServer>>;
let store: OpenStore<Secret>;
let lines: string[];

beforeEach(async () => {
  server = await scriptedApiServer();
  open();
});
afterEach(async () => {
  store.stop();
  await server.close();
});

function open(options: StoreOptions<Secret> = {}): void {
  const { kubeConfig } = server;
  const kept = keptLog();
  lines = kept.lines;
  const cluster = clusterClient(kubeConfig, { fieldManager: 'assay' });
  store = openStore<Secret>(
    { kubeConfig, cluster, log: kept.log, random: () => 0 },
    resources.secret,
    options,
  );
}

/** Starts the store with the Secrets a and b, and waits until it watches. */
async function startWithTwo(): Promise<string[]> {
  server.holds(10, versioned('a', 4), versioned('b', 5));
  await store.start();
  const { changes } = told(store);
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  expect(changes.splice(0)).toEqual(['a: none → b25l', 'b: none → b25l']);
  return changes;
}

const names = () => store.list().map(({ metadata }) => metadata.name);

test('the watch begins where the list ended, in the namespace and with the labels asked for', async () => {
  open({ namespace: 'shop', labelSelector: 'a=b' });
  expect(store.synced).toBe(false);
  server.holds(10, versioned('a', 4));
  await store.start();
  expect([store.synced, names()]).toEqual([true, ['a']]);
  expect(store.get({ namespace: 'shop', name: 'a' })).toEqual(versioned('a', 4));
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  expect(server.watchQueries()).toEqual([
    { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '10', labelSelector: 'a=b' },
  ]);
});

test('subscribers hear of the first list when all of it is there', async () => {
  server.holds(10, versioned('a', 4), versioned('b', 5));
  const seen: unknown[] = [];
  store.subscribe(({ before, after }) => seen.push([before, after?.metadata.name, names(), store.synced]));
  await store.start();
  expect(seen).toEqual([
    [undefined, 'a', ['a', 'b'], true],
    [undefined, 'b', ['a', 'b'], true],
  ]);
});

test('an event that tells nothing new is not told again', async () => {
  const changes = await startWithTwo();
  server.send('ADDED', versioned('a', 4));
  server.send('MODIFIED', versioned('a', 11, 'dHdv'));
  server.send('MODIFIED', versioned('a', 11, 'dHdv'));
  server.send('DELETED', versioned('b', 12));
  server.send('DELETED', versioned('b', 12));
  server.send('ADDED', versioned('c', 13));
  await vi.waitFor(
    () => expect(changes).toEqual(['a: b25l → dHdv', 'b: b25l → none', 'c: none → b25l']),
    soon,
  );
});

test('after a reset connection the list is read anew, and what went in the gap is told', async () => {
  const changes = await startWithTwo();
  server.holds(20, versioned('a', 4), versioned('c', 15));
  server.resetWatches();
  await vi.waitFor(() => expect(changes).toEqual(['b: b25l → none', 'c: none → b25l']), soon);
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  expect([server.lists(), server.watchQueries().at(-1)?.['resourceVersion']]).toEqual([2, '20']);
  server.send('DELETED', versioned('a', 21));
  await vi.waitFor(() => expect(names()).toEqual(['c']), soon);
});

test('a watch that the server ends goes on from the last bookmark, without a list', async () => {
  const changes = await startWithTwo();
  server.send('MODIFIED', versioned('a', 11, 'dHdv'));
  server.send('BOOKMARK', { kind: 'Secret', metadata: { resourceVersion: '99' } });
  await vi.waitFor(() => expect(changes).toHaveLength(1), soon);
  server.endWatches();
  await vi.waitFor(() => expect(server.watchQueries()).toHaveLength(2), soon);
  expect([server.lists(), server.watchQueries()[1]?.['resourceVersion']]).toEqual([1, '99']);
});

test.each([
  ['the watch', () => server.send('ERROR', { kind: 'Status', code: 410, message: 'too old' })],
  [
    'the answer to the next watch',
    () => {
      server.refusals.watches.push({ status: 410, reason: 'Expired' });
      server.endWatches();
    },
  ],
])('a version that is gone, as %s says, leads to a new list', async (_where, expire) => {
  const changes = await startWithTwo();
  server.holds(20, versioned('a', 4));
  expire();
  await vi.waitFor(() => expect(changes).toEqual(['b: b25l → none']), soon);
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  expect([server.lists(), server.watchQueries().at(-1)?.['resourceVersion']]).toEqual([2, '20']);
});

test('a server that refuses watches and lists for a while is asked again until it answers', async () => {
  const changes = await startWithTwo();
  server.refusals.watches.push({ status: 503 }, { status: 429 });
  server.refusals.lists.push({ status: 500 });
  server.holds(20, versioned('a', 18, 'dHdv'));
  server.endWatches();
  await vi.waitFor(() => expect(changes).toEqual(['b: b25l → none', 'a: b25l → dHdv']), soon);
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  // At the start, after the refused watch, after the refused list, and after the second refused watch.
  expect(server.lists()).toBe(4);
  expect(lines).toEqual(Array(3).fill('warn: a store lists anew'));
});

test('starting waits out a server that is not there yet', async () => {
  server.refusals.lists.push({ status: 503 }, { status: 404 });
  server.holds(10, versioned('a', 4));
  await store.start();
  expect([store.synced, names(), server.lists()]).toEqual([true, ['a'], 3]);
});

test('a list is asked for again no earlier than the server wants', async () => {
  server.refusals.lists.push({ status: 429, headers: { 'Retry-After': '1' } });
  const startedAt = performance.now();
  await store.start();
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990);
});

test('a listener that throws at an event stops neither the watch nor the others', async () => {
  store.subscribe(() => {
    throw new Error('a bug');
  });
  const changes = await startWithTwo();
  server.send('MODIFIED', versioned('a', 11, 'dHdv'));
  server.resetWatches();
  server.holds(20, versioned('a', 11, 'dHdv'));
  await vi.waitFor(() => expect(names()).toEqual(['a']), soon);
  await vi.waitFor(() => expect(server.watches).toHaveLength(1), soon);
  server.send('DELETED', versioned('a', 21));
  await vi.waitFor(() => expect(changes.at(-1)).toBe('a: dHdv → none'), soon);
});

test('a stopped store closes its watch and asks for nothing more', async () => {
  const changes = await startWithTwo();
  store.stop();
  await vi.waitFor(() => expect(server.watches).toHaveLength(0), soon);
  server.send('MODIFIED', versioned('a', 11, 'dHdv'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([server.lists(), server.watchQueries().length, changes]).toEqual([1, 1, []]);
});

test('stopping ends the wait for the first list', async () => {
  server.refusals.lists.push(...Array(5).fill({ status: 503 }));
  const started = store.start();
  await vi.waitFor(() => expect(server.lists()).toBe(1), soon);
  store.stop();
  await started;
  expect(store.synced).toBe(false);
});
