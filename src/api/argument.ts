import { z } from 'zod';

export const ARGUMENT_TYPES = ['string', 'number', 'duration', 'identifier'] as const;

/** An argument as a template declares it. */
export const argumentSchema = z.object({
  name: z.string().regex(/^[a-zA-Z][-a-zA-Z0-9_]*$/),
  description: z.string().optional(),
  type: z
    .enum(ARGUMENT_TYPES)
    .optional()
    .describe('string (the default) may stand only inside a PromQL string literal; the others are checked.'),
  value: z.string().optional().describe('The default. Without one the argument must be given.'),
  required: z
    .boolean()
    .optional()
    .describe(
      'true: it must be given, and has no default. Where templates are nested, the outer one decides.',
    ),
});

/** An argument as a guard gives it: exactly one of `value` and `valueFrom`. */
export const givenArgumentSchema = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      fieldRef: z.object({
        fieldPath: z
          .string()
          .min(1)
          .max(500)
          .describe("A field of the Rollout or of its workload: `rollout.metadata.labels['team']`."),
      }),
    })
    .optional()
    .describe('Read when a release starts.'),
});

export type Argument = z.output<typeof argumentSchema>;
export type ArgumentSource = z.output<typeof givenArgumentSchema>;
