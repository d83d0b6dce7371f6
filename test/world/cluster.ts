import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import { cacheOf } from '../../src/cluster/cache.ts';
import type { Log } from '../../src/cluster/log.ts';
import { creationPath, keyOfRef, objectPath } from '../../src/cluster/path.ts';
import type {
  Cluster,
  ClusterFault,
  ClusterResult,
  ListOptions,
  ObjectRef,
  Patch,
  Store,
} from '../../src/cluster/port.ts';
import { isCustom, matchesLabels, type Wire } from './kind-rules.ts';
import { memoryObjects, nameOf, refuse, type Stored, wire } from './objects.ts';
import { applyPatch, jsonPatch, mergePatch } from './patch.ts';

export type WriteVerb = 'create' | 'update' | 'patch' | 'delete';

export interface MemoryClusterOptions {
  /** Epoch milliseconds, for creationTimestamp and deletionTimestamp. */
  now(): number;
  /** Told of each write that was done, with the object after it (before it, where it was deleted). */
  onWrite?(verb: WriteVerb, resource: Resource, object: KubeObject, subresource?: 'status'): void;
  /** What `stores` holds of an object; all of it unless told, and nothing for undefined. */
  parse?(resource: Resource, raw: KubeObject): KubeObject | undefined;
  /** Where stores say what is wrong. Without it, what a listener throws is thrown at whoever wrote the change. */
  log?: Log;
}

export interface MemoryStoreOptions<T extends KubeObject> {
  namespace?: string;
  labelSelector?: string;
  parse?: (raw: KubeObject) => T | undefined;
}

export interface MemoryCluster {
  readonly cluster: Cluster;
  /** One store a resource, made when first asked for. */
  readonly stores: { of<T extends KubeObject>(resource: Resource): Store<T> };
  /** A store of its own, in step with the cluster from the start. */
  store<T extends KubeObject>(resource: Resource, options?: MemoryStoreOptions<T>, log?: Log): Store<T>;
  /** Lets the next `count` writes fail with this fault, or the next of those that `where` chooses. */
  failNext(
    kind: ClusterFault['kind'],
    count?: number,
    where?: (verb: WriteVerb, resource: Resource) => boolean,
  ): void;
  /** Keeps changes from all stores until the answer is called: a watch that lags. */
  holdWatches(): () => void;
}

const THROWING_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => {
    throw 'err' in fields ? fields.err : new Error(message);
  },
};

/**
 * An API server in memory, with what Assay relies on: versions and their preconditions, uids, generations, status
 * apart from the rest, finalizers, and owned objects that go with their owner. Stores hear of a change before the
 * write that made it is answered. It admits everything: schemas, defaults and webhooks are the real one's.
 */
