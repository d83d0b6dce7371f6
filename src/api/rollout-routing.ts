import { z } from 'zod';
import { LIST_BY_NAME, nameSchema, serverDefault } from './kind.ts';

const INT32_MAX = 2_147_483_647;

/** How many of anything a match or a modifier may have, as the Gateway API has it. */
const ENTRIES_MAX = 16;

export const secondsSchema = z.int().min(0).max(INT32_MAX);

export const weightSchema = z
  .int()
  .min(0)
  .max(100)
  .describe('Share of the requests that reach the new version, in percent.');

/** The name of a header or of a query parameter. */
const tokenSchema = z
  .string()
  .min(1)
  .max(256)
  .regex(
    /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/,
    'must be a name as HTTP has them: letters, digits, and none of ()<>@,;:"/[]?={} or spaces',
  );

const valueSchema = z.string().min(1).max(4096);

const namedMatchSchema = z.object({
  type: serverDefault(z.enum(['Exact', 'RegularExpression']), 'Exact'),
  name: tokenSchema,
  value: valueSchema,
});

/** What a match of v1alpha1 has. */
export const headerOnlyMatchSchema = z.object({
  headers: z.array(namedMatchSchema).max(ENTRIES_MAX).optional(),
});

export const matchSchema = z.object({
  path: z
    .object({
      type: serverDefault(z.enum(['Exact', 'PathPrefix', 'RegularExpression']), 'PathPrefix'),
      value: serverDefault(z.string().max(1024), '/'),
    })
    .optional(),
  headers: z.array(namedMatchSchema).max(ENTRIES_MAX).optional().meta(LIST_BY_NAME),
  queryParams: z.array(namedMatchSchema).max(ENTRIES_MAX).optional().meta(LIST_BY_NAME),
});

const headersSchema = z
  .array(z.object({ name: tokenSchema, value: valueSchema }))
  .max(ENTRIES_MAX)
  .optional()
  .meta(LIST_BY_NAME);

export const requestHeaderModifierSchema = z.object({
  set: headersSchema,
  add: headersSchema,
  remove: z.array(z.string()).max(ENTRIES_MAX).optional(),
});

export const trafficRoutingSchema = z.object({
  service: nameSchema.describe('The stable Service.'),
  gracePeriodSeconds: serverDefault(secondsSchema, 3).describe(
    'How long a change of a route takes to be felt.',
  ),
  ingress: z
    .object({
      classType: z.string().optional().describe('nginx when unset or empty.'),
      name: nameSchema,
    })
    .optional(),
  gateway: z.object({ httpRouteName: z.string().nullish() }).optional(),
  customNetworkRefs: z
    .array(z.object({ apiVersion: z.string(), kind: z.string(), name: z.string() }))
    .optional()
    .describe('Objects of a mesh, in the namespace of the Rollout.'),
});
