import type { KubeObject } from './kubernetes.ts';
import type { Resource } from './resource.ts';

/** One write to the cluster, as data. A replacement carries the resourceVersion it was computed from. */
export interface Act {
  verb: 'create' | 'replace' | 'delete';
  resource: Resource;
  object: KubeObject;
  why: string;
}

/** Nothing where the object is what it should be already: wanted objects are the same object then. */
export function replaceActs(resource: Resource, before: KubeObject, after: KubeObject, why: string): Act[] {
  return before === after ? [] : [{ verb: 'replace', resource, object: after, why }];
}

/** Nothing is to be done for what is going already. */
export function deleteActs(resource: Resource, object: KubeObject, why: string): Act[] {
  return object.metadata.deletionTimestamp ? [] : [{ verb: 'delete', resource, object, why }];
}
