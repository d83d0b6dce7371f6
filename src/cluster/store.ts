import type { KubeConfig } from '@kubernetes/client-node';
import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import { cacheOf } from './cache.ts';
import { connectionTo } from './connection.ts';
import { withPlainHttp } from './kubeconfig.ts';
import type { Log } from './log.ts';
import { collectionPath } from './path.ts';
import type { Cluster, Store } from './port.ts';
import { openWatch, type WatchEnd, type WatchEvent } from './watch.ts';

export interface StoreDeps {
  kubeConfig: KubeConfig;
  cluster: Cluster;
  log: Log;
  /** From 0 up to 1: spreads what would otherwise reconnect all at once. */
  random: () => number;
}

export interface StoreOptions<T extends KubeObject> {
  namespace?: string;
  labelSelector?: string;
  /** A cluster need not have the kind: where it has not the store is empty, and looks again from time to time. */
  optional?: true;
  /** Makes of an object of the API server what the store holds; undefined leaves it out. Asked once a version. */
  parse?: (raw: KubeObject) => T | undefined;
}

export interface OpenStore<T extends KubeObject> extends Store<T> {
  /** Begins to list and watch; resolves at the first complete list, or when the store is stopped before it. */
  start(): Promise<void>;
  stop(): void;
}

const BACKOFF_FIRST_MS = 200;
const BACKOFF_LONGEST_MS = 10_000;
/** How often it is looked whether a kind has come that the cluster need not have. */
const ABSENT_MS = 30_000;

/**
 * A store over the API server that never goes quiet: a watch that the server closes in good order goes on from the
 * last version seen, and anything else, a forgotten version included, leads to a new list after a jittered pause.
 */
export function openStore<T extends KubeObject>(
  deps: StoreDeps,
  resource: Resource,
  options: StoreOptions<T> = {},
): OpenStore<T> {
  const { cluster, random } = deps;
  const { namespace, labelSelector } = options;
  const begin = connectionTo(withPlainHttp(deps.kubeConfig));
  const path = collectionPath(resource, namespace);
  const cache = cacheOf<T>(resource, deps.log, options.parse);
  let resourceVersion = '';
  let failures = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let closeWatch: (() => void) | undefined;
  let onSynced: () => void = () => undefined;

  function relist(): void {
    list().catch((error: unknown) => again(`a bug in listing: ${error}`));
  }

  async function list(): Promise<void> {
    const listed = await cluster.list(resource, {
      namespace,
      ...(labelSelector !== undefined && { labelSelector }),
    });
    if (stopped) return;
    if (!listed.ok && options.optional && listed.fault.kind === 'NotFound') {
      cache.replaceAll([]);
      onSynced();
      timer = setTimeout(relist, ABSENT_MS);
      return;
    }
    if (!listed.ok) {
      again(listed.fault.message, listed.fault.retryAfterMs);
      return;
    }
    resourceVersion = listed.object.resourceVersion;
    cache.replaceAll(listed.object.items);
    onSynced();
    watch();
  }

  function watch(): void {
    closeWatch = openWatch(begin, path, { resourceVersion, labelSelector }, { onEvent, onEnd });
  }

  function onEvent(event: WatchEvent): void {
    failures = 0;
    if (event.type === 'BOOKMARK') {
      resourceVersion = event.resourceVersion || resourceVersion;
      return;
    }
    resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
    if (event.type === 'DELETED') cache.remove(keyOf(event.object));
    else cache.put(event.object);
  }

  function onEnd(end: WatchEnd): void {
    if (stopped) return;
    if (end.kind === 'broken') again(`the watch broke: ${end.why}`);
    else pause(watch);
  }

  function again(why: string, retryAfterMs = 0): void {
    const waitMs = pause(relist, retryAfterMs);
    deps.log.warn({ resource: resource.plural, namespace, why, waitMs }, 'a store lists anew');
  }

  /** Goes on with `next` after a pause that doubles until the watch tells something. */
  function pause(next: () => void, atLeastMs = 0): number {
    const longestMs = Math.min(BACKOFF_LONGEST_MS, BACKOFF_FIRST_MS * 2 ** failures);
    const waitMs = Math.max(atLeastMs, Math.round(longestMs * (0.5 + random() / 2)));
    failures += 1;
    timer = setTimeout(next, waitMs);
    return waitMs;
  }

  return {
    get: cache.get,
    list: cache.list,
    get synced() {
      return cache.synced;
    },
    subscribe: cache.subscribe,
    start: () =>
      new Promise<void>((resolve) => {
        onSynced = resolve;
        relist();
      }),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      closeWatch?.();
      onSynced();
    },
  };
}
