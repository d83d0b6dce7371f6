import { z } from 'zod';
import { type CustomObject, type KindDefinition, nameSchema } from './kind.ts';
import { resources } from './resource.ts';

const urlFromSecretSchema = z
  .object({ secretKeyRef: z.object({ name: nameSchema, key: z.string().min(1) }) })
  .describe('The URL, from a Secret of the same namespace.');

const schema = z.object({
  spec: z.object({
    slack: z
      .object({ url: urlFromSecretSchema, channel: z.string().optional() })
      .optional()
      .describe('A Slack incoming webhook.'),
    webhook: z
      .object({
        url: urlFromSecretSchema,
        headers: z.record(z.string(), z.string()).optional(),
      })
      .optional()
      .describe('Any HTTP endpoint: the alert is POSTed as JSON.'),
  }),
});

export const alertReceiverKind = {
  resource: resources.alertReceiver,
  description: 'Where alerts about canaries are sent.',
  singular: 'alertreceiver',
  shortNames: [],
  categories: ['assay'],
  schema,
  statusSubresource: false,
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  rules: [
    {
      rule: 'has(self.spec.slack) != has(self.spec.webhook)',
      message: 'give exactly one of spec.slack and spec.webhook',
    },
  ],
} as const satisfies KindDefinition;

export type AlertReceiver = CustomObject<typeof schema>;
