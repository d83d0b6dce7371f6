import type { KubeObject } from '../api/kubernetes.ts';
import type { Alert } from '../api/rollout-record.ts';
import type { AlertJob, JobQueue } from '../queue/port.ts';

/** An alert that nobody answered for is offered to the queue again after this time; the queue knows its id. */
const ALERT_OFFER_MS = 10_000;

/** Puts alerts into the queue that an object keeps. */
export interface AlertOffers {
  /** Offers those that nobody answered for, each once in a while. Answers when to look again. */
  offer(
    holder: KubeObject,
    pending: readonly Alert[],
    kind: AlertJob['holder'],
    now: number,
  ): Promise<number | undefined>;
  /** Its fate is written: it is offered no more. */
  forget(job: AlertJob): void;
}

/** Between its delivery and the answer the queue has forgotten the id of an alert already, and would send it again. */
export function alertOffers(queue: JobQueue): AlertOffers {
  const offered = new Map<string, number>();
  return {
    offer: async ({ metadata }, pending, kind, now) => {
      for (const { id: alertId, receiver, namespace } of pending) {
        const id = `${metadata.uid}__${alertId}`;
        if (now < (offered.get(id) ?? 0) + ALERT_OFFER_MS) continue;
        offered.set(id, now);
        const job = { id, namespace, record: metadata.name, receiver, alertId };
        await queue.addAlert(kind === undefined ? job : { ...job, holder: kind });
      }
      return pending.length === 0 ? undefined : now + ALERT_OFFER_MS;
    },
    forget: ({ id }) => {
      offered.delete(id);
    },
  };
}
