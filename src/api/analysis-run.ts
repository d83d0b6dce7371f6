import { z } from 'zod';
import { metricSchema } from './analysis-template.ts';
import { scoreSchema } from './judge-schemas.ts';
import { type CustomObject, durationSchema, type KindDefinition, timestampSchema } from './kind.ts';
import { resources } from './resource.ts';

/** What one measurement can come to. */
export const OUTCOMES = ['Successful', 'Failed', 'Inconclusive', 'Error'] as const;

/** What a metric or a run can be in. */
export const ANALYSIS_PHASES = ['Pending', 'Running', ...OUTCOMES, 'Cancelled'] as const;

/** What an analysis of a guard watches: one step, the canary as long as it has traffic, or the promoted pods. */
export const ANALYSIS_MODES = ['Step', 'Background', 'PostPromotion'] as const;

/** What one run judges: a verdict counts for exactly this key and no other. */
export const runKeySchema = z.object({
  rolloutUid: z.string(),
  releaseId: z.int(),
  stepEntry: z.int().optional().describe('Of Step analyses only: the others judge more than one step.'),
  step: z.int().optional().describe('1-based; of Step analyses only.'),
  revision: z.string().describe('Hash of the pod template under test.'),
  planHash: z.string(),
  guardUid: z.string(),
  guardGeneration: z.int(),
  analysis: z.string(),
  mode: z.enum(ANALYSIS_MODES),
  attempt: z.int(),
});

const revisionTargetSchema = z.object({
  hash: z.string().describe('What the pods carry in the label that tells versions apart.'),
  pods: z
    .string()
    .optional()
    .describe(
      'An anchored regular expression that matches the names of the pods. Where names say nothing of a version it is unset, and the pods that were seen with this hash are in `status.pods`.',
    ),
});

/** What the built-in placeholders of queries stand for. */
export const runTargetSchema = z.object({
  rollout: z.string().optional(),
  workload: z.string().optional(),
  step: z.object({ index: z.int(), weight: z.int().optional() }).optional(),
  canary: revisionTargetSchema.optional(),
  stable: revisionTargetSchema.optional(),
  windowStart: timestampSchema
    .optional()
    .describe(
      'Since when the pods have had this traffic; {{window}} is counted from here, else from the start of the run.',
    ),
});

const ttlSeconds = z.int().min(0).max(31_536_000).optional();

const ttlStrategySchema = z.object({
  secondsAfterCompletion: ttlSeconds.describe('However it ended.'),
  secondsAfterFailure: ttlSeconds.describe('Where it ended as Failed, Error or Inconclusive.'),
  secondsAfterSuccess: ttlSeconds.describe('Where it ended as Successful.'),
});

const measurementSchema = z.object({
  sequence: z.int().describe('0-based, per metric; a measurement is recorded once.'),
  outcome: z.enum(OUTCOMES),
  value: z.string().optional().describe('As text, so that NaN and +Inf stay what they are.'),
  withoutData: z
    .boolean()
    .optional()
    .describe('True where nothing was measured: the outcome is then what `noData` says of it.'),
  samples: z.int().optional().describe('How many series the query returned.'),
  query: z.string().optional().describe('The query as it was sent; of several, each with its name.'),
  evaluatedAt: timestampSchema.optional().describe('The evaluation time of the query.'),
  startedAt: timestampSchema.optional(),
  finishedAt: timestampSchema,
  reason: z.string().optional().describe('One word: why the outcome is what it is.'),
  message: z.string().optional(),
});

const countSchema = z.object({ events: z.number(), total: z.number() });
const evidenceSchema = z.array(z.number());

/** What a sequential test has learnt from all intervals up to now. */
const sequentialProgressSchema = z.object({
  until: timestampSchema.describe('Where the next interval begins.'),
  tests: z.array(
    z.object({
      le: z.string().optional().describe('The bucket boundary, of a histogram.'),
      worse: evidenceSchema.describe('Logarithms of the evidence that the canary is worse.'),
      safe: evidenceSchema.describe('And that it is safe by ratio.'),
      rare: evidenceSchema.describe('And by rate.'),
      canary: countSchema,
      stable: countSchema,
    }),
  ),
});

