import type { KubeObject } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import type { Cluster, ObjectRef, Store } from '../cluster/port.ts';

/** What is known of an object that another one names. */
export type Found<T> =
  | { state: 'found'; object: T }
  | { state: 'missing' }
  | { state: 'unknown'; message: string };

/** Looks for one object. It never throws. */
export type Lookup = <T extends KubeObject>(resource: Resource, ref: ObjectRef) => Promise<Found<T>>;

/**
 * Looks in the local copies first. What is not there is asked of the API server: the object may have been made
 * a moment ago, by the same `kubectl apply`.
 *
 * @param stores the local copies, by the plural name of their resource
 */
export function makeLookup(cluster: Cluster, stores: ReadonlyMap<string, Store<KubeObject>>): Lookup {
  return async <T extends KubeObject>(resource: Resource, ref: ObjectRef): Promise<Found<T>> => {
    const cached = stores.get(resource.plural)?.get(ref);
    if (cached) return { state: 'found', object: cached as T };
    const live = await cluster.get<T>(resource, ref);
    if (live.ok) return { state: 'found', object: live.object };
    if (live.fault.kind === 'NotFound') return { state: 'missing' };
    return { state: 'unknown', message: live.fault.message };
  };
}
