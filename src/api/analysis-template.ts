import { z } from 'zod';
import {
  type CustomObject,
  durationSchema,
  intOrStringSchema,
  type KindDefinition,
  nameSchema,
} from './kind.ts';
import { resources } from './resource.ts';

export const NO_DATA_POLICIES = ['Inconclusive', 'Wait', 'Pass', 'Fail'] as const;

export const metricSchema = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .max(63)
    .describe('Unique within the template.'),
  description: z.string().optional(),
  source: nameSchema.optional().describe('Name of a ClusterMetricSource; `default` when unset.'),
  query: z
    .string()
    .min(1)
    .describe('An instant PromQL query. Its only sample is `value`; all samples are `values`.'),
  interval: durationSchema
    .optional()
    .describe('Time from one measurement to the next; one measurement when unset.'),
  initialDelay: durationSchema
    .optional()
    .describe('How long after the start of the run the first measurement is taken.'),
  count: intOrStringSchema
    .optional()
    .describe(
      'How many measurements complete the metric. 1 without an interval; with one, required for Step analyses.',
    ),
  successCondition: z
    .string()
    .min(1)
    .optional()
    .describe('A mathjs expression that is true for a good value.'),
  failureCondition: z
    .string()
    .min(1)
    .optional()
    .describe('A mathjs expression that is true for a bad value; it wins.'),
  failureLimit: intOrStringSchema
    .optional()
    .describe('How many Failed measurements are tolerated in all. 0 when unset; -1 turns the limit off.'),
  consecutiveFailureLimit: intOrStringSchema
    .optional()
    .describe('How many Failed measurements in a row are tolerated. Off when unset.'),
  inconclusiveLimit: intOrStringSchema
    .optional()
    .describe('How many Inconclusive measurements are tolerated. 0 when unset.'),
  consecutiveErrorLimit: intOrStringSchema
    .optional()
    .describe('How many intervals in a row may end in an Error. 4 when unset.'),
  consecutiveSuccessLimit: intOrStringSchema
    .optional()
    .describe(
      'Completes the metric as Successful after so many Successful measurements in a row. Off when unset.',
    ),
  noData: z
    .enum(NO_DATA_POLICIES)
    .optional()
    .describe('What an empty result or NaN is: Inconclusive (the default), Wait, Pass or Fail.'),
  minWindow: durationSchema
    .optional()
    .describe('A query with {{window}} waits until the window is at least this long. 15s when unset.'),
  maxWindow: durationSchema.optional().describe('The longest that {{window}} becomes. 10m when unset.'),
});

export const ARGUMENT_TYPES = ['string', 'number', 'duration', 'identifier'] as const;

export const argumentSchema = z.object({
  name: z.string().regex(/^[a-zA-Z][-a-zA-Z0-9_]*$/),
  description: z.string().optional(),
  type: z
    .enum(ARGUMENT_TYPES)
    .optional()
    .describe('string (the default) may stand only inside a PromQL string literal; the others are checked.'),
  value: z.string().optional().describe('The default. Without one the argument must be given.'),
});

const schema = z.object({
  spec: z.object({
    args: z.array(argumentSchema).max(50).optional(),
    metrics: z.array(metricSchema).min(1).max(50),
  }),
});

const shared = {
  schema,
  statusSubresource: false,
  categories: ['assay'],
  columns: [
    { name: 'Metrics', type: 'string', jsonPath: '.spec.metrics[*].name' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const;

export const analysisTemplateKind = {
  ...shared,
  resource: resources.analysisTemplate,
  description: 'What to measure on a canary and what a good value is.',
  singular: 'analysistemplate',
  shortNames: ['ast'],
} as const satisfies KindDefinition;

export const clusterAnalysisTemplateKind = {
  ...shared,
  resource: resources.clusterAnalysisTemplate,
  description: 'An AnalysisTemplate that every namespace can use.',
  singular: 'clusteranalysistemplate',
  shortNames: ['cast'],
} as const satisfies KindDefinition;

export type Metric = z.output<typeof metricSchema>;
export type Argument = z.output<typeof argumentSchema>;
export type NoDataPolicy = (typeof NO_DATA_POLICIES)[number];
export type AnalysisTemplate = CustomObject<typeof schema>;
