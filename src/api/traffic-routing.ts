import { z } from 'zod';
import { PROGRESSING_FINALIZER_PREFIX, TRAFFIC_ROUTING_ANNOTATION } from './annotations.ts';
import { type CustomObject, type KindDefinition, timestampSchema } from './kind.ts';
import { resources } from './resource.ts';
import type { Rollout } from './rollout.ts';
import {
  headerOnlyMatchSchema,
  requestHeaderModifierSchema,
  trafficRoutingSchema,
  weightSchema,
} from './rollout-routing.ts';
import { namedStrategy } from './rollout-style.ts';

export const SHARING_PHASES = ['Initial', 'Healthy', 'Progressing', 'Finalizing', 'Terminating'] as const;

/** Why a TrafficRouting cannot be followed until a person mends something. */
export const SHARING_FAULTS = [
  'InvalidRouting',
  'ServiceNotFound',
  'RouteNotFound',
  'RouteHasNoBackend',
  'RouteClaimed',
  'NameTaken',
] as const;

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
      reason: z
        .enum(SHARING_FAULTS)
        .optional()
        .describe('Why it cannot be followed; missing while nothing is in the way.'),
      message: z.string().optional(),
      routedAt: timestampSchema.optional().describe('When the routes were first seen as they are to be.'),
      routesRemovedAt: timestampSchema.optional().describe('When the routes were seen taken back.'),
    })
    .optional(),
});

export const trafficRoutingKind = {
  resource: resources.trafficRouting,
  description:
    'Routes that mark requests while any of several Rollouts that name it is releasing (Kruise Rollouts).',
  singular: 'trafficrouting',
  shortNames: [],
  categories: [],
  schema,
  statusSubresource: true,
  columns: [
    { name: 'STATUS', type: 'string', jsonPath: '.status.phase' },
    { name: 'MESSAGE', type: 'string', jsonPath: '.status.message' },
    { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies KindDefinition;

/** The object; what Kruise Rollouts calls TrafficRouting within a Rollout is one entry of its objectRef. */
export type SharedRouting = CustomObject<typeof schema>;
export type SharedRoutingStatus = NonNullable<SharedRouting['status']>;
export type SharingPhase = (typeof SHARING_PHASES)[number];
export type SharingFault = (typeof SHARING_FAULTS)[number];

/** The TrafficRouting that a Rollout names, by the annotation of v1alpha1 or the field of v1beta1. */
export function sharedRoutingOf(rollout: Rollout): string | undefined {
  const { annotations } = rollout.metadata;
  return (
    namedStrategy(rollout)?.strategy.trafficRoutingRef ||
    annotations?.[TRAFFIC_ROUTING_ANNOTATION] ||
    undefined
  );
}

/** The Rollouts for whose releases the routes are there. */
export function participantsOf({ metadata: { finalizers = [] } }: Pick<SharedRouting, 'metadata'>): string[] {
  return finalizers
    .filter((finalizer) => finalizer.startsWith(PROGRESSING_FINALIZER_PREFIX))
    .map((finalizer) => finalizer.slice(PROGRESSING_FINALIZER_PREFIX.length));
}

/** How long a change of the routes takes to be felt everywhere. */
export function sharedGraceMs({ spec }: Pick<SharedRouting, 'spec'>): number {
  return Math.max(0, ...spec.objectRef.map(({ gracePeriodSeconds = 3 }) => gracePeriodSeconds)) * 1_000;
}
