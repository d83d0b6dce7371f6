import type { z } from 'zod';

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object with fields',
  record: 'an object with fields',
  null: 'null',
};

/**
 * A violation of a schema in the words of the author of a manifest, who knows YAML and not the validating library.
 * Undefined leaves it to the library. A schema that brings words of its own is not asked for these.
 */
export function schemaMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'invalid_type') {
    return `must be ${TYPES[issue.expected] ?? issue.expected}, and is ${given(issue.input)}`;
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    if (issue.input === undefined) return 'is missing';
    return `must be one of ${issue.values.map(String).join(', ')}`;
  }
  return undefined;
}

/** What was given, but for the value itself: it may be a secret in the wrong field, and messages are logged. */
function given(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  return TYPES[typeof input] ?? typeof input;
}
