import { crdOf } from '../api/crd.ts';
import { isRecord } from '../api/json.ts';
import type { KindDefinition, SchemaFault } from '../api/kind.ts';

/**
 * The fields of an object that its kind does not have. The API server drops them without a word, and what they
 * were to say is lost. The status is left alone: nobody writes it by hand.
 */
export function unknownFields(kind: KindDefinition, object: unknown): SchemaFault[] {
  const schema = crdOf([kind]).spec.versions[0]?.schema.openAPIV3Schema;
  return fieldsBelow(schema, object, '').filter(({ path }) => !path.startsWith('status.'));
}

function fieldsBelow(schema: unknown, value: unknown, path: string): SchemaFault[] {
  if (!isRecord(schema)) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => fieldsBelow(schema['items'], item, `${path}[${index}]`));
  }
  if (!isRecord(value)) return [];
  const { properties, additionalProperties } = schema;
  const below = (name: string) => (path === '' ? name : `${path}.${name}`);
  if (isRecord(properties)) {
    return Object.entries(value).flatMap(([name, field]) =>
      Object.hasOwn(properties, name)
        ? fieldsBelow(properties[name], field, below(name))
        : [
            {
              path: below(name),
              message: `there is no such field${suggestion(name, Object.keys(properties))}`,
            },
          ],
    );
  }
  return Object.entries(value).flatMap(([name, field]) =>
    fieldsBelow(additionalProperties, field, below(name)),
  );
}

/** `; did you mean failureLimit?`, or nothing when no known name is near. */
export function suggestion(name: string, known: readonly string[]): string {
  const most = Math.max(2, Math.floor(name.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .toSorted(
      (left, right) => left.distance - right.distance || left.candidate.localeCompare(right.candidate),
    );
  return ranked[0] ? `; did you mean ${ranked[0].candidate}?` : '';
}

/** How many letters must be put in, taken out or replaced to make one word of the other (Levenshtein). */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...left].entries()) {
    const next = [index + 1];
    for (const [column, other] of [...right].entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
