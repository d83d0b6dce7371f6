import { shortHash } from '../api/canonical.ts';
import type { Rollout } from '../api/rollout.ts';
import type { AlertEvent } from '../api/rollout-guard.ts';
import type { Alert, Evidence, RecordStatus } from '../api/rollout-record.ts';
import { namedStrategy } from '../api/rollout-style.ts';
import { formatTime } from '../api/timestamp.ts';

/** What happened, as the decision that it came from says it. */
export interface AlertSubject {
  event: AlertEvent;
  reason: string;
  summary: string;
  evidence: Evidence[];
  action: string;
  next: string;
}

/** Alerts that a record keeps. */
const ALERTS_KEPT = 20;

/**
 * The record with one alert for each receiver of the pinned guard that wants to hear of this event. An alert's
 * id follows from release, step entry, event and receiver: the same thing is told once.
 */
export function withAlerts(
  record: RecordStatus,
  rollout: Rollout,
  subject: AlertSubject,
  now: number,
): RecordStatus {
  const { release, releaseId } = record;
  const step = release?.step;
  const steps = namedStrategy(rollout)?.strategy.steps;
  const present = record.alerts ?? [];
  const fresh = (release?.guard?.alerts ?? [])
    .filter(({ on }) => on.includes(subject.event))
    .map(({ receiver }): Alert => {
      const weight = step?.trafficSince && steps?.[step.index - 1]?.traffic;
      return {
        id: shortHash([
          rollout.metadata.uid,
          releaseId,
          step?.entry,
          subject.event,
          subject.reason,
          receiver,
        ]),
        event: subject.event,
        receiver,
        at: formatTime(now),
        rollout: rollout.metadata.name,
        namespace: rollout.metadata.namespace ?? 'default',
        workload: rollout.spec.workloadRef.name,
        release: releaseId,
        ...(step ? { step: step.index, steps: steps?.length ?? step.index } : {}),
        ...(weight ? { weight: Number(weight.replace('%', '')) } : {}),
        reason: subject.reason,
        summary: subject.summary,
        evidence: subject.evidence,
        action: subject.action,
        next: subject.next,
      };
    })
    .filter(({ id }) => !present.some((alert) => alert.id === id));
  return fresh.length === 0 ? record : { ...record, alerts: [...present, ...fresh].slice(-ALERTS_KEPT) };
}

/** The record with the fate of an alert noted. */
export function withAlertResult(
  record: RecordStatus,
  alertId: string,
  delivered: boolean,
  now: number,
): RecordStatus {
  return record.alerts
    ? { ...record, alerts: answeredAlerts(record.alerts, alertId, delivered, now) }
    : record;
}

/** The alerts with the fate of one noted. */
export function answeredAlerts(
  alerts: readonly Alert[],
  alertId: string,
  delivered: boolean,
  now: number,
): Alert[] {
  const at = formatTime(now);
  return alerts.map((alert) => {
    if (alert.id !== alertId || alert.deliveredAt || alert.failedAt) return alert;
    return delivered ? { ...alert, deliveredAt: at } : { ...alert, failedAt: at };
  });
}

/** Alerts that nobody has answered for yet. */
export function pendingAlerts({ alerts = [] }: Pick<RecordStatus, 'alerts'>): Alert[] {
  return alerts.filter((alert) => !alert.deliveredAt && !alert.failedAt);
}
