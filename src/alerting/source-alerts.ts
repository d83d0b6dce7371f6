import { shortHash } from '../api/canonical.ts';
import { formatDuration } from '../api/duration.ts';
import type { Outage } from '../api/metric-source.ts';
import type { SOURCE_EVENTS } from '../api/rollout-guard.ts';
import type { Alert } from '../api/rollout-record.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';

/** A Rollout that an outage holds, and who is to hear of it. */
export interface HeldRollout {
  namespace: string;
  rollout: string;
  workload: string;
  release: number;
  /** Receivers of its guard, in its namespace. */
  receivers: readonly string[];
}

type SourceEvent = (typeof SOURCE_EVENTS)[number];

/**
 * The alerts of an outage: each receiver of each Rollout that it holds is told once that the source is down, and
 * once that it is back. `before` are those that are there; of an earlier outage only what nobody has taken yet stays.
 */
export function sourceAlerts(
  source: { name: string; uid: string | undefined },
  outage: Outage | undefined,
  held: readonly HeldRollout[],
  before: readonly Alert[],
  now: number,
): Alert[] {
  if (!outage) return before.filter(isPending);
  const idOf = (event: SourceEvent, { namespace, receiver }: Pick<Alert, 'namespace' | 'receiver'>) =>
    shortHash([source.uid, outage.since, event, namespace, receiver]);
  const isOfThis = (alert: Alert) =>
    alert.id === idOf('SourceDown', alert) || alert.id === idOf('SourceBack', alert);
  const kept = before.filter((alert) => isOfThis(alert) || isPending(alert));
  const isNew = ({ id }: Alert) => !kept.some((alert) => alert.id === id);
  const at = formatTime(now);
  if (outage.endedAt === undefined) {
    const told = new Map<string, Alert>();
    for (const { receivers, ...of } of held) {
      for (const receiver of receivers) {
        const id = idOf('SourceDown', { namespace: of.namespace, receiver });
        if (!told.has(id)) told.set(id, down(source.name, outage, { ...of, id, receiver, at }));
      }
    }
    return [...kept, ...[...told.values()].filter(isNew)];
  }
  const lasted = formatDuration((parseTime(outage.endedAt) ?? now) - (parseTime(outage.since) ?? now));
  const back = kept
    .filter((alert) => alert.id === idOf('SourceDown', alert))
    .map(
      ({ deliveredAt: _delivered, failedAt: _failed, ...alert }): Alert => ({
        ...alert,
        id: idOf('SourceBack', alert),
        event: 'SourceBack',
        at,
        reason: 'SourceBack',
        summary: `Metric source ${source.name} answers again, after ${lasted}.`,
        action: 'The analyses that waited for it measure again, and go on by themselves.',
        next: 'Nothing is to be done.',
      }),
    );
  return [...kept, ...back.filter(isNew)];
}

function isPending({ deliveredAt, failedAt }: Alert): boolean {
  return deliveredAt === undefined && failedAt === undefined;
}

/** Names of Rollouts stay in their namespace. */
function down(
  source: string,
  { reason, message, rollouts }: Outage,
  of: Pick<Alert, 'id' | 'receiver' | 'at' | 'namespace' | 'rollout' | 'workload' | 'release'>,
): Alert {
  const here = rollouts.filter((key) => key.startsWith(`${of.namespace}/`));
  const elsewhere = rollouts.length - here.length;
  const named = [here.join(', '), ...(elsewhere > 0 ? [`${elsewhere} in other namespaces`] : [])];
  return {
    ...of,
    event: 'SourceDown',
    source,
    reason,
    summary: `Metric source ${source} is down for ${rollouts.length} Rollouts (${named.join(', ')}): ${message}`,
    evidence: [],
    action:
      'Held: none of them goes on without measurements, and each goes on by itself when the source answers.',
    next: 'Look at the source. There is one such alert for all Rollouts, and one when it is back.',
  };
}
