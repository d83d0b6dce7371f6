import { z } from 'zod';
import { ANALYSIS_MODES, ANALYSIS_PHASES } from './analysis-run.ts';
import { metricSchema } from './analysis-template.ts';
import { scoreSchema } from './judge-schemas.ts';
import {
  type CustomObject,
  conditionSchema,
  intOrStringSchema,
  type KindDefinition,
  timestampSchema,
} from './kind.ts';
import { resources } from './resource.ts';
import { STEP_STATES } from './rollout.ts';
import {
  ALERT_EVENTS,
  FAILURE_ACTIONS,
  GIT_OPS,
  SOURCE_EVENTS,
  SUCCESS_ACTIONS,
  UNDECIDED_ACTIONS,
} from './rollout-guard.ts';

/** One analysis of the pinned guard, with its template as it was when the release (or the step) began. */
const pinnedAnalysisSchema = z.object({
  name: z.string(),
  guard: z.object({ name: z.string(), uid: z.string(), generation: z.int() }),
  mode: z.enum(ANALYSIS_MODES),
  steps: z.array(z.int()).optional(),
  onSuccess: z.enum(SUCCESS_ACTIONS).optional(),
  metrics: z.array(metricSchema),
  score: scoreSchema.optional(),
  args: z.array(z.object({ name: z.string(), value: z.string() })),
});

/** The guards of a Rollout combined into one, with the strictest of their actions. */
const pinnedGuardSchema = z.object({
  analyses: z.array(pinnedAnalysisSchema),
  onSuccess: z.enum(SUCCESS_ACTIONS),
  onFailure: z.enum(FAILURE_ACTIONS),
  onTimeout: z.enum(FAILURE_ACTIONS),
  onInconclusive: z.enum(UNDECIDED_ACTIONS),
  onError: z.enum(UNDECIDED_ACTIONS),
  rollback: z.object({ gitOps: z.enum(GIT_OPS), urgent: z.boolean() }).optional(),
  retry: z.object({ attempts: z.int(), delayMs: z.int() }),
  runHistoryLimit: z.int(),
  holdTimeoutMs: z.int(),
  maxDurationMs: z.int(),
  progressDeadlineMs: z.int(),
  alerts: z.array(z.object({ receiver: z.string(), on: z.array(z.enum(ALERT_EVENTS)) })),
});

/** How often something was judged. */
const triesShape = {
  attempt: z.int().describe('Raised each time it is judged anew, never lowered.'),
  inconclusive: z
    .int()
    .optional()
    .describe('How many attempts were made because the one before was inconclusive.'),
  errorSince: timestampSchema.optional().describe('Since when every attempt has ended in an Error.'),
};

const triesSchema = z.object(triesShape);

/** The tries of one Background analysis; the first attempt needs no entry. */
const backgroundTriesSchema = triesSchema.extend({ guardUid: z.string(), analysis: z.string() });

const verdictSchema = z.object({
  phase: z.enum(ANALYSIS_PHASES),
  reason: z.string(),
  message: z.string(),
  at: timestampSchema,
});

/** Why a step waits for a person. */
export const HOLD_REASONS = [
  'WaitingForApproval',
  'HoldOnSuccess',
  'AnalysisFailed',
  'AnalysisInconclusive',
  'AnalysisError',
  'AnalysisStale',
  'ProgressDeadlineExceeded',
  'GuardRemoved',
  'ForeignRun',
  'RejectedRevision',
  'ForeignWriter',
] as const;

const stepRecordSchema = z.object({
  index: z.int().describe('1-based.'),
  entry: z.int().describe('Raised each time a step is entered, never lowered.'),
  state: z.enum(STEP_STATES),
  enteredAt: timestampSchema,
  ...triesShape,
  upgradeStartedAt: timestampSchema.optional().describe('From here the progress deadline counts.'),
  routedAt: timestampSchema.optional().describe('When the routes were seen to carry the weight of the step.'),
  trafficSince: timestampSchema.optional().describe('When the grace period after the routes was over.'),
  verdict: verdictSchema.optional(),
  approvedAt: timestampSchema
    .optional()
    .describe('When the engine that moves the pods was last told to go on, where that is not Assay.'),
  hold: z
    .object({
      reason: z.enum(HOLD_REASONS),
      since: timestampSchema,
      message: z.string(),
      mode: z.enum(ANALYSIS_MODES).optional().describe('The mode of the analysis that holds it.'),
      outage: z
        .string()
        .optional()
        .describe('The metric source whose outage holds it, which is told once for all Rollouts.'),
    })
    .optional(),
});

