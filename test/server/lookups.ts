import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import type { ObjectRef } from '../../src/cluster/port.ts';
import type { Found, Lookup } from '../../src/server/lookup.ts';

/** Knows exactly these objects; what it is asked of a kind in `unreachable` cannot be found out. */
export function lookupOf(objects: readonly KubeObject[], unreachable: readonly string[] = []): Lookup {
  return async <T extends KubeObject>(resource: Resource, ref: ObjectRef): Promise<Found<T>> => {
    if (unreachable.includes(resource.kind)) return { state: 'unknown', message: 'connection refused' };
    const metadata = { name: ref.name, ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }) };
    const object = objects.find((one) => one.kind === resource.kind && keyOf(one) === keyOf({ metadata }));
    return object ? { state: 'found', object: object as T } : { state: 'missing' };
  };
}
