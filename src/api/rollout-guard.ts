import { z } from 'zod';
import { ANALYSIS_MODES } from './analysis-run.ts';
import { givenArgumentSchema } from './argument.ts';
import {
  type CustomObject,
  conditionSchema,
  durationSchema,
  type KindDefinition,
  nameSchema,
} from './kind.ts';
import { resources } from './resource.ts';

export const FAILURE_ACTIONS = ['Rollback', 'Abort', 'Pause'] as const;
export const SUCCESS_ACTIONS = ['Promote', 'Hold'] as const;
/** What can follow when an analysis came to no verdict. */
export const UNDECIDED_ACTIONS = ['Pause', 'Retry'] as const;

/** What an alert can be about. */
export const ALERT_EVENTS = ['Failed', 'RolledBack', 'Aborted', 'Waiting', 'Completed'] as const;

/** What is told to whoever hears of Waiting: a metric source that keeps several Rollouts waiting, and its end. */
export const SOURCE_EVENTS = ['SourceDown', 'SourceBack'] as const;

export const guardAnalysisSchema = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .max(63),
  template: z.object({
    kind: z.enum(['AnalysisTemplate', 'ClusterAnalysisTemplate']).default('AnalysisTemplate'),
    name: nameSchema,
  }),
  args: z.array(givenArgumentSchema).max(50).optional(),
  steps: z
    .array(z.int().min(1))
    .min(1)
    .optional()
    .describe('The steps that a Step analysis judges, 1-based; every step when unset.'),
  mode: z
    .enum(ANALYSIS_MODES)
    .optional()
    .describe(
      'Step (the default): judged once a step has its traffic. Background: watched from the first traffic of ' +
        'the canary until every pod is updated; `count` does not end it. PostPromotion: judges the pods that the ' +
        'last rolling update made.',
    ),
  onSuccess: z.enum(SUCCESS_ACTIONS).optional().describe('Of a Step analysis; as in the guard when unset.'),
});

export const GIT_OPS = ['Auto', 'Yes', 'No'] as const;

const schema = z.object({
  spec: z.object({
    rolloutRef: z.object({ name: nameSchema }).optional().describe('The Rollout that is guarded.'),
    selector: z
      .object({ matchLabels: z.record(z.string(), z.string()) })
      .optional()
      .describe('Guards every Rollout of the namespace with these labels.'),
    analyses: z.array(guardAnalysisSchema).min(1).max(50),
    onSuccess: z
      .enum(SUCCESS_ACTIONS)
      .optional()
      .describe('Promote (the default) goes on; Hold waits for a person.'),
    onFailure: z
      .enum(FAILURE_ACTIONS)
      .optional()
      .describe(
        'Rollback (the default) restores the stable template; Abort only takes the canary away; Pause holds.',
      ),
    rollback: z
      .object({
        gitOps: z
          .enum(GIT_OPS)
          .optional()
          .describe(
            'Whether a GitOps tool owns the workload, so that a restored template would be undone: Rollback acts as ' +
              'Abort then. Auto (the default) asks the marks of Argo CD and Flux.',
          ),
        urgent: z
          .boolean()
          .optional()
          .describe(
            'Takes every request from the canary at once, even where fewer stable pods must carry them.',
          ),
      })
      .optional(),
    onInconclusive: z
      .enum(UNDECIDED_ACTIONS)
      .optional()
      .describe(
        'Pause (the default) waits for a person; Retry judges anew as `retry` says, and then pauses.',
      ),
    onError: z
      .enum(UNDECIDED_ACTIONS)
      .optional()
      .describe('Retry (the default) judges anew for 5 minutes, and then pauses; Pause waits for a person.'),
    retry: z
      .object({
        attempts: z
          .int()
          .min(1)
          .max(100)
          .optional()
          .describe('How often an inconclusive analysis is judged anew. 3 when unset.'),
        delay: durationSchema.optional().describe('Time before it is judged anew. 30s when unset.'),
      })
      .optional(),
    holdTimeout: durationSchema
      .optional()
      .describe('How long a Hold or a Pause waits for a person. 30m when unset.'),
    onTimeout: z
      .enum(FAILURE_ACTIONS)
      .optional()
      .describe('What follows when nobody came. Abort when unset.'),
    maxDuration: durationSchema.optional().describe('The longest that one analysis may take. 1h when unset.'),
    progressDeadlineSeconds: z
      .int()
      .min(1)
      .optional()
      .describe('How long the pods of a step may take to become ready. 600 when unset.'),
    runHistoryLimit: z
      .int()
      .min(0)
      .max(1_000)
      .optional()
      .describe('How many finished AnalysisRuns of a Rollout are kept. 10 when unset.'),
    alerts: z
      .array(z.object({ receiver: nameSchema, events: z.array(z.enum(ALERT_EVENTS)).min(1).optional() }))
      .max(20)
      .optional()
      .describe('Who is told about what; Failed, RolledBack, Aborted and Waiting when `events` is unset.'),
    suspend: z
      .boolean()
      .optional()
      .describe('A guarded release under way is held; later ones are not guarded.'),
  }),
  status: z
    .object({
      observedGeneration: z.int().optional(),
      conditions: z.array(conditionSchema).optional(),
    })
    .optional(),
});

export const rolloutGuardKind = {
  resource: resources.rolloutGuard,
  description: 'Which analyses guard which Rollout, and what follows from their verdicts.',
  singular: 'rolloutguard',
  shortNames: ['rg'],
  categories: ['assay'],
  schema,
  statusSubresource: true,
  columns: [
    { name: 'Rollout', type: 'string', jsonPath: '.spec.rolloutRef.name' },
    { name: 'Analyses', type: 'string', jsonPath: '.spec.analyses[*].name' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    {
      name: 'Guarded',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Guarded")].status',
      description: 'Beside Kruise Rollouts: whether every step that is to be judged waits for its verdict.',
      priority: 1,
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  rules: [
    {
      rule: 'has(self.spec.rolloutRef) != has(self.spec.selector)',
      message: 'give exactly one of spec.rolloutRef and spec.selector',
    },
  ],
} as const satisfies KindDefinition;

export type RolloutGuard = CustomObject<typeof schema>;
export type GuardAnalysis = z.output<typeof guardAnalysisSchema>;
export type FailureAction = (typeof FAILURE_ACTIONS)[number];
export type UndecidedAction = (typeof UNDECIDED_ACTIONS)[number];
export type SuccessAction = (typeof SUCCESS_ACTIONS)[number];
export type AlertEvent = (typeof ALERT_EVENTS)[number];
