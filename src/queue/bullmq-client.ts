import { type JobsOptions, Queue, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { MeasureResult } from '../analysis/measure-job.ts';
import { runWorker, type WorkerConfig } from './bullmq-worker.ts';
import { queryCounter } from './pace.ts';
import { ALERT_QUEUE, ALERT_RESULTS, MEASURE_RESULTS } from './port.ts';
import { describe, type Lifeline, redisOptions, within } from './redis.ts';
import { sign } from './signature.ts';

/** With Redis down an add stays pending for ever; this is how long it is waited for. */
const ADD_MS = 2_000;
/** FLUSHALL takes the global concurrency with it, so it is written again and again. */
const LIMITS_REFRESH_MS = 2_000;
const CLOSE_MS = 500;

export interface BullmqConfig {
  redisUrl: string;
  /** Of all keys in Redis, so that several installations can share one. */
  prefix: string;
  /** Key of the signatures; the same in every process. */
  key: string | Uint8Array;
  log: Logger;
  /**
   * Shared by the two sides of one process: a result whose listener is here takes no way through Redis, which
   * would cost more than the rest of the measurement.
   */
  here?: { onMeasured?: (result: MeasureResult) => Promise<void> };
  /** Called for each job or result that was dropped because its signature is not ours. */
  onForged?: (queue: string) => void;
}

/** Queues and workers of BullMQ with one life: made when first used, signed, closed together. */
export function bullmqClient(config: BullmqConfig) {
  const { redisUrl, prefix, key, log } = config;
  const lifeline: Lifeline = { closing: false };
  const queues = new Map<string, Queue>();
  /** Adds that took too long. Until one settles no other is begun, or they would pile up in memory. */
  const stuck = new Map<string, Promise<boolean>>();
  const stops = new Set<() => Promise<void>>();
  const queries = queryCounter(redisUrl, prefix, lifeline);
  let lastTrouble = '';

  const trouble = (queue: string) => (error: Error) => {
    const message = describe(error);
    // Every connection complains at every try to connect; once is enough to know.
    if (message !== lastTrouble) log.warn({ queue }, `queue: ${message}`);
    lastTrouble = message;
  };

  function open(name: string): Queue {
    let queue = queues.get(name);
    if (!queue) {
      queue = new Queue(name, {
        connection: redisOptions(redisUrl, lifeline),
        prefix,
        // An id must be free again as soon as its job is done: the custom resources know what was done.
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      });
      queue.on('error', trouble(name));
      queues.set(name, queue);
    }
    return queue;
  }

  async function add(
    name: string,
    body: unknown,
    { id, ...options }: Pick<JobsOptions, 'attempts' | 'backoff'> & { id?: string },
  ): Promise<boolean> {
    if (lifeline.closing) return false;
    const earlier = stuck.get(name);
    if (earlier && (await within(ADD_MS, earlier)) === undefined) return false;
    const adding = open(name).add('job', sign(key, name, body), {
      ...options,
      // BullMQ refuses ids that hold a colon or are whole numbers.
      ...(id === undefined ? {} : { jobId: `id-${encodeURIComponent(id)}` }),
    });
    const settled = adding.then(
      () => true,
      (error: Error) => {
        trouble(name)(error);
        return false;
      },
    );
    const added = await within(ADD_MS, settled);
    if (added === undefined) {
      stuck.set(name, settled);
      settled.then(() => stuck.delete(name));
      return false;
    }
    if (added) lastTrouble = '';
    return added;
  }

  function work<T>(
    name: string,
    perform: WorkerConfig<T>['perform'],
    options: Partial<WorkerOptions>,
    startAfter: Promise<unknown> = Promise.resolve(),
  ): () => Promise<void> {
    const onError = trouble(name);
    const hold = (forMs: number) => within(ADD_MS, open(name).rateLimit(forMs));
    const halt = runWorker<T>({
      ...config,
      queue: name,
      lifeline,
      onError,
      startAfter,
      options,
      perform,
      hold,
    });
    const stop = async (): Promise<void> => {
      if (stops.delete(stop)) await halt();
    };
    stops.add(stop);
    return stop;
  }

  function keepConcurrency(name: string, concurrency: number) {
    let writing: Promise<unknown> | undefined;
    const write = () => {
      writing ??= open(name)
        .setGlobalConcurrency(concurrency)
        .catch(trouble(name))
        .finally(() => {
          writing = undefined;
        });
      return writing;
    };
    const written = within(LIMITS_REFRESH_MS, write());
    const timer = setInterval(write, LIMITS_REFRESH_MS);
    timer.unref();
    const stop = async () => {
      clearInterval(timer);
      const queue = queues.get(name);
      queues.delete(name);
      if (queue) await within(CLOSE_MS, queue.getBackend().close(true));
    };
    return { written, stop };
  }

  return {
    closing: () => lifeline.closing,
    add,
    work,
    keepConcurrency,
    takeQuery: queries.take,
    depths: async (): Promise<Record<string, number>> => {
      for (const name of [ALERT_QUEUE, MEASURE_RESULTS, ALERT_RESULTS]) open(name);
      const counted = await Promise.all(
        [...queues].map(async ([name, queue]) => {
          const count = await within(ADD_MS, queue.getJobCountByTypes('waiting', 'active', 'delayed'));
          return [name, count] as const;
        }),
      );
      return Object.fromEntries(counted.filter((entry): entry is [string, number] => entry[1] !== undefined));
    },
    close: async (): Promise<void> => {
      await Promise.all([...stops].map((stop) => stop()));
      lifeline.closing = true;
      queries.close();
      const closings = [...queues.values()].map((queue) => queue.getBackend().close(true));
      await within(CLOSE_MS, Promise.allSettled(closings));
    },
  };
}
