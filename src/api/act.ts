import type { KubeObject } from './kubernetes.ts';
import type { Resource } from './resource.ts';

/** One operation of a JSON patch (RFC 6902). */
export interface JsonOperation {
  op: 'add' | 'remove' | 'replace' | 'test';
  path: string;
  value?: unknown;
}

interface Write {
  resource: Resource;
  object: KubeObject;
  why: string;
}

/** A write of a whole object. A replacement carries the resourceVersion it was computed from. */
export interface WholeAct extends Write {
  verb: 'create' | 'replace' | 'delete';
}

/**
 * A change of single fields of an object that somebody else writes too. What it was computed from stands in its
 * tests: where one fails nothing is written. `object` is the object as it was read.
 */
export interface PatchAct extends Write {
  verb: 'patch';
  subresource?: 'status';
  operations: readonly JsonOperation[];
}

/** One write to the cluster, as data. */
export type Act = WholeAct | PatchAct;

/** Nothing where the object is what it should be already: wanted objects are the same object then. */
export function replaceActs(resource: Resource, before: KubeObject, after: KubeObject, why: string): Act[] {
  return before === after ? [] : [{ verb: 'replace', resource, object: after, why }];
}

/** Nothing is to be done for what is going already. */
export function deleteActs(resource: Resource, object: KubeObject, why: string): Act[] {
  return object.metadata.deletionTimestamp ? [] : [{ verb: 'delete', resource, object, why }];
}

/** A key as a part of the path of a JSON patch. */
export function pointerTo(...fields: readonly string[]): string {
  return fields.map((field) => `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
