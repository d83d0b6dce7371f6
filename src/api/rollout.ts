import { z } from 'zod';
import {
  type CustomObject,
  conditionSchema,
  intOrStringSchema,
  type KindDefinition,
  nameSchema,
  serverDefault,
  timestampSchema,
} from './kind.ts';
import { resources } from './resource.ts';
import {
  matchSchema,
  requestHeaderModifierSchema,
  secondsSchema,
  trafficRoutingSchema,
} from './rollout-routing.ts';

export const workloadRefSchema = z.object({ apiVersion: z.string(), kind: z.string(), name: nameSchema });

export const disabledSchema = serverDefault(z.boolean(), false).describe(
  'The workload is left to its own controller.',
);

export const pauseSchema = z.object({
  duration: secondsSchema.nullish().describe('Seconds; a person must approve when unset.'),
});

/** What a step has in every version. */
export const stepShape = {
  requestHeaderModifier: requestHeaderModifierSchema.optional(),
  pause: pauseSchema.optional(),
};

const stepSchema = z.object({
  replicas: intOrStringSchema.nullish().describe('Pods of the new version: a number or a percentage.'),
  traffic: z
    .string()
    .regex(/^\d{1,3}%$/)
    .nullish()
    .describe('Share of the requests that reach the new version, such as `5%`.'),
  matches: z.array(matchSchema).max(16).optional(),
  ...stepShape,
});

export const metadataPatchSchema = z.object({
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** What a strategy has in every version. */
const strategyShape = {
  failureThreshold: intOrStringSchema.nullish(),
  disableGenerateCanaryService: z.boolean().optional(),
};

/** What the canary strategy has in every version. */
export const canaryShape = { ...strategyShape, patchPodTemplateMetadata: metadataPatchSchema.optional() };

export const STEPS_MAX = 50;

const blueGreenSchema = z.object({
  steps: z.array(stepSchema).max(STEPS_MAX).optional(),
  trafficRoutings: z.array(trafficRoutingSchema).max(1).optional(),
  trafficRoutingRef: z.string().optional(),
  ...strategyShape,
});

const canarySchema = blueGreenSchema.extend({
  ...canaryShape,
  enableExtraWorkloadForCanary: z
    .boolean()
    .optional()
    .describe('true: canary pods run in an extra Deployment. false (the default): partition style.'),
});

export const ROLLOUT_PHASES = [
  'Initial',
  'Healthy',
  'Progressing',
  'Terminating',
  'Disabling',
  'Disabled',
] as const;

export const STEP_STATES = [
  'BeforeStepUpgrade',
  'StepUpgrade',
  'StepTrafficRouting',
  'StepMetricsAnalysis',
  'StepPaused',
  'StepReady',
  'Completed',
] as const;

export const subStatusShape = {
  observedWorkloadGeneration: z.int().optional(),
  observedRolloutID: z.string().optional(),
  rolloutHash: z.string().optional(),
  stableRevision: z.string().optional(),
  podTemplateHash: z.string().default(''),
  currentStepIndex: z.int().default(0),
  nextStepIndex: z.int().default(0),
  currentStepState: z.string().default(''),
  finalisingStep: z.string().default(''),
  message: z.string().optional(),
  lastUpdateTime: timestampSchema.nullish(),
};

const canaryStatusSchema = z.object({
  ...subStatusShape,
  canaryRevision: z.string().default(''),
  canaryReplicas: z.int().default(0),
  canaryReadyReplicas: z.int().default(0),
});

const blueGreenStatusSchema = z.object({
  ...subStatusShape,
  updatedRevision: z.string().default(''),
  updatedReplicas: z.int().default(0),
  updatedReadyReplicas: z.int().default(0),
});

export const approvalSchema = z.object({
  releaseId: z.int(),
  stepEntry: z.int(),
  step: z.int(),
  to: z.int().optional().describe('The step to go to, where it is not the next one.'),
  user: z.string(),
  at: timestampSchema,
});

export const statusSchema = z.object({
  observedGeneration: z.int().optional(),
  phase: z.string().optional(),
  message: z.string().optional(),
  conditions: z.array(conditionSchema).optional(),
  currentStepIndex: z.int().default(0),
  currentStepState: z.string().default(''),
  canaryStatus: canaryStatusSchema.nullish(),
  blueGreenStatus: blueGreenStatusSchema.nullish(),
  approvals: z
    .array(approvalSchema)
    .optional()
    .describe('Who let which step of which release go on; written at admission of a patch to StepReady.'),
});

const schema = z.object({
  spec: z.object({
    disabled: disabledSchema,
    workloadRef: workloadRefSchema,
    strategy: z.object({
      paused: z.boolean().optional(),
      canary: canarySchema.nullish(),
      blueGreen: blueGreenSchema.nullish(),
    }),
  }),
  status: statusSchema.optional(),
});

/** What both versions show; each reads the step where its own tools look for it. */
export function rolloutColumns(stepPath: string): KindDefinition['columns'] {
  return [
    { name: 'STATUS', type: 'string', jsonPath: '.status.phase', description: 'The phase of the rollout.' },
    { name: 'CANARY_STEP', type: 'integer', jsonPath: `${stepPath}.currentStepIndex` },
    { name: 'CANARY_STATE', type: 'string', jsonPath: `${stepPath}.currentStepState` },
    { name: 'MESSAGE', type: 'string', jsonPath: '.status.message' },
    { name: 'AGE', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ];
}

export const rolloutKind = {
  resource: resources.rollout,
  description: 'How a workload is released step by step (Kruise Rollouts, v1beta1).',
  singular: 'rollout',
  shortNames: [],
  categories: [],
  schema,
  statusSubresource: true,
  columns: rolloutColumns('.status'),
} as const satisfies KindDefinition;

export type Rollout = CustomObject<typeof schema>;
export type RolloutSpec = Rollout['spec'];
export type RolloutStatus = z.output<typeof statusSchema>;
export type CanaryStatus = z.output<typeof canaryStatusSchema>;
export type BlueGreenStatus = z.output<typeof blueGreenStatusSchema>;
export type BlueGreenStrategy = z.output<typeof blueGreenSchema>;
export type CanaryStrategy = z.output<typeof canarySchema>;
export type RolloutStep = z.output<typeof stepSchema>;
export type RequestMatch = z.output<typeof matchSchema>;
export type TrafficRouting = z.output<typeof trafficRoutingSchema>;
export type WorkloadRef = z.output<typeof workloadRefSchema>;
export type Approval = z.output<typeof approvalSchema>;
export type RolloutPhase = (typeof ROLLOUT_PHASES)[number];
export type StepState = (typeof STEP_STATES)[number];
