import { replaceActs } from '../api/act.ts';
import { RETRY_ANNOTATION } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import type { PinnedGuard, Tries } from '../api/rollout-record.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { wait } from './context.ts';
import type { Outcome } from './decision.ts';
import type { Judged } from './judging.ts';
import { isOfOutage } from './outage.ts';
import type { Snapshot, SourceOutage } from './snapshot.ts';

/** For how long a judging that ends in Errors is repeated: a source that is restarted is back by then. */
const ERROR_RETRY_MS = 300_000;

/** Whether something that came to no verdict is judged anew. Instants are epoch milliseconds. */
export type Again = { kind: 'again'; tries: Tries } | { kind: 'later'; at: number } | { kind: 'never' };

/**
 * What the guard says about a judging that ended as Error or Inconclusive. Inconclusive attempts are counted;
 * Errors are repeated for five minutes, which begin anew once a run has measured something. Where a source is down
 * for several Rollouts, Errors are nobody's in particular: they are repeated for as long as that lasts.
 */
export function tryAgain(
  { onInconclusive, onError, retry }: PinnedGuard,
  { attempt, inconclusive = 0, errorSince }: Tries,
  phase: 'Error' | 'Inconclusive',
  runs: readonly Judged[],
  now: number,
  outages: readonly SourceOutage[] = [],
): Again {
  const endedAt = Math.max(...runs.map(({ run }) => parseTime(run.status?.completedAt) ?? 0));
  const at = endedAt + retry.delayMs;
  if (phase === 'Inconclusive') {
    if (onInconclusive !== 'Retry' || inconclusive >= retry.attempts) return { kind: 'never' };
    if (now < at) return { kind: 'later', at };
    return { kind: 'again', tries: { attempt: attempt + 1, inconclusive: inconclusive + 1 } };
  }
  if (runs.some(({ run }) => isOfOutage(run, outages))) {
    if (now < at) return { kind: 'later', at };
    return { kind: 'again', tries: { attempt: attempt + 1, ...(inconclusive > 0 && { inconclusive }) } };
  }
  const hasMeasured = runs.some(({ run }) => run.status?.metricResults.some(({ withData }) => withData > 0));
  const since = hasMeasured ? endedAt : (parseTime(errorSince) ?? endedAt);
  if (onError !== 'Retry' || endedAt - since >= ERROR_RETRY_MS) return { kind: 'never' };
  if (now < at) return { kind: 'later', at };
  return {
    kind: 'again',
    tries: {
      attempt: attempt + 1,
      ...(inconclusive === 0 ? {} : { inconclusive }),
      errorSince: formatTime(since),
    },
  };
}

/** Whether a person asked to try this very release again. */
export function isRetryAsked({ rollout, record }: Pick<Snapshot, 'rollout' | 'record'>): boolean {
  return rollout.metadata.annotations?.[RETRY_ANNOTATION] === String(record.releaseId);
}

/**
 * A wish that was followed is taken from the Rollout: it would be followed again at the next hold. The record
 * remembers it first, so that a crash between the two neither loses nor repeats it.
 */
export function forgetRetry(snapshot: Snapshot): Outcome {
  const { rollout, record } = snapshot;
  const { retried, ...rest } = record;
  const { [RETRY_ANNOTATION]: wish, ...annotations } = rollout.metadata.annotations ?? {};
  const told = wait('Idle', 'the wish to try again is followed');
  if (wish !== String(retried)) return { ...told, record: rest };
  const without = { ...rollout, metadata: { ...rollout.metadata, annotations } };
  return {
    ...told,
    acts: replaceActs(resources.rollout, rollout, without, 'the wish to try again is followed'),
  };
}

/** How a person asks for it. */
export function howToRetry({ rollout, record }: Pick<Snapshot, 'rollout' | 'record'>): string {
  const { name, namespace = 'default' } = rollout.metadata;
  return `kubectl annotate rollouts.rollouts.kruise.io ${name} -n ${namespace} --overwrite ${RETRY_ANNOTATION}=${record.releaseId}`;
}
