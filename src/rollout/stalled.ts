import { parseTime } from '../api/timestamp.ts';
import { isUnderWay } from './context.ts';
import type { Notice, Outcome } from './decision.ts';
import { stepsOf } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** What is mended within this time, as an object that is deleted and made again, wakes nobody. */
const TOLD_AFTER_MS = 60_000;

/**
 * The outcome of a guarded release that stalls, told once it has lasted a minute to those who hear of steps that wait:
 * nobody looks at conditions by night. Any other outcome as it is.
 */
export function toldStall(snapshot: Snapshot, outcome: Outcome, now: number): Outcome {
  const { release, decisions } = outcome.record ?? snapshot.record;
  if (!outcome.stall || outcome.notice || !release?.guard || !isUnderWay(release)) return outcome;
  const last = decisions?.at(-1);
  const isSame = last?.decision === outcome.decision && last.reason === outcome.reason;
  const tellAt = ((isSame ? parseTime(last.at) : undefined) ?? now) + TOLD_AFTER_MS;
  if (now < tellAt) return { ...outcome, wakeAt: Math.min(outcome.wakeAt ?? tellAt, tellAt) };
  return { ...outcome, notice: noticeOf(snapshot, outcome) };
}

function noticeOf({ rollout, record }: Snapshot, { reason, message }: Outcome): Notice {
  const { step } = record.release ?? {};
  const at = step ? `, step ${step.index}/${stepsOf(rollout).length},` : '';
  return {
    event: 'Waiting',
    reason,
    summary: `The release of ${rollout.spec.workloadRef.name}${at} cannot go on: ${message}`,
    evidence: [],
    action: 'Nothing moves: pods and traffic stay as they are.',
    next: 'Mend what is said to be wrong; the release goes on by itself then.',
  };
}
