import { isRecord, type JsonRecord, withoutUndefined } from './json.ts';
import { fieldPath } from './kind.ts';

/** Keywords that mean the same to the API server as to JSON Schema. */
const SHARED = [
  'type',
  'description',
  'nullable',
  'enum',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
];

/** Keywords that are translated here, or that say nothing the API server should know. */
const HANDLED = [
  'properties',
  'items',
  'additionalProperties',
  'propertyNames',
  'anyOf',
  // What Assay fills in when it parses is not the API server's; what that fills in is `serverDefault`.
  'default',
  'serverDefault',
  '$schema',
];

/**
 * An OpenAPI 3.0 schema, as zod makes it, as the structural schema that the API server wants.
 * Throws where a schema says something that no structural schema can say: that is a mistake in a kind.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export function structuralSchema(schema: unknown, path: readonly string[] = []): JsonRecord {
  if (!isRecord(schema)) throw new Error(`${where(path)}: not a schema`);
  for (const keyword of Object.keys(schema)) {
    if (!SHARED.includes(keyword) && !HANDLED.includes(keyword)) {
      throw new Error(`${where(path)}: a structural schema cannot say "${keyword}"`);
    }
  }
  const present = SHARED.filter((keyword) => schema[keyword] !== undefined);
  const shared = Object.fromEntries(present.map((keyword) => [keyword, schema[keyword]]));
  if (schema['anyOf'] !== undefined) return unionOf(schema, shared, path);
  if (schema['type'] === undefined) return { ...shared, 'x-kubernetes-preserve-unknown-fields': true };
  return withoutUndefined({
    ...shared,
    default: schema['serverDefault'],
    ...boundsOf(schema),
    // RFC 3339 is what the format says; the pattern would say it again in a thousand letters.
    pattern: schema['format'] === 'date-time' ? undefined : schema['pattern'],
    ...fieldsOf(schema, path),
    items: schema['items'] === undefined ? undefined : structuralSchema(schema['items'], [...path, '*']),
  });
}

function where(path: readonly string[]): string {
  return fieldPath(path) || 'the object';
}

/**
 * Of unions a structural schema knows one only, "a whole number or text". In the place of "a number or text" it can say
 * no more than that anything may stand there; admission says the rest.
 */
function unionOf(schema: JsonRecord, shared: JsonRecord, path: readonly string[]): JsonRecord {
  const options = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  const types = options.map((option) => (isRecord(option) ? option['type'] : undefined)).sort();
  if (types.join() === 'number,string') return { ...shared, 'x-kubernetes-preserve-unknown-fields': true };
  if (types.join() !== 'integer,string') {
    throw new Error(
      `${where(path)}: of all unions a structural schema can only say "a whole number or text", or "a number or text"`,
    );
  }
  return { ...shared, 'x-kubernetes-int-or-string': true };
}

/** Without the bounds that zod sets for what JavaScript can count to. */
function boundsOf({ minimum, maximum }: JsonRecord): JsonRecord {
  return {
    minimum: minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum,
    maximum: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
  };
}

function fieldsOf({ properties, additionalProperties }: JsonRecord, path: readonly string[]): JsonRecord {
  const isOpen = isRecord(additionalProperties) && Object.keys(additionalProperties).length === 0;
  if (isRecord(properties)) {
    const entries = Object.entries(properties).map(([field, inner]) => [
      field,
      structuralSchema(inner, [...path, field]),
    ]);
    return {
      properties: Object.fromEntries(entries),
      'x-kubernetes-preserve-unknown-fields': isOpen || undefined,
    };
  }
  if (isOpen) return { 'x-kubernetes-preserve-unknown-fields': true };
  if (!isRecord(additionalProperties)) return {};
  return { additionalProperties: structuralSchema(additionalProperties, [...path, '*']) };
}
