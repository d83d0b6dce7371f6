import type { KubeConfig } from '@kubernetes/client-node';
import type { KubeObject } from './api/kubernetes.ts';
import type { Resource } from './api/resource.ts';
import type { Log } from './cluster/log.ts';
import type { Cluster, Store } from './cluster/port.ts';
import { openStore } from './cluster/store.ts';
import type { Stores } from './controller/freshest.ts';
import { type Parse, parseOnce } from './controller/parse-once.ts';
import { type WatchedKind, watchedParser } from './controller/watched-kinds.ts';

/** Local copies of the kinds that a process watches. */
export interface LocalCopies extends Stores {
  /** How the copies are parsed, for who has an object as the answer to a write. */
  readonly parse: Parse;
  readonly byPlural: ReadonlyMap<string, Store<KubeObject>>;
  /** Whether the first list of every kind has arrived. */
  synced(): boolean;
  /** Resolves when they are all there. */
  start(): Promise<void>;
  stop(): void;
}

export function localCopies(deps: {
  kubeConfig: KubeConfig;
  kinds: readonly WatchedKind[];
  cluster: Cluster;
  log: Log;
  random: () => number;
}): LocalCopies {
  const parse = parseOnce(watchedParser(deps.log));
  const stores = new Map(
    deps.kinds.map(({ resource, labelSelector, optional }) => [
      resource.plural,
      openStore<KubeObject>(deps, resource, {
        parse: (raw) => parse(resource, raw),
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(optional === undefined ? {} : { optional }),
      }),
    ]),
  );
  return {
    parse,
    byPlural: stores,
    of: <T extends KubeObject>(resource: Resource) => {
      const store = stores.get(resource.plural);
      if (!store) throw new Error(`no local copy of ${resource.plural} is kept`);
      return store as unknown as Store<T>;
    },
    synced: () => [...stores.values()].every((store) => store.synced),
    start: async () => {
      await Promise.all([...stores.values()].map((store) => store.start()));
    },
    stop: () => {
      for (const store of stores.values()) store.stop();
    },
  };
}
