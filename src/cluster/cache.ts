import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import type { Log } from './log.ts';
import { keyOfRef } from './path.ts';
import type { Change, Store } from './port.ts';

/** The objects of a store, as lists and watch events make them. Nothing that a listener throws gets out. */
export interface Cache<T extends KubeObject> extends Store<T> {
  /** Takes a complete list: what is not in it is gone. */
  replaceAll(raws: readonly KubeObject[]): void;
  put(raw: KubeObject): void;
  remove(key: string): void;
}

/** An empty cache; `parse` makes of a raw object what is kept, and leaves out those it gives undefined for. */
export function cacheOf<T extends KubeObject>(
  resource: Resource,
  log: Log,
  parse: (raw: KubeObject) => T | undefined = (raw) => raw as T,
): Cache<T> {
  const objects = new Map<string, T>();
  /** The same by their namespace: most who list want those of one, and a cluster has thousands of others. */
  const byNamespace = new Map<string, Map<string, T>>();
  /** The versions of the objects that did not parse. */
  const leftOut = new Map<string, string | undefined>();
  const listeners = new Set<(change: Change<T>) => void>();
  let synced = false;

  function announce(change: Change<T>): void {
    if (synced) for (const listener of [...listeners]) tell(listener, change);
  }

  function tell(listener: (change: Change<T>) => void, change: Change<T>): void {
    try {
      listener(change);
    } catch (error) {
      const object = change.after ?? change.before;
      log.error(
        { resource: resource.plural, object: object && keyOf(object), err: error },
        'a listener of a store threw; the others are told all the same',
      );
    }
  }

  function put(raw: KubeObject): void {
    const key = keyOf(raw);
    const version = raw.metadata.resourceVersion;
    const before = objects.get(key);
    if (before && isSameVersion(before, raw)) return;
    if (leftOut.has(key) && version !== undefined && leftOut.get(key) === version) return;
    const after = parsed(key, raw);
    if (!after) {
      removeObject(key);
      return;
    }
    leftOut.delete(key);
    objects.set(key, after);
    besideOf(after).set(key, after);
    announce({ before, after });
  }

  /** All of its namespace. */
  function besideOf({ metadata: { namespace = '' } }: KubeObject): Map<string, T> {
    const present = byNamespace.get(namespace) ?? new Map<string, T>();
    byNamespace.set(namespace, present);
    return present;
  }

  function parsed(key: string, raw: KubeObject): T | undefined {
    const known = leftOut.has(key);
    const fields = { resource: resource.plural, object: key };
    let err: unknown;
    try {
      const object = parse(raw);
      if (object) return object;
    } catch (error) {
      err = error;
    }
    leftOut.set(key, raw.metadata.resourceVersion);
    if (!known) log.warn({ ...fields, err }, 'an object is not valid and is left out until it changes');
    return undefined;
  }

  function removeObject(key: string): void {
    const before = objects.get(key);
    if (!before) return;
    objects.delete(key);
    const left = besideOf(before);
    left.delete(key);
    if (left.size === 0) byNamespace.delete(before.metadata.namespace ?? '');
    announce({ before, after: undefined });
  }

  function remove(key: string): void {
    leftOut.delete(key);
    removeObject(key);
  }

  return {
    get: (ref) => objects.get(keyOfRef(ref)),
    list: (namespace) => [
      ...(namespace === undefined ? objects : (byNamespace.get(namespace) ?? [])).values(),
    ],
    get synced() {
      return synced;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      if (synced) for (const after of objects.values()) tell(listener, { before: undefined, after });
      return () => listeners.delete(listener);
    },
    replaceAll: (raws) => {
      const present = new Set(raws.map(keyOf));
      for (const key of [...objects.keys(), ...leftOut.keys()]) if (!present.has(key)) remove(key);
      for (const raw of raws) put(raw);
      if (synced) return;
      // All at once, after the last came in, so that no listener sees half a list.
      synced = true;
      for (const after of objects.values()) announce({ before: undefined, after });
    },
    put,
    remove,
  };
}

function isSameVersion(a: KubeObject, b: KubeObject): boolean {
  const version = a.metadata.resourceVersion;
  return version !== undefined && version === b.metadata.resourceVersion && a.metadata.uid === b.metadata.uid;
}
