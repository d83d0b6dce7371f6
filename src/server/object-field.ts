/** The value at a JSON pointer whose parts need no escape, such as `/spec/paused`; undefined where nothing is there. */
export function fieldAt(object: object, pointer: string): unknown {
  return pointer
    .slice(1)
    .split('/')
    .reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), object);
}

/** A copy of the object with this value there; what is missing on the way is made. */
export function withFieldAt<T extends object>(object: T, pointer: string, value: unknown): T {
  const [key = '', ...rest] = pointer.slice(1).split('/');
  const record = object as Record<string, unknown>;
  const inner = isRecord(record[key]) ? record[key] : {};
  return { ...object, [key]: rest.length === 0 ? value : withFieldAt(inner, `/${rest.join('/')}`, value) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A key as a part of a JSON pointer (RFC 6901). */
export function pointerSegment(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
