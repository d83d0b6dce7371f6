import { isDeepStrictEqual } from 'node:util';
import type { Patch } from '../../src/cluster/port.ts';

export type Json = Record<string, unknown>;
type Operation = Extract<Patch, { type: 'json' }>['body'][number];

/** RFC 7386: fields are merged, null takes one away, anything else, lists included, is put in place. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = mergePatch(merged[field], value);
  }
  return merged;
}

/** Stands in for server-side apply: fields are merged, lists are put in place, nothing is taken away. */
export function applyPatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch) || !isObject(target)) return patch;
  const merged = { ...target };
  for (const [field, value] of Object.entries(patch)) merged[field] = applyPatch(merged[field], value);
  return merged;
}

/** RFC 6902 as the API server has it (a replace may add); undefined where the patch does not fit the object. */
export function jsonPatch(target: unknown, operations: readonly Operation[]): unknown {
  const root = { object: structuredClone(target) };
  for (const operation of operations) {
    const fields = ['object', ...operation.path.split('/').slice(1).map(plain)];
    const last = fields.pop() ?? '';
    const parent = fields.reduce<unknown>((node, field) => child(node, field), root);
    if (!isContainer(parent) || !change(parent, last, operation)) return undefined;
  }
  return root.object;
}

function change(parent: Json | unknown[], field: string, { op, value }: Operation): boolean {
  const present = child(parent, field);
  if (op === 'test') return isDeepStrictEqual(present, value);
  if (op === 'remove' && present === undefined) return false;
  if (!Array.isArray(parent)) {
    if (op === 'remove') delete parent[field];
    else parent[field] = value;
    return true;
  }
  const index = field === '-' ? parent.length : Number(field);
  if (!Number.isInteger(index) || index < 0 || index > parent.length) return false;
  parent.splice(index, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  return true;
}

function child(node: unknown, field: string): unknown {
  if (Array.isArray(node)) return node[Number(field)];
  return isObject(node) && Object.hasOwn(node, field) ? node[field] : undefined;
}

function plain(field: string): string {
  return field.replaceAll('~1', '/').replaceAll('~0', '~');
}

function isContainer(value: unknown): value is Json | unknown[] {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Json {
  return isContainer(value) && !Array.isArray(value);
}
