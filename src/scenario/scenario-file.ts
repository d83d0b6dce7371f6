import { z } from 'zod';
import { ANALYSIS_PHASES, OUTCOMES } from '../api/analysis-run.ts';
import { durationSchema } from '../api/kind.ts';

/** A scalar as people write it in YAML; arguments of templates are text. */
const argumentValueSchema = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const revisionSchema = z.strictObject({
  hash: z.string().min(1).optional().describe('`{{canary.hash}}`; `canary` or `stable` when unset.'),
  pods: z
    .string()
    .optional()
    .describe(
      'What `{{canary.pods}}` stands for: an anchored regular expression. `<workload>-<hash>-[0-9]+` when unset; empty text means that there are none.',
    ),
});

const targetSchema = z.strictObject({
  namespace: z.string().min(1).optional().describe('`shop` when unset.'),
  rollout: z.string().min(1).optional().describe('The name of the workload when unset.'),
  workload: z.string().min(1).optional().describe('`web` when unset.'),
  step: z.int().min(1).optional().describe('1 when unset.'),
  weight: z.int().min(0).max(100).optional().describe('20 when unset.'),
  canary: revisionSchema.optional(),
  stable: revisionSchema.optional(),
  trafficFor: durationSchema
    .optional()
    .describe('For how long the canary has had its traffic when the run starts: `{{window}}` begins there.'),
});

const seriesSchema = z.strictObject({
  series: z.string().min(1).describe('As PromQL selects it: `http_requests_total{pod="web-canary-1"}`.'),
  values: z.string().describe('Its samples in the notation of promtool: `0+10x20 _ stale`.'),
});

const outageSchema = z.strictObject({
  from: durationSchema.describe('Time after the start of the run.'),
  to: durationSchema.describe('Time after the start of the run; from then on the source answers again.'),
});

const metricExpectationSchema = z.strictObject({
  phase: z.enum(ANALYSIS_PHASES).optional(),
  outcomes: z.array(z.enum(OUTCOMES)).optional().describe('Of all its measurements, oldest first.'),
  value: z
    .union([z.number(), z.string()])
    .nullable()
    .optional()
    .describe('Of the newest measurement; null for none. Numbers are compared to one part in a million.'),
  message: z.string().optional().describe('A part of what the metric says in the end.'),
});

const expectationSchema = z.strictObject({
  verdict: z.enum([...OUTCOMES, 'Cancelled']),
  at: durationSchema.optional().describe('When the verdict is reached, from the start of the run.'),
  message: z.string().optional().describe('A part of the message of the run.'),
  metrics: z.record(z.string(), metricExpectationSchema).optional(),
});

const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  template: z.string().min(1).describe('The metadata.name of one of the templates.'),
  args: z.record(z.string(), argumentValueSchema).optional(),
  target: targetSchema.optional(),
  interval: durationSchema.optional().describe('From one sample of a series to the next; 5s when unset.'),
  history: durationSchema
    .optional()
    .describe('How long before the run starts the first sample of each series is; 0s when unset.'),
  series: z.array(seriesSchema).optional(),
  outages: z.array(outageSchema).optional().describe('When the metric source does not answer.'),
  maxDuration: durationSchema.optional().describe('Of the run; 1h when unset.'),
  expect: expectationSchema,
});

/** A file that says how templates judge given series: what `assay test` runs. */
export const scenarioFileSchema = z.strictObject({
  templates: z
    .array(z.union([z.string().min(1), z.looseObject({ kind: z.string() })]))
    .min(1)
    .describe('Files, relative to this one, or whole templates.'),
  tests: z.array(scenarioSchema).min(1),
});

export type ScenarioFile = z.output<typeof scenarioFileSchema>;
export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioTarget = z.output<typeof targetSchema>;
export type Expectation = z.output<typeof expectationSchema>;
export type MetricExpectation = z.output<typeof metricExpectationSchema>;
