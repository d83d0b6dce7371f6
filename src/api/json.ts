/** A JSON object of which nothing else is known. */
export type JsonRecord = Record<string, unknown>;

/** Whether a JSON value is an object: neither null nor a list nor a scalar. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields that have a value; null is one. */
export function withoutUndefined(record: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
