import { z } from 'zod';
import { intOrStringSchema, numberOrStringSchema } from './kind.ts';

/** One query a version. */
const armsSchema = z.object({ canary: z.string().min(1), stable: z.string().min(1) });

export const sequentialSchema = z.object({
  events: armsSchema
    .optional()
    .describe('Counters of what must not become more frequent, as selectors: `errors_total{pod=~"…"}`.'),
  good: armsSchema.optional().describe('Counters of what was not such an event, in place of `events`.'),
  total: armsSchema.optional().describe('Counters of all requests; needed beside `events` or `good`.'),
  histogram: armsSchema
    .optional()
    .describe('The `_bucket` counters of a classic histogram, in place of `events` and `total`.'),
  ratio: numberOrStringSchema
    .optional()
    .describe('How many times the stable rate a canary may have. 1.25 when unset.'),
  alpha: numberOrStringSchema
    .optional()
    .describe('The chance that a canary within the ratio ever fails. 0.01 when unset.'),
  beta: numberOrStringSchema
    .optional()
    .describe('The chance that a canary that is not safe ever passes. 0.05 when unset.'),
  safeRatio: numberOrStringSchema
    .optional()
    .describe('A canary is safe below so many times the stable rate. 1.5 when unset.'),
  safeRate: numberOrStringSchema
    .optional()
    .describe('A canary is safe below this rate as well: events a request.'),
  minRequests: intOrStringSchema
    .optional()
    .describe(
      'Nothing is decided before the canary had so many requests, or `minEvents` came. 100 when unset.',
    ),
  minEvents: intOrStringSchema
    .optional()
    .describe('Events of both versions that decide as well. 5 when unset.'),
});

export const mannWhitneySchema = z.object({
  canary: z.string().min(1).describe('A query that gives one series over the range of the metric.'),
  stable: z.string().min(1),
  direction: z
    .enum(['increase', 'decrease', 'either'])
    .optional()
    .describe('Which change is bad: increase, decrease or either (the default).'),
  tolerance: numberOrStringSchema
    .optional()
    .describe('A change counts if its interval is farther from 0 than this part of it. 0.25 when unset.'),
  confidence: numberOrStringSchema.optional().describe('Of that interval. 0.98 when unset.'),
  nanStrategy: z
    .enum(['remove', 'replace'])
    .optional()
    .describe('Samples that are NaN are left out (remove, the default) or are 0 (replace).'),
  outliers: z
    .object({ strategy: z.enum(['keep', 'remove']), factor: numberOrStringSchema.optional() })
    .optional()
    .describe(
      'Whether samples far outside of the quartiles are left out; how far is `factor`, 3 when unset.',
    ),
  effectSize: z
    .object({
      measure: z.enum(['meanRatio', 'cles']).optional(),
      allowedIncrease: numberOrStringSchema.optional(),
      allowedDecrease: numberOrStringSchema.optional(),
    })
    .optional()
    .describe(
      'How large a change must be: the ratio of the means, or how often a value of the canary is larger.',
    ),
  minimumPoints: intOrStringSchema.optional().describe('Fewer samples on a side are no data. 8 when unset.'),
  group: z
    .string()
    .min(1)
    .optional()
    .describe('The group of `spec.score` in which the metric counts; it then fails no run by itself.'),
  critical: z
    .boolean()
    .optional()
    .describe('Of a metric with a group: unless it passes, the score is 0, and the run fails at once.'),
});

/** Kayenta's score: what the metrics of groups come to together. */
export const scoreSchema = z.object({
  pass: z.number().describe('From this score on the run is Successful; above 0, at most 100.'),
  marginal: z.number().describe('From this score on it is Inconclusive, and below it Failed.'),
  groups: z
    .array(
      z.object({
        name: z.string().min(1),
        weight: z.number().describe('Its share of the score, in percent; together they are 100.'),
      }),
    )
    .min(1)
    .max(20),
});

export type Sequential = z.output<typeof sequentialSchema>;
export type Score = z.output<typeof scoreSchema>;
export type MannWhitney = z.output<typeof mannWhitneySchema>;
