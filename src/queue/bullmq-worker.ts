import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, Worker, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import { type Lifeline, redisOptions, within } from './redis.ts';
import { verified } from './signature.ts';

const SETTLE_MS = 50;
const STOP_MS = 1_000;
const FORCE_STOP_MS = 500;

/** Carries to BullMQ's back-off when a delivery wants to be tried again. */
export class TryAgain extends Error {
  readonly afterMs: number;
  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** Says that the whole queue is to be left alone, and this job done again afterwards. */
export class LeaveAlone extends Error {
  readonly forMs: number;
  constructor(forMs: number) {
    super(`left alone for ${forMs} ms`);
    this.forMs = forMs;
  }
}

export interface WorkerConfig<T> {
  queue: string;
  redisUrl: string;
  prefix: string;
  key: string | Uint8Array;
  lifeline: Lifeline;
  log: Logger;
  onForged?: ((queue: string) => void) | undefined;
  /** Told of trouble with the connection. */
  onError: (error: Error) => void;
  /** Takes no job before this is settled. */
  startAfter: Promise<unknown>;
  options: Partial<WorkerOptions>;
  /** May reject with TryAgain or LeaveAlone. */
  perform: (body: T, attempt: number) => Promise<void>;
  /** Keeps every replica from starting a job of the queue. */
  hold: (forMs: number) => Promise<unknown>;
}

/** Performs the signed jobs of one queue until it is stopped. Answers how to stop, which takes under two seconds. */
export function runWorker<T>(config: WorkerConfig<T>): () => Promise<void> {
  const { queue, redisUrl, prefix, key, lifeline, log } = config;
  /** Of each job under way: how to stop waiting for it. */
  const abandons = new Set<(reason: Error) => void>();
  let underWay = 0;

  const process = async (job: Job): Promise<void> => {
    underWay += 1;
    const body = verified<T>(key, queue, job.data);
    if (body === undefined) {
      config.onForged?.(queue);
      log.warn({ queue, job: job.id }, 'dropped a job whose signature is not ours');
      return;
    }
    try {
      await new Promise<void>((resolve, reject) => {
        abandons.add(reject);
        config
          .perform(body, job.attemptsMade + 1)
          .then(resolve, reject)
          .finally(() => abandons.delete(reject));
      });
    } catch (error) {
      if (!(error instanceof LeaveAlone)) throw error;
      await config.hold(error.forMs);
      // Takes the job back without an event, and without counting it as a try.
      underWay -= 1;
      throw Worker.RateLimitError();
    }
  };

  const worker = new Worker(queue, process, {
    connection: redisOptions(redisUrl, lifeline),
    prefix,
    lockDuration: 5_000,
    stalledInterval: 2_000,
    maxStalledCount: 3,
    // A job wakes its worker at once. This is how long a wait may go on when Redis is gone, plus a second,
    // and so how long it can keep a process from its end.
    drainDelay: 2,
    runRetryDelay: 500,
    ...config.options,
    autorun: false,
  });
  worker.on('error', config.onError);
  worker.on('completed', () => {
    underWay -= 1;
  });
  worker.on('failed', (job, error) => {
    underWay -= 1;
    if (!(error instanceof TryAgain)) log.error({ queue, job: job?.id, err: error }, 'a job failed');
  });
  config.startAfter.then(() => worker.run()).catch(config.onError);

  // BullMQ's own graceful close waits for ever when it falls into a reconnect, so its steps are made here.
  return async () => {
    worker.off('error', config.onError);
    worker.on('error', () => {});
    await within(STOP_MS, worker.pause(true));
    // A job may be on its way here; those under way may end. Others run elsewhere once their lock is over.
    await sleep(SETTLE_MS);
    for (let waitedMs = 0; underWay > 0 && waitedMs < STOP_MS; waitedMs += SETTLE_MS) await sleep(SETTLE_MS);
    await within(FORCE_STOP_MS, worker.close(true));
    for (const abandon of abandons) abandon(new Error('the worker was stopped'));
  };
}
