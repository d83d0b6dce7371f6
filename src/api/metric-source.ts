import { z } from 'zod';
import {
  type CustomObject,
  durationSchema,
  type KindDefinition,
  nameSchema,
  timestampSchema,
} from './kind.ts';
import { resources } from './resource.ts';
import { alertSchema } from './rollout-record.ts';

/** The source that a metric means when it names none. */
export const DEFAULT_SOURCE = 'default';

const secretKeySchema = z
  .object({ name: nameSchema, key: z.string().min(1) })
  .describe('A key of a Secret in the namespace of the controller.');

const authSchema = z
  .object({
    basic: z
      .object({
        username: z.string().regex(/^[^:\p{Cc}]*$/u, 'must hold neither a colon nor control characters'),
        password: secretKeySchema,
      })
      .optional(),
    bearer: z.object({ token: secretKeySchema }).optional(),
    oauth2: z
      .object({
        tokenUrl: z.url({ protocol: /^https?$/ }).describe('Where tokens are asked for.'),
        clientId: z.string().min(1),
        clientSecret: secretKeySchema,
        scopes: z.array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/)).optional(),
        params: z
          .record(z.string(), z.string())
          .optional()
          .describe('Sent to the token endpoint as they are, such as audience.'),
      })
      .optional()
      .describe('Tokens by the client credentials grant.'),
  })
  .describe('Exactly one of basic, bearer and oauth2.');

const tlsSchema = z
  .object({
    caBundle: z
      .string()
      .min(1)
      .optional()
      .describe('Certificates in PEM, or its base64, that are trusted in place of the public authorities.'),
    serverName: z
      .string()
      .min(1)
      .optional()
      .describe('The name that the certificate must be for, when the address has another.'),
    insecureSkipVerify: z
      .boolean()
      .optional()
      .describe('Trusts any certificate, and so anyone between the controller and the server.'),
  })
  .describe('How the certificate of an https address is checked.');

const outageSchema = z
  .object({
    since: timestampSchema,
    endedAt: timestampSchema.optional().describe('When it answered again; unset while it is down.'),
    reason: z.string(),
    message: z.string(),
    rollouts: z.array(z.string()).describe('Whose analyses it kept from measuring, as namespace/name.'),
  })
  .describe('The newest time that it answered none of several Rollouts.');

const schema = z.object({
  spec: z.object({
    prometheus: z.object({
      address: z.url({ protocol: /^https?$/ }).describe('Base URL of a Prometheus-compatible server.'),
      headers: z
        .record(z.string(), z.string())
        .optional()
        .describe('Sent with every query, such as X-Scope-OrgID.'),
      auth: authSchema.optional(),
      tls: tlsSchema.optional(),
      timeout: durationSchema.optional().describe('The longest that one query may take. 10s when unset.'),
      maxConcurrentQueries: z
        .int()
        .min(1)
        .optional()
        .describe('Queries under way, across all replicas. 20 when unset.'),
      maxQueriesPerSecond: z
        .int()
        .min(1)
        .optional()
        .describe('Queries begun in a second, across all replicas. No limit when unset.'),
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
  status: z
    .object({
      outage: outageSchema.optional(),
      alerts: z.array(alertSchema).optional().describe('Those of that outage.'),
    })
    .optional()
    .describe('Written by the controller alone.'),
});

export const clusterMetricSourceKind = {
  resource: resources.clusterMetricSource,
  description: 'A Prometheus-compatible server that analyses may query.',
  singular: 'clustermetricsource',
  shortNames: ['cms'],
  categories: ['assay'],
  schema,
  statusSubresource: true,
  columns: [
    { name: 'Address', type: 'string', jsonPath: '.spec.prometheus.address' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  rules: [
    {
      rule: '!has(self.spec.prometheus.auth) || [has(self.spec.prometheus.auth.basic), has(self.spec.prometheus.auth.bearer), has(self.spec.prometheus.auth.oauth2)].exists_one(given, given)',
      message: 'give exactly one of basic, bearer and oauth2 in spec.prometheus.auth',
    },
  ],
} as const satisfies KindDefinition;

export type ClusterMetricSource = CustomObject<typeof schema>;
export type Outage = z.output<typeof outageSchema>;
export type SecretKey = z.output<typeof secretKeySchema>;
