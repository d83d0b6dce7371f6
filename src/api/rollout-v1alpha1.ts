import { z } from 'zod';
import { type CustomObject, intOrStringSchema, type KindDefinition } from './kind.ts';
import { resources } from './resource.ts';
import {
  canaryShape,
  disabledSchema,
  rolloutColumns,
  STEPS_MAX,
  statusSchema,
  stepShape,
  workloadRefSchema,
} from './rollout.ts';
import { headerOnlyMatchSchema, trafficRoutingSchema, weightSchema } from './rollout-routing.ts';

const stepSchema = z.object({
  weight: weightSchema.nullish(),
  replicas: intOrStringSchema
    .nullish()
    .describe('Pods of the new version: a number or a percentage. As many percent as `weight` when unset.'),
  matches: z.array(headerOnlyMatchSchema).max(16).optional(),
  ...stepShape,
});

const canarySchema = z.object({
  steps: z.array(stepSchema).max(STEPS_MAX).optional(),
  trafficRoutings: z
    .array(
      trafficRoutingSchema.extend({
        type: z
          .string()
          .optional()
          .describe('The class of the ingress; the same as ingress.classType, over which it wins.'),
      }),
    )
    .max(1)
    .optional(),
  ...canaryShape,
});

const schema = z.object({
  spec: z.object({
    objectRef: z.object({ workloadRef: workloadRefSchema }),
    rolloutID: z.string().optional().describe('Kept, and without effect.'),
    disabled: disabledSchema,
    strategy: z.object({
      paused: z.boolean().optional(),
      canary: canarySchema
        .nullish()
        .describe('Missing only where the Rollout has a strategy that this version cannot show.'),
    }),
  }),
  // The same as in v1beta1, its additions included: nothing of a status has to be kept elsewhere.
  status: statusSchema.optional(),
});

export const rolloutV1alpha1Kind = {
  resource: { ...resources.rollout, version: 'v1alpha1' },
  description: 'How a workload is released step by step (Kruise Rollouts, v1alpha1).',
  singular: 'rollout',
  shortNames: [],
  categories: [],
  schema,
  statusSubresource: true,
  columns: rolloutColumns('.status.canaryStatus'),
} as const satisfies KindDefinition;

export type RolloutV1alpha1 = CustomObject<typeof schema>;
