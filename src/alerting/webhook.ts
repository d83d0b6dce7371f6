import type { Alert } from '../api/rollout-record.ts';

/** An alert as JSON for any endpoint. A field is never taken away or changed in meaning within a version. */
export interface WebhookMessage {
  version: '1';
  /** The same in every delivery of this alert: an endpoint may get one twice and can tell by this. */
  id: string;
  event: Alert['event'];
  /** When it happened, RFC 3339. */
  at: string;
  namespace: string;
  /** Where a metric source is told of, one of the Rollouts that it holds. */
  rollout: string;
  workload: string;
  /** Counts the releases of this Rollout. */
  release: number;
  /** Where the release was: the step, 1-based, of how many, and its share of the traffic in percent. */
  step: { index: number; of: number; weight: number | null } | null;
  /** The metric source of SourceDown and SourceBack. */
  source: string | null;
  /** One word, the same as in the Rollout's status and Events. */
  reason: string;
  /** What happened, in one sentence. */
  summary: string;
  /** The metrics that decided: the value as text, since NaN and +Inf are no JSON numbers. */
  metrics: {
    analysis: string;
    metric: string;
    value: string | null;
    condition: string | null;
    message: string;
  }[];
  /** What Assay did. */
  action: string;
  /** What a person can do next. */
  next: string;
}

export function webhookMessage(alert: Alert): WebhookMessage {
  const { id, event, at, namespace, rollout, workload, release, reason, summary, action, next } = alert;
  const { step, steps, weight } = alert;
  return {
    version: '1',
    id,
    event,
    at,
    namespace,
    rollout,
    workload,
    release,
    step: step === undefined ? null : { index: step, of: steps ?? step, weight: weight ?? null },
    source: alert.source ?? null,
    reason,
    summary,
    metrics: alert.evidence.map((evidence) => ({
      analysis: evidence.analysis,
      metric: evidence.metric,
      value: evidence.value ?? null,
      condition: evidence.condition ?? null,
      message: evidence.message,
    })),
    action,
    next,
  };
}