const metricResultSchema = z.object({
  name: z.string(),
  phase: z.enum(ANALYSIS_PHASES),
  dryRun: z.boolean().optional().describe('It decides nothing.'),
  message: z.string().optional(),
  count: z.int().describe('Successful + failed + inconclusive.'),
  successful: z.int(),
  failed: z.int(),
  inconclusive: z.int(),
  error: z.int(),
  consecutiveSuccess: z.int(),
  consecutiveFailure: z.int(),
  consecutiveError: z.int(),
  nextSequence: z.int().describe('The sequence number of the next measurement.'),
  withData: z.int().describe('How many measurements had a value.'),
  state: sequentialProgressSchema.optional().describe('Of a sequential test.'),
  measurements: z
    .array(measurementSchema)
    .describe('The newest 20. Of those that succeeded only the last tells how: the others their values.'),
});

/** What the metrics of the score came to together. */
const scoreResultSchema = z.object({
  value: z.number().describe('0 to 100, with two decimals.'),
  phase: z.enum(['Successful', 'Inconclusive', 'Failed']),
  message: z.string().describe('The score, its thresholds, and what pulled it down.'),
  groups: z.array(
    z.object({
      name: z.string(),
      score: z.number().optional().describe('0 to 100; unset for a group without data.'),
      weight: z.number(),
    }),
  ),
});

const schema = z.object({
  spec: z.object({
    metrics: z.array(metricSchema).min(1).max(50),
    score: scoreSchema
      .optional()
      .describe('Judges the mannWhitney metrics that have a group together, as Kayenta does.'),
    args: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
    maxDuration: durationSchema
      .optional()
      .describe('After this the run ends as Inconclusive. 1h when unset.'),
    ttlStrategy: ttlStrategySchema
      .optional()
      .describe('When the run is deleted after its end; never when unset. The shortest that applies counts.'),
    target: runTargetSchema.optional(),
    key: runKeySchema.optional().describe('Set by the controller on the runs of a Rollout.'),
    terminate: z.boolean().optional().describe('Ends the run as Cancelled.'),
  }),
  status: z
    .object({
      phase: z.enum(ANALYSIS_PHASES),
      message: z.string().optional(),
      startedAt: timestampSchema.optional(),
      completedAt: timestampSchema.optional(),
      metricResults: z.array(metricResultSchema),
      pods: z
        .object({ canary: z.array(z.string()).optional(), stable: z.array(z.string()).optional() })
        .optional()
        .describe(
          'The names of all pods seen so far, of versions for which the spec has no pattern of names.',
        ),
      score: scoreResultSchema.optional().describe('Once the metrics of `spec.score` have ended.'),
    })
    .optional(),
});

export const analysisRunKind = {
  resource: resources.analysisRun,
  description: 'One judging of one step of one release, or an analysis made by hand.',
  singular: 'analysisrun',
  shortNames: ['asr'],
  categories: ['assay'],
  schema,
  statusSubresource: true,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.key.mode' },
    { name: 'Step', type: 'integer', jsonPath: '.spec.key.step' },
    { name: 'Message', type: 'string', jsonPath: '.status.message' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies KindDefinition;

export type AnalysisRun = CustomObject<typeof schema>;
export type AnalysisRunSpec = AnalysisRun['spec'];
export type AnalysisRunStatus = NonNullable<AnalysisRun['status']>;
export type RunKey = z.output<typeof runKeySchema>;
export type RunTarget = z.output<typeof runTargetSchema>;
export type Measurement = z.output<typeof measurementSchema>;
export type ScoreResult = z.output<typeof scoreResultSchema>;
export type MetricResult = z.output<typeof metricResultSchema>;
export type SequentialProgress = z.output<typeof sequentialProgressSchema>;
export type Outcome = (typeof OUTCOMES)[number];
export type AnalysisMode = (typeof ANALYSIS_MODES)[number];
export type AnalysisPhase = (typeof ANALYSIS_PHASES)[number];
