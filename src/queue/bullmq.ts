import { setTimeout as sleep } from 'node:timers/promises';
import type { MeasureJob, MeasureResult } from '../analysis/measure-job.ts';
import { type BullmqConfig, bullmqClient } from './bullmq-client.ts';
import { LeaveAlone, TryAgain } from './bullmq-worker.ts';
import { anyTime, sharedPace } from './pace.ts';
import {
  ALERT_QUEUE,
  ALERT_RESULTS,
  type AlertJob,
  type AlertResult,
  type AlertTry,
  type JobQueue,
  type JobWorkers,
  MEASURE_RESULTS,
  measureQueue,
  RESULT_TRIES,
} from './port.ts';

/** How often a result is tried to be added, each time for up to two seconds, before it is dropped. */
const PUBLISH_TRIES = 4;
const PUBLISH_PAUSE_MS = 500;
/** BullMQ looks whether a queue is to be left alone only when it has a rate: this one is never reached. */
const NO_RATE_PER_SECOND = 1_000_000_000;
const RESULT_CONCURRENCY = 32;
const ALERT_CONCURRENCY = 8;
/** Whether a delivery is tried again is up to who delivers; this only ends what never would. */
const ALERT_TRIES_MAX = 100;

/** The controller's side over Redis. Nothing here waits for Redis longer than about two seconds. */
export function bullmqQueue(config: BullmqConfig): JobQueue {
  const client = bullmqClient(config);
  const listening = { concurrency: RESULT_CONCURRENCY };
  return {
    addMeasure: (job) => client.add(measureQueue(job.source), job, { id: job.id }),
    addAlert: (job) =>
      client.add(ALERT_QUEUE, job, {
        id: job.id,
        attempts: ALERT_TRIES_MAX,
        backoff: { type: 'custom' },
      }),
    onMeasured: async (listener) => {
      const stop = client.work<MeasureResult>(MEASURE_RESULTS, listener, listening);
      if (config.here) config.here.onMeasured = listener;
      return async () => {
        if (config.here?.onMeasured === listener) delete config.here.onMeasured;
        await stop();
      };
    },
    onAlerted: async (listener) => client.work<AlertResult>(ALERT_RESULTS, listener, listening),
    depths: client.depths,
    close: client.close,
  };
}

/** The workers' side over Redis. */
export function bullmqWorkers(config: BullmqConfig): JobWorkers {
  const client = bullmqClient(config);

  async function publish(queue: string, result: unknown): Promise<void> {
    for (let attempt = 1; attempt <= PUBLISH_TRIES; attempt++) {
      const backoff = { type: 'exponential', delay: 200 };
      if (await client.add(queue, result, { attempts: RESULT_TRIES, backoff })) return;
      if (client.closing()) break;
      await sleep(PUBLISH_PAUSE_MS);
    }
    config.log.warn(
      { queue },
      'Redis does not take a result; it is dropped, and its job will be offered again',
    );
  }

  /** Gives a result to a listener of this very process; false when there is none, or it could not take it. */
  async function handOver(result: MeasureResult): Promise<boolean> {
    const listener = config.here?.onMeasured;
    if (!listener) return false;
    return listener(result).then(
      () => true,
      () => false,
    );
  }

  return {
    serveMeasures: async (source, measure) => {
      const name = measureQueue(source.name);
      const limits = client.keepConcurrency(name, source.concurrency);
      const { perSecond } = source;
      const turn =
        perSecond === undefined ? anyTime : sharedPace(perSecond, () => client.takeQuery(source.name));
      const stopWorker = client.work<MeasureJob>(
        name,
        async (job) => {
          const { pauseMs, ...result } = await measure(job, turn);
          if (pauseMs !== undefined) throw new LeaveAlone(pauseMs);
          if (!(await handOver(result))) await publish(MEASURE_RESULTS, result);
        },
        {
          concurrency: source.concurrency,
          limiter: { max: perSecond ?? NO_RATE_PER_SECOND, duration: 1_000 },
        },
        limits.written,
      );
      return async () => {
        await stopWorker();
        await limits.stop();
      };
    },
    serveAlerts: async (deliver) =>
      client.work<AlertJob>(
        ALERT_QUEUE,
        async (job, attempt) => {
          const { retryAfterMs, ...result }: AlertTry = await deliver(job, attempt);
          if (retryAfterMs !== undefined) throw new TryAgain(result.message, retryAfterMs);
          await publish(ALERT_RESULTS, result);
        },
        {
          concurrency: ALERT_CONCURRENCY,
          settings: { backoffStrategy: (_made, _type, error) => (error as TryAgain).afterMs ?? 1_000 },
        },
      ),
    close: client.close,
  };
}
