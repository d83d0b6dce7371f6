import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import { keyOfRef } from '../../src/cluster/path.ts';
import type { Change, Store } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';

export interface LaggingStores extends Stores {
  /** Nothing is told any more. */
  stop(): void;
}

/** Stores as a watch over the network fills them: they hear of every change, in order, this much later. */
export function laggingStores(stores: Stores, clock: Clock, lagMs: () => number): LaggingStores {
  const made = new Map<string, Store<KubeObject>>();
  const stops: (() => void)[] = [];

  function lagging(resource: Resource): Store<KubeObject> {
    const source = stores.of<KubeObject>(resource);
    const objects = new Map(source.list().map((object) => [keyOf(object), object]));
    const listeners = new Set<(change: Change<KubeObject>) => void>();
    const underway: Change<KubeObject>[] = [];
    let started = false;

    function arrive(): void {
      const change = underway.shift();
      const object = change?.after ?? change?.before;
      if (!change || !object) return;
      if (change.after) objects.set(keyOf(object), change.after);
      else objects.delete(keyOf(object));
      for (const listener of [...listeners]) listener(change);
    }

    const unsubscribe = source.subscribe((change) => {
      if (!started) return;
      underway.push(change);
      stops.push(clock.after(lagMs(), arrive));
    });
    started = true;
    stops.push(unsubscribe, () => listeners.clear());

    return {
      get: (ref) => objects.get(keyOfRef(ref)),
      list: (namespace) =>
        [...objects.values()].filter(
          ({ metadata }) => namespace === undefined || metadata.namespace === namespace,
        ),
      synced: true,
      subscribe: (listener) => {
        listeners.add(listener);
        for (const object of objects.values()) listener({ before: undefined, after: object });
        return () => listeners.delete(listener);
      },
    };
  }

  return {
    of: <T extends KubeObject>(resource: Resource) => {
      const name = `${resource.group}/${resource.plural}`;
      const store = made.get(name) ?? lagging(resource);
      made.set(name, store);
      return store as unknown as Store<T>;
    },
    stop: () => {
      for (const stop of stops) stop();
    },
  };
}
