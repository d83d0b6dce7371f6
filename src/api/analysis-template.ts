import { z } from 'zod';
import { argumentSchema } from './argument.ts';
import { mannWhitneySchema, scoreSchema, sequentialSchema } from './judge-schemas.ts';
import {
  type CustomObject,
  durationSchema,
  intOrStringSchema,
  type KindDefinition,
  nameSchema,
} from './kind.ts';
import { resources } from './resource.ts';

export const NO_DATA_POLICIES = ['Inconclusive', 'Wait', 'Pass', 'Fail'] as const;

const namedQuerySchema = z.object({
  query: z.string().min(1),
  whenEmpty: z
    .number()
    .optional()
    .describe(
      'The number that an empty result stands for, as 0 for errors that never occurred. NaN stays no data.',
    ),
});

const rangeSchema = z.object({
  window: z
    .string()
    .min(1)
    .describe('How far back: a duration such as 5m, {{window}}, or an argument of type duration.'),
  step: z
    .string()
    .min(1)
    .describe('The distance of the samples: a duration such as 15s, or an argument of type duration.'),
});

const minimumSchema = z.object({
  query: z.string().min(1).describe('An instant query with one sample: how many requests there were, say.'),
  value: intOrStringSchema.describe('A number, in quotes unless it is whole, or {{args.x}}.'),
});

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
    .optional()
    .describe('An instant PromQL query. Its only sample is `value`; all samples are `values`.'),
  queries: z
    .record(z.string(), namedQuerySchema)
    .optional()
    .describe('Several queries in place of one, asked for the same instant. Each name is a variable.'),
  range: rangeSchema
    .optional()
    .describe(
      'Makes the queries range queries. Each variable is then the list of the samples of one series.',
    ),
  minimum: minimumSchema
    .optional()
    .describe('How much must have been observed. With less, the measurement is no data.'),
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
  sequential: sequentialSchema
    .optional()
    .describe(
      'In place of conditions: compares event rates of canary and stable, and may decide at every look.',
    ),
  mannWhitney: mannWhitneySchema
    .optional()
    .describe('In place of conditions: compares ranges of samples of canary and stable, as Kayenta does.'),
  dryRun: z
    .boolean()
    .optional()
    .describe('Measured and shown, and never decisive: it neither fails a run nor keeps one running.'),
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

const templateRefSchema = z.object({
  kind: z
    .enum(['AnalysisTemplate', 'ClusterAnalysisTemplate'])
    .optional()
    .describe('The kind of the template that names it when unset.'),
  name: nameSchema,
});

const specSchema = z
  .object({
    args: z.array(argumentSchema).max(50).optional(),
    metrics: z.array(metricSchema).max(50).default([]),
    score: scoreSchema
      .optional()
      .describe('Judges the mannWhitney metrics that have a group together, as Kayenta does.'),
    templates: z
      .array(templateRefSchema)
      .max(50)
      .optional()
      .describe(
        'Templates whose metrics and arguments are added to those here; one reached twice counts once.',
      ),
  })
  .refine(({ metrics, templates = [] }) => metrics.length + templates.length > 0, {
    path: ['metrics'],
    message: 'a template needs a metric, or a template with one',
  });

const schema = z.object({ spec: specSchema });

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
export type TemplateRef = z.output<typeof templateRefSchema>;
export type NoDataPolicy = (typeof NO_DATA_POLICIES)[number];
export type AnalysisTemplate = CustomObject<typeof schema>;
