import { z } from 'zod';
import type { KindDefinition } from './kind.ts';
import { resources } from './resource.ts';
import {
  headerOnlyMatchSchema,
  requestHeaderModifierSchema,
  trafficRoutingSchema,
  weightSchema,
} from './rollout-routing.ts';

const schema = z.object({
  spec: z.object({
    objectRef: z.array(trafficRoutingSchema),
    strategy: z.object({
      weight: weightSchema.nullish(),
      matches: z.array(headerOnlyMatchSchema).optional(),
      requestHeaderModifier: requestHeaderModifierSchema.optional(),
    }),
  }),
  status: z
    .object({
      observedGeneration: z.int().optional(),
      phase: z.string().optional(),
      message: z.string().optional(),
    })
    .optional(),
});

/** Only there so that manifests of Kruise Rollouts can be applied: a Rollout that names one is refused. */
export const trafficRoutingKind = {
  resource: resources.trafficRouting,
  description:
    'A route that several Rollouts share (Kruise Rollouts). Assay keeps it and does not follow it.',
  singular: 'trafficrouting',
  shortNames: [],
  categories: [],
  schema,
  statusSubresource: true,
  unread: true,
  columns: [
    { name: 'STATUS', type: 'string', jsonPath: '.status.phase' },
    { name: 'MESSAGE', type: 'string', jsonPath: '.status.message' },
    { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies KindDefinition;
