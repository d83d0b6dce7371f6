import { expect, test } from 'vitest';
import { z } from 'zod';
import { durationSchema } from '../../src/api/kind.ts';
import { schemaMessage } from '../../src/api/schema-message.ts';

const rows: [string, z.ZodType, unknown, string][] = [
  ['a field that is missing', z.string(), undefined, 'is missing'],
  ['a choice that is missing', z.enum(['a', 'b']), undefined, 'is missing'],
  ['a number for text', z.string(), 10, 'must be text, and is a number'],
  ['text for a number', z.number(), 'secret', 'must be a number, and is text'],
  ['a list for an object', z.object({}), [], 'must be an object with fields, and is a list'],
  ['an object for a list', z.array(z.string()), {}, 'must be a list, and is an object with fields'],
  ['a key without a value', z.array(z.string()), null, 'must be a list, and is empty'],
  ['none of the choices', z.enum(['Promote', 'Hold']), 'Go', 'must be one of Promote, Hold'],
  ['words that the schema brings', durationSchema, '10', 'must be a duration such as 30s, 5m or 1h30m'],
];

test.each(rows)('%s', (_, schema, value, message) => {
  const parsed = schema.safeParse(value, { error: schemaMessage });
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([message]);
});
