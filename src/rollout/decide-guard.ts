import type { Condition } from '../api/kubernetes.ts';
import type { RolloutGuard } from '../api/rollout-guard.ts';
import { formatTime } from '../api/timestamp.ts';
import { effectiveGuard } from './guard.ts';
import type { Wanted } from './kstatus.ts';
import type { GuardFacts } from './snapshot.ts';

export interface GuardDecision {
  status: NonNullable<RolloutGuard['status']>;
  /** Told when the guard turned ready or faulty. */
  note: { type: 'Normal' | 'Warning'; reason: string; message: string } | undefined;
}

/**
 * Whether a guard can do its work, as a Ready condition; `missingSource` is a metric source that nobody made.
 * `reach` is what else is to be said of it, where another controller moves the pods.
 */
export function decideGuard(
  facts: GuardFacts,
  missingSource: string | undefined,
  now: number,
  reach?: Wanted,
): GuardDecision {
  const { guard } = facts;
  const wanted = readiness(facts, missingSource);
  const present = guard.status?.conditions ?? [];
  const condition = dated(present, wanted, now);
  const unchanged = present.includes(condition);
  return {
    status: {
      ...(guard.metadata.generation === undefined ? {} : { observedGeneration: guard.metadata.generation }),
      conditions: [condition, ...(reach ? [dated(present, reach, now)] : [])],
    },
    note: unchanged
      ? undefined
      : {
          type: wanted.status === 'True' ? 'Normal' : 'Warning',
          reason: wanted.reason,
          message: wanted.message,
        },
  };
}

/** The very condition that is there, while nothing of it changes. */
function dated(present: readonly Condition[], wanted: Wanted, now: number): Condition {
  const before = present.find((condition) => condition.type === wanted.type);
  const isSame =
    before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message;
  if (before && isSame) return before;
  const at = formatTime(now);
  return {
    ...wanted,
    lastTransitionTime: before?.status === wanted.status ? (before.lastTransitionTime ?? at) : at,
  };
}

function readiness(
  facts: GuardFacts,
  missingSource: string | undefined,
): { type: 'Ready'; status: 'True' | 'False'; reason: string; message: string } {
  const faulty = (reason: string, message: string) =>
    ({ type: 'Ready', status: 'False', reason, message }) as const;
  if (facts.guard.spec.suspend) return faulty('Suspended', 'spec.suspend is true: this guard guards nothing');
  const effective = effectiveGuard([facts], undefined);
  if (effective.kind === 'faulty') return faulty('GuardNotReady', effective.message);
  if (missingSource) {
    return faulty(
      'UnknownSource',
      `ClusterMetricSource ${missingSource} does not exist; create it, or name another in the template`,
    );
  }
  return {
    type: 'Ready',
    status: 'True',
    reason: 'Ready',
    message: 'every template, argument and metric source was found',
  };
}