export const RELEASE_OUTCOMES = ['Promoted', 'RolledBack', 'Aborted', 'Superseded', 'Disabled'] as const;

/** How far a release is; the reasons of the Rollout's Progressing condition are derived from it. */
export const RELEASE_STAGES = [
  'Initializing',
  'InRolling',
  'Finalising',
  'PostPromotion',
  'GoingBack',
  'Cancelling',
  'Superseding',
  'Aborting',
  'Aborted',
  'Completed',
] as const;

const stableSchema = z.object({
  revision: z.string().describe('Hash of the pod template.'),
  hash: z.string().describe('What its pods carry in the label that tells the versions apart.'),
  replicaSet: z.string().optional().describe('Where its pods are named after one.'),
});

const releaseSchema = z.object({
  startedAt: timestampSchema,
  stage: z.enum(RELEASE_STAGES),
  revision: z.string().describe('Hash of the pod template that is released.'),
  foreignRevision: z
    .string()
    .optional()
    .describe('What the engine that moves the pods calls this template, where that is not Assay.'),
  stable: stableSchema,
  canary: z.object({
    name: z.string().describe('Name of the extra Deployment.'),
    hash: z.string().optional().describe('pod-template-hash of its pods, once its ReplicaSet exists.'),
    replicaSet: z.string().optional(),
  }),
  planHash: z.string(),
  granted: intOrStringSchema
    .optional()
    .describe('The pods of the new version that the steps have asked for so far; it only grows.'),
  guard: pinnedGuardSchema.optional(),
  step: stepRecordSchema.optional(),
  stablePinnedAt: timestampSchema
    .optional()
    .describe('When the stable Service was seen pinned to the stable pods.'),
  routedAt: timestampSchema.optional().describe('When a canary route was first seen.'),
  sharedAt: timestampSchema
    .optional()
    .describe('When the routes of the TrafficRouting were first seen set for this release.'),
  weight: z.int().optional().describe('Percent of the requests that the last step with a weight was given.'),
  trafficSince: timestampSchema
    .optional()
    .describe('Since when the canary has traffic; Background analyses watch it from here on.'),
  reverts: z
    .array(z.object({ field: z.string(), at: timestampSchema }))
    .optional()
    .describe('Fields that somebody else changed although the release had set them; the newest 10.'),
  background: z.array(backgroundTriesSchema).optional(),
  turnedAt: timestampSchema
    .optional()
    .describe(
      'Blue-green: when every request was seen routed to the new version, before the stable pods go.',
    ),
  updatedAt: timestampSchema
    .optional()
    .describe(
      'When the last rolling update was seen done; Background analyses end, PostPromotion ones begin.',
    ),
  postPromotion: triesSchema.extend({ verdict: verdictSchema.optional() }).optional(),
  restore: z
    .boolean()
    .optional()
    .describe('Whether cancelling puts the stable template back into the workload.'),
  restoredAt: timestampSchema
    .optional()
    .describe('When the stable template was put back, for another engine to roll out.'),
  wayBack: z
    .object({ pods: z.int(), of: z.int() })
    .optional()
    .describe(
      'Rolled back in batches: how many pods had to go back, of how many, when the stable template was restored.',
    ),
  routesRemovedAt: timestampSchema.optional().describe('When the canary routes were seen gone.'),
  serviceRestoredAt: timestampSchema.optional().describe('When the stable Service was seen restored.'),
  outcome: z.enum(RELEASE_OUTCOMES).optional(),
  reason: z.string().optional().describe('Why the release ends as it does, in one word.'),
  message: z.string().optional().describe('Why the release ends as it does, with its evidence.'),
});

