import type { AlertReceiver } from '../api/alert-receiver.ts';
import type { Alert } from '../api/rollout-record.ts';
import { slackMessage } from './slack.ts';
import { webhookMessage } from './webhook.ts';

/** A request that is complete but for its URL, which only a Secret knows. */
export interface ReceiverRequest {
  /** Key of a Secret in the namespace of the receiver. */
  urlFrom: { name: string; key: string };
  headers: Record<string, string>;
  /** Sent as JSON. */
  body: object;
}

/** What to POST to a receiver for an alert; undefined when the receiver names no kind that Assay knows. */
export function receiverRequest(spec: AlertReceiver['spec'], alert: Alert): ReceiverRequest | undefined {
  const json = { 'content-type': 'application/json' };
  if (spec.slack) {
    const { url, channel } = spec.slack;
    return { urlFrom: url.secretKeyRef, headers: json, body: slackMessage(alert, channel) };
  }
  if (spec.webhook) {
    const { url, headers } = spec.webhook;
    const own = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-type');
    return {
      urlFrom: url.secretKeyRef,
      headers: { ...Object.fromEntries(own), ...json },
      body: webhookMessage(alert),
    };
  }
  return undefined;
}