export function memoryCluster(options: MemoryClusterOptions): MemoryCluster {
  const objects = memoryObjects(options.now);
  const shared = new Map<string, Store<KubeObject>>();
  const troubles: {
    kind: ClusterFault['kind'];
    left: number;
    where: (verb: WriteVerb, resource: Resource) => boolean;
  }[] = [];

  /** Answers with the trouble that is due, or else does the write and tells of it. */
  function write<T extends KubeObject>(
    verb: WriteVerb,
    resource: Resource,
    key: string,
    subresource: 'status' | undefined,
    act: () => Stored,
  ): ClusterResult<T> {
    const trouble = troubles.find(({ left, where }) => left > 0 && where(verb, resource));
    if (trouble) {
      trouble.left -= 1;
      return refuse(trouble.kind, resource, key, 'it fails because the test says so');
    }
    const stored = act();
    if (stored.ok) options.onWrite?.(verb, resource, stored.object, subresource);
    return answered<T>(stored);
  }

  function replaceObject(resource: Resource, given: Wire, subresource: 'status' | undefined): Stored {
    const key = keyOf(given);
    const before = objects.get(resource, key);
    if (!before) return missing(resource, key);
    if (isCustom(resource) && !given.metadata.resourceVersion) {
      return refuse('Refused', resource, key, 'metadata.resourceVersion must be specified for an update');
    }
    return objects.change(resource, before, given, subresource);
  }

  function patchObject(
    resource: Resource,
    ref: ObjectRef,
    patch: Patch,
    subresource: 'status' | undefined,
  ): Stored {
    const key = keyOfRef(ref);
    const before = objects.get(resource, key);
    if (!before && patch.type === 'apply' && !subresource) return objects.add(resource, wire(patch.body));
    if (!before) return missing(resource, key);
    const after = patched(before, patch);
    if (after) return objects.change(resource, before, after, subresource);
    const hasTests = patch.type === 'json' && patch.body.some(({ op }) => op === 'test');
    return refuse(hasTests ? 'Conflict' : 'Refused', resource, key, 'the patch does not fit it');
  }

  function deleteObject(
    resource: Resource,
    ref: ObjectRef,
    { uid, resourceVersion }: { uid?: string; resourceVersion?: string },
  ): Stored {
    const key = keyOfRef(ref);
    const before = objects.get(resource, key);
    if (!before) return missing(resource, key);
    const { metadata } = before;
    const isOther = uid !== undefined && uid !== metadata.uid;
    const isNewer = resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion;
    if (isOther || isNewer) return refuse('Conflict', resource, key, 'it is not the one that was named');
    objects.end(resource, before);
    return { ok: true, object: before };
  }

  function store<T extends KubeObject>(
    resource: Resource,
    { parse, ...selection }: MemoryStoreOptions<T> = {},
    log = options.log ?? THROWING_LOG,
  ): Store<T> {
    const cache = cacheOf<T>(resource, log, parse);
    cache.replaceAll(objects.list(resource).filter((object) => isSelected(object, selection)));
    objects.watch(resource, (object, gone) => {
      if (!gone && isSelected(object, selection)) cache.put(object);
      else cache.remove(keyOf(object));
    });
    return cache;
  }

  function sharedStore(resource: Resource): Store<KubeObject> {
    const { parse } = options;
    const name = nameOf(resource);
    const present = shared.get(name) ?? store(resource, parse && { parse: (raw) => parse(resource, raw) });
    shared.set(name, present);
    return present;
  }

  return {
    cluster: {
      get: async (resource, ref) => {
        objectPath(resource, ref);
        const object = objects.get(resource, keyOfRef(ref));
        return answered(object ? { ok: true, object } : missing(resource, keyOfRef(ref)));
      },
      list: async <T extends KubeObject>(resource: Resource, selection: ListOptions = {}) => {
        const items = objects.list(resource).filter((object) => isSelected(object, selection));
        const found = items as KubeObject[] as T[];
        return { ok: true, object: { items: found, resourceVersion: objects.version() } };
      },
      create: async (resource, object) => {
        creationPath(resource, object);
        return write('create', resource, keyOf(object), undefined, () => objects.add(resource, wire(object)));
      },
      replace: async (resource, object, subresource) => {
        objectPath(resource, object.metadata);
        return write('update', resource, keyOf(object), subresource, () =>
          replaceObject(resource, wire(object), subresource),
        );
      },
      patch: async (resource, ref, patch, subresource) => {
        objectPath(resource, ref);
        return write('patch', resource, keyOfRef(ref), subresource, () =>
          patchObject(resource, ref, patch, subresource),
        );
      },
      delete: async (resource, ref, preconditions = {}) => {
        objectPath(resource, ref);
        const deleted = write('delete', resource, keyOfRef(ref), undefined, () =>
          deleteObject(resource, ref, preconditions),
        );
        return deleted.ok ? { ok: true, object: undefined } : deleted;
      },
    },
    stores: {
      of: <T extends KubeObject>(resource: Resource) =>
        sharedStore(resource) as Store<KubeObject> as unknown as Store<T>,
    },
    store,
    failNext: (kind, count = 1, where = () => true) => {
      troubles.push({ kind, left: count, where });
    },
    holdWatches: objects.holdWatches,
  };
}

/** The object that a patch makes; undefined where it does not fit. A version in it is a precondition. */
function patched(before: Wire, patch: Patch): Wire | undefined {
  if (patch.type === 'json') return jsonPatch(before, patch.body) as Wire | undefined;
  const { resourceVersion: _present, ...metadata } = before.metadata;
  const target = { ...before, metadata };
  const merge = patch.type === 'merge' ? mergePatch : applyPatch;
  return merge(target, wire(patch.body)) as Wire;
}

function isSelected(object: KubeObject, { namespace, labelSelector }: ListOptions): boolean {
  if (namespace !== undefined && object.metadata.namespace !== namespace) return false;
  return matchesLabels(object, labelSelector);
}

function missing(resource: Resource, key: string) {
  return refuse('NotFound', resource, key, 'it does not exist');
}

/** What is answered is frozen: whoever wants it otherwise makes a copy. */
function answered<T extends KubeObject>(stored: Stored): ClusterResult<T> {
  return stored.ok ? { ok: true, object: stored.object as KubeObject as T } : stored;
}
