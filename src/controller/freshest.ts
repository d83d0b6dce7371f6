import type { JsonOperation } from '../api/act.ts';
import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import { formatTime } from '../api/timestamp.ts';
import type { Clock } from '../clock.ts';
import type { Cluster, ClusterResult, ObjectRef, Store } from '../cluster/port.ts';
import type { Parse } from './parse-once.ts';

/** Reads from the stores, writes to the cluster, and never reads an object older than the one it wrote. */
export interface Freshest {
  /**
   * Listens to the store of this kind from now on. Who listens to the same store later, and reads here when it hears of
   * a change, reads what that change left.
   */
  watch(resource: Resource): void;
  get<T extends KubeObject>(resource: Resource, ref: ObjectRef): T | undefined;
  list<T extends KubeObject>(resource: Resource, namespace?: string): readonly T[];
  create<T extends KubeObject>(resource: Resource, object: T): Promise<ClusterResult<T>>;
  replace<T extends KubeObject>(
    resource: Resource,
    object: T,
    subresource?: 'status',
  ): Promise<ClusterResult<T>>;
  /** A JSON patch of that very object, or of its status. */
  patch(
    resource: Resource,
    object: KubeObject,
    operations: readonly JsonOperation[],
    subresource?: 'status',
  ): Promise<ClusterResult<KubeObject>>;
  delete(resource: Resource, object: KubeObject): Promise<ClusterResult<undefined>>;
}

/** The stores of a process, by the plural name of their resource. */
export interface Stores {
  of<T extends KubeObject>(resource: Resource): Store<T>;
}

interface Written {
  object: KubeObject;
  until: number;
  /** It was deleted: kept as one that is going, until the watch says how it went. */
  isGoing?: true;
}

/**
 * After this long the watch has its say, whatever was written: it may have missed that the object came and went. Far
 * longer than a busy API server lags behind: a run that is read as it was before its last measurement is measured twice.
 */
const LONGEST_LAG_MS = 60_000;

/**
 * A watch lags behind one's own writes by some milliseconds, in which a pass would decide on the past. What was
 * written is therefore kept here until the watch has caught up with it. `parse` makes of a written object what
 * the store of its kind would hold.
 */
export function freshest(
  cluster: Cluster,
  stores: Stores,
  parse: Parse,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): Freshest {
  const written = new Map<string, Map<string, Written>>();
  const watched = new Set<string>();

  function writtenOf(resource: Resource): Map<string, Written> {
    const { plural } = resource;
    const objects = written.get(plural) ?? new Map<string, Written>();
    written.set(plural, objects);
    if (!watched.has(plural)) {
      watched.add(plural);
      // Whatever the watch says of an object that it had not yet, its word is newer than nothing and ends the wait.
      stores.of(resource).subscribe(({ before, after }) => {
        const subject = after ?? before;
        if (!subject) return;
        const key = keyOf(subject);
        const own = objects.get(key)?.object;
        if (own && (!after || !isOlder(after, own))) objects.delete(key);
      });
    }
    return objects;
  }

  function remember<T extends KubeObject>(resource: Resource, result: ClusterResult<T>): ClusterResult<T> {
    if (!result.ok || isLetGo(result.object)) return result;
    const parsed = parse(resource, result.object);
    const key = keyOf(result.object);
    const stored = stores.of(resource).get(result.object.metadata);
    if (parsed && (!stored || isOlder(stored, parsed))) {
      writtenOf(resource).set(key, { object: parsed, until: clock.monotonic() + LONGEST_LAG_MS });
    }
    return result;
  }

  /** Until the watch tells of a deletion the object is read as one that is being deleted, so that it is not deleted again. */
  function rememberDeletion(resource: Resource, { metadata }: KubeObject): void {
    const objects = writtenOf(resource);
    const known = objects.get(keyOf({ metadata }))?.object ?? stores.of(resource).get(metadata);
    if (!known || known.metadata.uid !== metadata.uid || known.metadata.deletionTimestamp) return;
    const object = { ...known, metadata: { ...known.metadata, deletionTimestamp: formatTime(clock.now()) } };
    objects.set(keyOf(object), { object, until: clock.monotonic() + LONGEST_LAG_MS, isGoing: true });
  }

  /** What was written under this key, as long as it is not in the store yet. */
  function aheadOf(resource: Resource, key: string): KubeObject | undefined {
    const objects = writtenOf(resource);
    const own = objects.get(key);
    if (!own) return undefined;
    const stored = stores.of(resource).get(own.object.metadata);
    if (clock.monotonic() <= own.until && !hasCaughtUp(stored, own)) return own.object;
    objects.delete(key);
    return undefined;
  }

  /** What was written of this kind and is not in the store yet. */
  function ahead(resource: Resource): (readonly [string, KubeObject])[] {
    return [...writtenOf(resource).keys()].flatMap((key) => {
      const object = aheadOf(resource, key);
      return object ? [[key, object] as const] : [];
    });
  }

  return {
    watch: (resource) => {
      writtenOf(resource);
    },
    get: <T extends KubeObject>(resource: Resource, ref: ObjectRef) =>
      (aheadOf(resource, ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name) as T | undefined) ??
      stores.of<T>(resource).get(ref),
    list: <T extends KubeObject>(resource: Resource, namespace?: string) => {
      const own = ahead(resource).filter(
        ([, { metadata }]) => namespace === undefined || metadata.namespace === namespace,
      ) as (readonly [string, T])[];
      const stored = stores.of<T>(resource).list(namespace);
      return own.length === 0
        ? stored
        : [...new Map([...stored.map((object) => [keyOf(object), object] as const), ...own]).values()];
    },
    create: async (resource, object) => remember(resource, await cluster.create(resource, object)),
    replace: async (resource, object, subresource) =>
      remember(resource, await cluster.replace(resource, object, subresource)),
    patch: async (resource, { metadata }, body, subresource) =>
      remember(resource, await cluster.patch(resource, metadata, { type: 'json', body }, subresource)),
    delete: async (resource, object) => {
      const { uid } = object.metadata;
      const result = await cluster.delete(resource, object.metadata, uid === undefined ? {} : { uid });
      if (result.ok || result.fault.kind === 'NotFound') rememberDeletion(resource, object);
      return result;
    },
  };
}

function hasCaughtUp(stored: KubeObject | undefined, { object, isGoing }: Written): boolean {
  if (!stored) return false;
  return isGoing
    ? stored.metadata.uid !== object.metadata.uid || isOlder(object, stored)
    : !isOlder(stored, object);
}

/** Whether the write took the last finalizer of a deleted object: the answer shows it, and it is no more. */
function isLetGo({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && !metadata.finalizers?.length;
}

/** Versions of one object are decimal numbers that rise; the API server promises their order since 1.35, and kept it before. */
function isOlder(a: KubeObject, b: KubeObject): boolean {
  const [left, right] = [a.metadata.resourceVersion, b.metadata.resourceVersion];
  if (a.metadata.uid !== b.metadata.uid || !left || !right) return false;
  return BigInt(left) < BigInt(right);
}
