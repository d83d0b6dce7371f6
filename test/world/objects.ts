import { isDeepStrictEqual } from 'node:util';
import { keyOf } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import type { ClusterFault } from '../../src/cluster/port.ts';
import { hasGeneration, hasStatusEndpoint, isWantedChange, type Wire } from './kind-rules.ts';

export type Stored = { ok: true; object: Wire } | { ok: false; fault: ClusterFault };

/** Hears of every change of one kind; `gone` when the object is no more. */
export type Watcher = (object: Wire, gone: boolean) => void;

/** All objects of the world, each frozen; a change makes a new version of one. */
export interface Objects {
  get(resource: Resource, key: string): Wire | undefined;
  list(resource: Resource): Wire[];
  /** The version of the newest change. */
  version(): string;
  add(resource: Resource, given: Wire): Stored;
  /** Makes `given` of `before`, as far as its main endpoint or that of its status may. */
  change(resource: Resource, before: Wire, given: Wire, subresource: 'status' | undefined): Stored;
  /** Deletes the object, or marks it as deleted where finalizers keep it. */
  end(resource: Resource, object: Wire): void;
  watch(resource: Resource, watcher: Watcher): void;
  holdWatches(): () => void;
}

export function nameOf({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return `${group}/${plural}`;
}

/** What came out of `wire` is never changed: whoever sends it again, or a part of it, sends the same. */
const sent = new WeakSet<object>();

/** The object as JSON carries it: without fields that are undefined, and frozen. */
export function wire<T>(object: T): Wire {
  return carried(object) as Wire;
}

function carried(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null || sent.has(value)) return value;
  const copy = Array.isArray(value) ? value.map((item) => carried(item ?? null)) : fieldsOf(value);
  sent.add(copy);
  return Object.freeze(copy);
}

function fieldsOf(value: object): object {
  const copy: Record<string, unknown> = {};
  for (const [field, present] of Object.entries(value)) {
    if (present !== undefined) copy[field] = carried(present);
  }
  return copy;
}

export function refuse(
  kind: ClusterFault['kind'],
  { kind: subject }: Pick<Resource, 'kind'>,
  key: string,
  why: string,
): { ok: false; fault: ClusterFault } {
  return { ok: false, fault: { kind, message: `${subject} ${key}: ${why}` } };
}

/** An empty world; `now` in epoch milliseconds gives the times of creation and deletion. */
export function memoryObjects(now: () => number): Objects {
  const collections = new Map<string, Map<string, { resource: Resource; object: Wire }>>();
  const watchers = new Map<string, Watcher[]>();
  let version = 0;
  let uids = 0;
  let held: (() => void)[] | undefined;

  function collection(resource: Resource) {
    const name = nameOf(resource);
    const present = collections.get(name) ?? new Map<string, { resource: Resource; object: Wire }>();
    collections.set(name, present);
    return present;
  }

  function announce(resource: Resource, object: Wire, gone: boolean): void {
    const tell = () => {
      for (const watcher of watchers.get(nameOf(resource)) ?? []) watcher(object, gone);
    };
    if (held) held.push(tell);
    else tell();
  }

  function store(resource: Resource, given: Wire): Wire {
    version += 1;
    const object = wire({ ...given, metadata: { ...given.metadata, resourceVersion: String(version) } });
    collection(resource).set(keyOf(object), { resource, object });
    announce(resource, object, false);
    return object;
  }

  function remove(resource: Resource, object: Wire): void {
    version += 1;
    collection(resource).delete(keyOf(object));
    announce(resource, object, true);
    collectGarbage(object.metadata.uid);
  }

  /** What this was the last owner of goes as well. */
  function collectGarbage(uid: string | undefined): void {
    const everything = [...collections.values()].flatMap((objects) => [...objects.values()]);
    const present = new Set(everything.map(({ object }) => object.metadata.uid));
    for (const { resource, object } of everything) {
      const { ownerReferences = [] } = object.metadata;
      const wasOwned = ownerReferences.some((owner) => owner.uid === uid);
      if (wasOwned && !ownerReferences.some((owner) => present.has(owner.uid))) end(resource, object);
    }
  }

  function end(resource: Resource, object: Wire): void {
    const { finalizers = [], deletionTimestamp, generation } = object.metadata;
    if (finalizers.length === 0) {
      remove(resource, object);
    } else if (!deletionTimestamp) {
      const raised = generation === undefined ? {} : { generation: generation + 1 };
      store(resource, { ...object, metadata: { ...object.metadata, deletionTimestamp: time(), ...raised } });
    }
  }

  /** Kubernetes keeps whole seconds. */
  function time(): string {
    return formatTime(now()).replace(/\.\d+Z$/, 'Z');
  }

  function add(resource: Resource, given: Wire): Stored {
    const key = keyOf(given);
    if (collection(resource).has(key)) return refuse('AlreadyExists', resource, key, 'it already exists');
    const { status, ...rest } = given;
    uids += 1;
    const metadata = {
      ...given.metadata,
      uid: `00000000-0000-4000-8000-${String(uids).padStart(12, '0')}`,
      creationTimestamp: time(),
      deletionTimestamp: undefined,
      generation: hasGeneration(resource) ? 1 : undefined,
    };
    const kept = hasStatusEndpoint(resource) ? rest : { ...rest, status };
    return { ok: true, object: store(resource, wire({ ...kept, metadata })) };
  }

  function change(resource: Resource, before: Wire, given: Wire, subresource: 'status' | undefined): Stored {
    const key = keyOf(before);
    const { resourceVersion, uid } = given.metadata;
    if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) {
      return refuse('Conflict', resource, key, `version ${resourceVersion} is not the newest`);
    }
    if (uid !== undefined && uid !== before.metadata.uid) {
      return refuse('Conflict', resource, key, `its uid is not ${uid}`);
    }
    const after = subresource
      ? wire({ ...before, status: given.status })
      : mainChange(resource, before, given);
    // The API server makes no new version where nothing changes.
    if (isDeepStrictEqual(after, before)) return { ok: true, object: before };
    if (after.metadata.deletionTimestamp && !after.metadata.finalizers?.length) {
      remove(resource, after);
      return { ok: true, object: after };
    }
    return { ok: true, object: store(resource, after) };
  }

  return {
    get: (resource, key) => collection(resource).get(key)?.object,
    list: (resource) => [...collection(resource).values()].map(({ object }) => object),
    version: () => String(version),
    add,
    change,
    end,
    watch: (resource, watcher) => {
      watchers.set(nameOf(resource), [...(watchers.get(nameOf(resource)) ?? []), watcher]);
    },
    holdWatches: () => {
      held ??= [];
      return () => {
        const due = held ?? [];
        held = undefined;
        for (const tell of due) tell();
      };
    },
  };
}

/** `given`, with all that only the API server or the status endpoint may change as it was in `before`. */
function mainChange(resource: Resource, before: Wire, given: Wire): Wire {
  const { uid, creationTimestamp, deletionTimestamp, generation, resourceVersion } = before.metadata;
  const kept = { uid, creationTimestamp, deletionTimestamp, generation, resourceVersion };
  const status = hasStatusEndpoint(resource) ? before.status : given.status;
  const after = wire({ ...given, status, metadata: { ...given.metadata, ...kept } });
  if (generation === undefined || !isWantedChange(resource, before, after)) return after;
  return wire({ ...after, metadata: { ...after.metadata, generation: generation + 1 } });
}
