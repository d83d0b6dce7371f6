import { z } from 'zod';
import { type CustomObject, durationSchema, type KindDefinition, nameSchema } from './kind.ts';
import { resources } from './resource.ts';

/** The source that a metric means when it names none. */
export const DEFAULT_SOURCE = 'default';

const secretKeySchema = z
  .object({ name: nameSchema, key: z.string().min(1) })
  .describe('A key of a Secret in the namespace of the controller.');

const schema = z.object({
  spec: z.object({
    prometheus: z.object({
      address: z.url({ protocol: /^https?$/ }).describe('Base URL of a Prometheus-compatible server.'),
      headers: z
        .record(z.string(), z.string())
        .optional()
        .describe('Sent with every query, such as X-Scope-OrgID.'),
      auth: z
        .object({
          basic: z.object({ username: z.string(), password: secretKeySchema }).optional(),
          bearer: z.object({ token: secretKeySchema }).optional(),
        })
        .optional(),
      timeout: durationSchema.optional().describe('The longest that one query may take. 10s when unset.'),
      maxConcurrentQueries: z.int().min(1).optional().describe('Across all replicas. 20 when unset.'),
      maxQueriesPerSecond: z.int().min(1).optional().describe('Across all replicas. No limit when unset.'),
      evaluationDelay: durationSchema
        .optional()
        .describe(
          'How far behind the present queries are evaluated, for servers that ingest late. 0s when unset.',
        ),
    }),
    allowedNamespaces: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Who may use it; every namespace when unset.'),
  }),
});

export const clusterMetricSourceKind = {
  resource: resources.clusterMetricSource,
  description: 'A Prometheus-compatible server that analyses may query.',
  singular: 'clustermetricsource',
  shortNames: ['cms'],
  categories: ['assay'],
  schema,
  statusSubresource: false,
  columns: [
    { name: 'Address', type: 'string', jsonPath: '.spec.prometheus.address' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
} as const satisfies KindDefinition;

export type ClusterMetricSource = CustomObject<typeof schema>;
export type SecretKey = z.output<typeof secretKeySchema>;
