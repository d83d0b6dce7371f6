import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import type { Resource } from '../api/resource.ts';
import type { ObjectRef } from './port.ts';

/** The URL path of all objects of a kind, or of those in one namespace. */
export function collectionPath({ group, version, plural, namespaced }: Resource, namespace?: string): string {
  const root = group ? `/apis/${group}/${version}` : `/api/${version}`;
  return namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
    : `${root}/${plural}`;
}

/** The URL path that creates the object; one that has a version exists already, which is a bug. */
export function creationPath(resource: Resource, { metadata }: KubeObject): string {
  if (metadata.resourceVersion !== undefined) {
    throw new Error(
      `${resource.kind} ${metadata.name} has version ${metadata.resourceVersion}, so it cannot be created: replace it`,
    );
  }
  return homePath(resource, metadata);
}

/** The URL path of one object, or of its status. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: 'status'): string {
  if (!ref.name) throw new Error(`${resource.kind} in ${ref.namespace ?? 'the cluster'}: no name was given`);
  const path = `${homePath(resource, ref)}/${encodeURIComponent(ref.name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

/** How caches name the object of a reference: as `keyOf` names the object. */
export function keyOfRef({ name, namespace }: ObjectRef): string {
  return keyOf({ metadata: namespace === undefined ? { name } : { name, namespace } });
}

/** The collection that the object lives in; a namespaced object without a namespace is a bug. */
function homePath(resource: Resource, { name, namespace }: ObjectRef): string {
  if (resource.namespaced && !namespace) {
    throw new Error(`${resource.kind} ${name} is namespaced, and no namespace was given`);
  }
  return collectionPath(resource, namespace);
}
