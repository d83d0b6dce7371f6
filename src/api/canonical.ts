import { createHash } from 'node:crypto';

/** JSON with sorted keys and without undefined fields: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`).join(',')}}`;
}

/** The first 10 hex digits of the SHA-256 of a value's canonical JSON. */
export function shortHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 10);
}

/** Whether two JSON values are the same, whatever the order of their keys. A missing value is not null. */
export function sameJson(a: unknown, b: unknown): boolean {
  const [left, right] = [asJson(a), asJson(b)];
  if (left === right) return true;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => sameJson(item ?? null, right[index] ?? null));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const fields = Object.keys(left).filter((field) => left[field] !== undefined);
  const others = Object.keys(right).filter((field) => right[field] !== undefined);
  return fields.length === others.length && fields.every((field) => sameJson(left[field], right[field]));
}

/** JSON has no number for NaN and the infinities: they become null. */
function asJson(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