const decisionSchema = z.object({
  sequence: z.int(),
  at: timestampSchema,
  release: z.int(),
  step: z.int().optional(),
  decision: z.string(),
  reason: z.string(),
  message: z.string(),
});

/** The evidence that an alert carries; made when the decision fell, so that it never depends on later state. */
export const alertSchema = z.object({
  id: z.string(),
  event: z.enum([...ALERT_EVENTS, ...SOURCE_EVENTS]),
  receiver: z.string(),
  at: timestampSchema,
  source: z
    .string()
    .optional()
    .describe('The metric source that it tells of; one Rollout then stands for all.'),
  rollout: z.string(),
  namespace: z.string(),
  workload: z.string(),
  release: z.int(),
  step: z.int().optional(),
  steps: z.int().optional(),
  weight: z.int().optional(),
  reason: z.string(),
  summary: z.string().describe('What happened, in one sentence.'),
  evidence: z
    .array(
      z.object({
        analysis: z.string(),
        metric: z.string(),
        value: z.string().optional(),
        condition: z.string().optional(),
        message: z.string(),
      }),
    )
    .describe('The metrics that decided, each with its value against its condition.'),
  action: z.string().describe('What Assay did.'),
  next: z.string().describe('What a person can do next.'),
  deliveredAt: timestampSchema.optional(),
  failedAt: timestampSchema.optional(),
});

const schema = z.object({
  status: z.object({
    releaseId: z.int().describe('Raised at each start or retry, never lowered.'),
    stepEntry: z.int(),
    stable: stableSchema.optional().describe('What the workload runs while no release is under way.'),
    release: releaseSchema.optional().describe('The release under way, or the last one.'),
    retried: z
      .int()
      .optional()
      .describe('The release whose retry annotation was followed and is still to be taken away.'),
    rejected: z.array(z.object({ revision: z.string(), at: timestampSchema, reason: z.string() })).optional(),
    conditions: z
      .array(conditionSchema)
      .optional()
      .describe(
        'Guarded, where another engine moves the pods: whether the present step waits for a verdict.',
      ),
    decisions: z.array(decisionSchema).optional().describe('The newest 50, oldest first.'),
    alerts: z.array(alertSchema).optional().describe('The newest 20, oldest first.'),
  }),
});

export const rolloutRecordKind = {
  resource: resources.rolloutRecord,
  description: 'What Assay remembers of a Rollout. Written by the controller alone.',
  singular: 'rolloutrecord',
  shortNames: ['rr'],
  categories: ['assay'],
  schema,
  // One writer and one document: a status endpoint would only make the first write two.
  statusSubresource: false,
  columns: [
    { name: 'Release', type: 'integer', jsonPath: '.status.releaseId' },
    { name: 'Step', type: 'integer', jsonPath: '.status.release.step.index' },
    { name: 'Verdict', type: 'string', jsonPath: '.status.release.step.verdict.phase' },
    { name: 'Outcome', type: 'string', jsonPath: '.status.release.outcome' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies KindDefinition;

export type RolloutRecord = CustomObject<typeof schema>;
export type RecordStatus = RolloutRecord['status'];
export type ReleaseRecord = z.output<typeof releaseSchema>;
export type StepRecord = z.output<typeof stepRecordSchema>;
export type Tries = z.output<typeof triesSchema>;
export type Verdict = z.output<typeof verdictSchema>;
export type PinnedGuard = z.output<typeof pinnedGuardSchema>;
export type PinnedAnalysis = z.output<typeof pinnedAnalysisSchema>;
export type RecordedDecision = z.output<typeof decisionSchema>;
export type Alert = z.output<typeof alertSchema>;
export type StableRevision = z.output<typeof stableSchema>;
export type ReleaseStage = (typeof RELEASE_STAGES)[number];
export type HoldReason = (typeof HOLD_REASONS)[number];
export type Evidence = Alert['evidence'][number];
export type ReleaseOutcome = (typeof RELEASE_OUTCOMES)[number];
