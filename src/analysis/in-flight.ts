import type { QueryFault } from './answers-fault.ts';
import type { MeasureJob, MeasureResult } from './measure-job.ts';
import { fractionOf } from './schedule.ts';

/**
 * What the controller remembers, in memory only, of a query that it asked for. Losing it costs a repeated
 * query: what is due is always computed from the run.
 */
export interface InFlight {
  metric: string;
  sequence: number;
  /** 1-based number of the try. */
  attempt: number;
  job: MeasureJob;
  /** When the job was last offered to the queue, or the fault came after which it waits. Epoch milliseconds. */
  addedAt: number;
  result?: MeasureResult;
  /** Set while a retry waits for its time. */
  notBefore?: number;
  /** What the try before came to. */
  lastFault?: QueryFault;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** The id of a job: the same question has the same id, whoever asks it. BullMQ allows no colons in it. */
export function jobId(runUid: string, metric: string, sequence: number, attempt: number): string {
  return `${runUid}__${metric}__${sequence}__${attempt}`;
}

/**
 * What is in flight for a run once `result` has arrived at `now`. A result that nobody waits for, after a
 * restart say, is taken in as well; `decideRun` chooses, and checks that it answers what the run asks.
 */
export function deliver(inFlight: readonly InFlight[], result: MeasureResult, now: number): InFlight[] {
  const { job } = result;
  const waiting = inFlight.find((entry) => entry.job.id === job.id && !entry.result);
  if (waiting) return inFlight.map((entry) => (entry === waiting ? { ...waiting, result } : entry));
  const { metric, sequence, attempt } = job;
  return [...inFlight, { metric, sequence, attempt, job, addedAt: now, result }];
}

/** The next try after a fault that may pass, from when it is to be made; undefined when the slot ends before. */
export function retry(
  entry: InFlight,
  fault: QueryFault,
  slotEndsAt: number,
  now: number,
): (InFlight & { notBefore: number }) | undefined {
  const { job } = entry;
  const notBefore = now + backoffMs(job.id, entry.attempt);
  if (notBefore >= slotEndsAt) return undefined;
  const attempt = entry.attempt + 1;
  return {
    metric: entry.metric,
    sequence: entry.sequence,
    attempt,
    job: { ...job, attempt, id: jobId(job.run.uid, job.metric, job.sequence, attempt) },
    addedAt: now,
    notBefore,
    lastFault: fault,
  };
}

/** 1 s, 2 s, 4 s, … up to a minute, each up to a fifth shorter or longer so that tries do not come in step. */
function backoffMs(id: string, attempt: number): number {
  const base = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
  return Math.round(base * (0.8 + 0.4 * fractionOf(id)));
}
