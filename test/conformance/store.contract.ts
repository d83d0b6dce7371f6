import { expect, test, vi } from 'vitest';
import type { Secret } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Change, Store } from '../../src/cluster/port.ts';
import { secret, withMetadata } from './cluster-objects.ts';
import { must, type OpenCluster } from './open-cluster.ts';

const soon = { timeout: 10_000, interval: 20 };

/** A log that keeps what was said. */
export function keptLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (fields: object, message: string) =>
    lines.push(`${level}: ${'object' in fields ? `${fields.object}: ` : ''}${message}`);
  return {
    log: { debug: () => undefined, info: () => undefined, warn: keep('warn'), error: keep('error') },
    lines,
  };
}

/** The changes that a store tells, each as `name: value before → value after`. */
export function told(store: Store<Secret>): { changes: string[]; stop: () => void } {
  const changes: string[] = [];
  const value = (object: Secret | undefined) => object?.data?.['key'] ?? 'none';
  const stop = store.subscribe(({ before, after }: Change<Secret>) =>
    changes.push(`${(after ?? before)?.metadata.name}: ${value(before)} → ${value(after)}`),
  );
  return { changes, stop };
}

/** What every store keeps to, whatever fills it. */
export function storeContract(opened: () => OpenCluster): void {
  const kept = (name: string, labels: Record<string, string> = { store: name }) =>
    secret(opened().namespace, name, labels);
  const openStore = async (name: string, parse?: (raw: Secret) => Secret | undefined) => {
    const { log, lines } = keptLog();
    const store = await opened().openStore<Secret>(resources.secret, log, {
      namespace: opened().namespace,
      labelSelector: `store=${name}`,
      ...(parse && { parse: (raw) => parse(raw as Secret) }),
    });
    return { store, lines };
  };
  const write = (object: Secret, value: string) =>
    must(opened().cluster.replace(resources.secret, { ...object, data: { key: value } }));
  const create = (object: Secret) => must(opened().cluster.create(resources.secret, object));

  test('a store tells what came, changed and went, with the object before and after', async () => {
    const { store } = await openStore('told');
    expect(store.synced).toBe(true);
    const { changes, stop } = told(store);
    const made = await create(kept('told'));
    await vi.waitFor(() => expect(changes).toEqual(['told: none → b25l']), soon);
    expect(store.get({ namespace: opened().namespace, name: 'told' })).toEqual(made);
    await write(made, 'dHdv');
    await vi.waitFor(() => expect(changes.slice(1)).toEqual(['told: b25l → dHdv']), soon);
    await must(opened().cluster.delete(resources.secret, made.metadata));
    await vi.waitFor(() => expect(changes.slice(2)).toEqual(['told: dHdv → none']), soon);
    expect([store.get(made.metadata), store.list()]).toEqual([undefined, []]);
    stop();
    await create(kept('told'));
    await vi.waitFor(() => expect(store.list()).toHaveLength(1), soon);
    expect(changes).toHaveLength(3);
  });

  test('who comes late is told of what is there before subscribing returns', async () => {
    await create(kept('late-a', { store: 'late' }));
    const { store } = await openStore('late');
    expect(told(store).changes).toEqual(['late-a: none → b25l']);
    await create(kept('late-b', { store: 'late' }));
    await vi.waitFor(() => expect(store.list(opened().namespace)).toHaveLength(2), soon);
    expect(told(store).changes.sort()).toEqual(['late-a: none → b25l', 'late-b: none → b25l']);
    expect(store.list('another-namespace')).toEqual([]);
  });

  test('an object whose labels are no longer those of the store has gone from it', async () => {
    const { store } = await openStore('relabelled');
    const { changes } = told(store);
    const made = await create(kept('relabelled'));
    await must(opened().cluster.replace(resources.secret, withMetadata(made, { labels: {} })));
    await vi.waitFor(
      () => expect(changes).toEqual(['relabelled: none → b25l', 'relabelled: b25l → none']),
      soon,
    );
  });

  test('what does not parse is left out, said once, and comes back when it parses', async () => {
    const { store, lines } = await openStore('parsed', (raw) => {
      const key = raw.data?.['key'] ?? '';
      return key.startsWith('ok') ? { ...raw, data: { key: `parsed ${key}` } } : undefined;
    });
    const { changes } = told(store);
    const made = await create(kept('parsed'));
    const bad = await write(made, 'YmFk');
    const good = await write(bad, 'okay');
    await vi.waitFor(() => expect(changes).toEqual(['parsed: none → parsed okay']), soon);
    await write(good, 'YmFk');
    await vi.waitFor(() => expect(changes.slice(1)).toEqual(['parsed: parsed okay → none']), soon);
    const warning = `warn: ${opened().namespace}/parsed: an object is not valid and is left out until it changes`;
    expect(lines).toEqual([warning, warning]);
  });

  test('a listener that throws keeps neither the store nor the others from going on', async () => {
    const { store, lines } = await openStore('throwing');
    store.subscribe(() => {
      throw new Error('a bug');
    });
    const { changes } = told(store);
    const made = await create(kept('throwing'));
    await write(made, 'dHdv');
    await vi.waitFor(() => expect(changes).toEqual(['throwing: none → b25l', 'throwing: b25l → dHdv']), soon);
    expect(lines).toEqual(
      Array(2).fill(
        `error: ${opened().namespace}/throwing: a listener of a store threw; the others are told all the same`,
      ),
    );
  });
}
