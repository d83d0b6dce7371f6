/** The value of a field as text, or why there is none. */
export type FieldValue = { ok: true; value: string } | { ok: false; message: string };

/** The objects that the paths of arguments begin with. */
export const FIELD_ROOTS = ['rollout', 'workload'] as const;
export type FieldRoots = Readonly<Record<(typeof FIELD_ROOTS)[number], unknown>>;

type ParsedPath = { ok: true; keys: (string | number)[] } | { ok: false; message: string };

const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const NAME = /\.([A-Za-z_][A-Za-z0-9_]*)/y;
const INDEX = /\[(\d{1,6})\]/y;
const QUOTED = /\[(?:'([^']+)'|"([^"]+)")\]/y;
const EXAMPLES = "`rollout.metadata.labels['team']` or `workload.spec.template.spec.containers[0].image`";

/**
 * Reads one field: `rollout.metadata.name`, `workload.metadata.labels['app.kubernetes.io/name']`,
 * `workload.spec.template.spec.containers[0].image`. It must end in text, a number, true or false.
 *
 * @param object what paths begin with, such as `{ rollout, workload }`
 */
export function resolveFieldPath(object: FieldRoots, path: string): FieldValue {
  const parsed = parseFieldPath(path);
  if (!parsed.ok) return parsed;
  let found: unknown = object;
  let walked = '';
  for (const [index, key] of parsed.keys.entries()) {
    const inner = fieldOf(found, key);
    walked += typeof key === 'number' || !isName(key) ? `[${JSON.stringify(key)}]` : `${walked && '.'}${key}`;
    if (inner === undefined || inner === null) {
      const what = index === parsed.keys.length - 1 ? path : `${walked} (of ${path})`;
      return { ok: false, message: `${what} is not set; set it, or give the argument a value` };
    }
    found = inner;
  }
  if (typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean') {
    return { ok: true, value: String(found) };
  }
  const what = Array.isArray(found) ? 'a list' : 'an object';
  return { ok: false, message: `${path} is ${what}: name a field in it that is text or a number` };
}

/** What is wrong with a path, whatever the objects are; undefined when nothing is. */
export function checkFieldPath(path: string): string | undefined {
  const parsed = parseFieldPath(path);
  return parsed.ok ? undefined : parsed.message;
}

function parseFieldPath(path: string): ParsedPath {
  const root = match(IDENTIFIER, path, 0)?.[0];
  if (!FIELD_ROOTS.some((name) => name === root)) {
    return {
      ok: false,
      message: `${JSON.stringify(path)} must begin with ${FIELD_ROOTS.join(' or ')}, as ${EXAMPLES} do`,
    };
  }
  const keys: (string | number)[] = [root ?? ''];
  let offset = root?.length ?? 0;
  while (offset < path.length) {
    const name = match(NAME, path, offset);
    const index = match(INDEX, path, offset);
    const quoted = match(QUOTED, path, offset);
    const found = name ?? index ?? quoted;
    if (!found) {
      return {
        ok: false,
        message: `${JSON.stringify(path)} cannot be read from position ${offset} on; write ${EXAMPLES}`,
      };
    }
    keys.push(index ? Number(index[1]) : (found[1] ?? found[2] ?? ''));
    offset += found[0].length;
  }
  if (keys.length === 1) {
    return { ok: false, message: `${JSON.stringify(path)} names no field; write ${EXAMPLES}` };
  }
  return { ok: true, keys };
}

function match(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

function isName(key: string): boolean {
  return match(IDENTIFIER, key, 0)?.[0] === key;
}

function fieldOf(object: unknown, key: string | number): unknown {
  if (typeof key === 'number') return Array.isArray(object) ? object[key] : undefined;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined;
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}
