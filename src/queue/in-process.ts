import type { MeasureJob, MeasureResult } from '../analysis/measure-job.ts';
import { anyTime, ownPace } from './pace.ts';
import {
  ALERT_QUEUE,
  ALERT_RESULTS,
  type AlertJob,
  type AlertResult,
  type JobQueue,
  type JobWorkers,
  MEASURE_RESULTS,
  measureQueue,
  RESULT_TRIES,
} from './port.ts';

export interface InProcessConfig {
  /** The only way in which time passes here, so that a virtual clock is enough. */
  sleep: (ms: number) => Promise<void>;
  /** Called for a job or a result that was given up: its performer or listener rejected. */
  onGivenUp?: (queue: string, error: unknown) => void;
}

/** When a job is to be done again: as its next try, or as the same one with the whole lane held until then. */
type Again = { afterMs: number; as: 'nextTry' | 'sameTry' };

/** Does a job; answers when to do it again, or undefined when it is done. */
type Perform = (job: unknown, attempt: number) => Promise<Again | undefined>;

interface Lane {
  waiting: { id: string; job: unknown; attempt: number }[];
  /** While it is above 0 nothing is started. */
  holds: number;
  /** Ids that are waiting, under way or to be tried again. */
  ids: Set<string>;
  active: number;
  server: Server | undefined;
}

interface Server {
  concurrency: number;
  perSecond: number | undefined;
  startedThisSecond: number;
  perform: Perform;
  running: Set<Promise<void>>;
}

/**
 * Both sides of the queue in one process, without Redis: for one-shot use, small single-replica installs
 * and tests. Jobs live as long as the process, which is all that the port promises.
 */
export function inProcessQueue({ sleep, onGivenUp }: InProcessConfig): {
  queue: JobQueue;
  workers: JobWorkers;
} {
  const lanes = new Map<string, Lane>();
  let closed = false;

  function lane(name: string): Lane {
    let found = lanes.get(name);
    if (!found) {
      found = { waiting: [], holds: 0, ids: new Set(), active: 0, server: undefined };
      lanes.set(name, found);
    }
    return found;
  }

  function add(name: string, id: string, job: unknown): boolean {
    if (closed) return false;
    const to = lane(name);
    if (to.ids.has(id)) return true;
    to.ids.add(id);
    // A copy, as every queue outside the process makes one.
    to.waiting.push({ id, job: structuredClone(job), attempt: 1 });
    start(name, to);
    return true;
  }

  function start(name: string, from: Lane): void {
    const { server } = from;
    if (!server) return;
    const mayStart = () =>
      from.holds === 0 &&
      from.active < server.concurrency &&
      (server.perSecond === undefined || server.startedThisSecond < server.perSecond);
    while (mayStart()) {
      const next = from.waiting.shift();
      if (!next) return;
      from.active += 1;
      if (server.perSecond !== undefined) {
        server.startedThisSecond += 1;
        void sleep(1_000).then(() => {
          server.startedThisSecond -= 1;
          start(name, from);
        });
      }
      const running = server
        .perform(next.job, next.attempt)
        .catch((error: unknown) => {
          onGivenUp?.(name, error);
          return undefined;
        })
        .then((again) => {
          from.active -= 1;
          server.running.delete(running);
          if (again === undefined) from.ids.delete(next.id);
          else if (again.as === 'sameTry') void hold(name, from, next, again.afterMs);
          else void tryAgain(name, from, { ...next, attempt: next.attempt + 1 }, again.afterMs);
          start(name, from);
        });
      server.running.add(running);
    }
  }

  async function hold(name: string, to: Lane, job: Lane['waiting'][number], forMs: number): Promise<void> {
    to.holds += 1;
    to.waiting.unshift(job);
    await sleep(forMs);
    to.holds -= 1;
    if (!closed) start(name, to);
  }

  async function tryAgain(
    name: string,
    to: Lane,
    next: Lane['waiting'][number],
    afterMs: number,
  ): Promise<void> {
    await sleep(afterMs);
    if (closed) return;
    to.waiting.push(next);
    start(name, to);
  }

  /** Serves a lane until stopped; stopping waits for the jobs under way. */
  function serve(
    name: string,
    limits: { concurrency: number; perSecond?: number | undefined },
    perform: Perform,
  ): () => Promise<void> {
    const to = lane(name);
    const { concurrency, perSecond } = limits;
    const server: Server = { concurrency, perSecond, startedThisSecond: 0, perform, running: new Set() };
    to.server = server;
    start(name, to);
    return async () => {
      if (to.server === server) to.server = undefined;
      await Promise.all(server.running);
    };
  }

  let results = 0;
  function publish(name: string, result: unknown): undefined {
    results += 1;
    add(name, String(results), result);
    return undefined;
  }

  function listen<T>(name: string, listener: (result: T) => Promise<void>): () => Promise<void> {
    return serve(name, { concurrency: Number.POSITIVE_INFINITY }, async (result) => {
      for (let attempt = 1; ; attempt++) {
        try {
          await listener(result as T);
          return undefined;
        } catch (error) {
          if (attempt === RESULT_TRIES) throw error;
          await Promise.resolve();
        }
      }
    });
  }

  const close = async (): Promise<void> => {
    closed = true;
    const servers = [...lanes.values()].map((each) => each.server);
    for (const each of lanes.values()) each.server = undefined;
    await Promise.all(servers.flatMap((server) => [...(server?.running ?? [])]));
  };

  return {
    queue: {
      addMeasure: async (job) => add(measureQueue(job.source), job.id, job),
      addAlert: async (job) => add(ALERT_QUEUE, job.id, job),
      onMeasured: async (listener) => listen<MeasureResult>(MEASURE_RESULTS, listener),
      onAlerted: async (listener) => listen<AlertResult>(ALERT_RESULTS, listener),
      depths: async () => Object.fromEntries([...lanes].map(([name, { ids }]) => [name, ids.size])),
      close,
    },
    workers: {
      serveMeasures: async (source, measure) => {
        const turn = source.perSecond === undefined ? anyTime : ownPace(source.perSecond, sleep);
        return serve(measureQueue(source.name), source, async (job) => {
          const { pauseMs, ...result } = await measure(job as MeasureJob, turn);
          return pauseMs === undefined
            ? publish(MEASURE_RESULTS, result)
            : { afterMs: pauseMs, as: 'sameTry' };
        });
      },
      serveAlerts: async (deliver) =>
        serve(ALERT_QUEUE, { concurrency: Number.POSITIVE_INFINITY }, async (job, attempt) => {
          const { retryAfterMs, ...result } = await deliver(job as AlertJob, attempt);
          return retryAfterMs === undefined
            ? publish(ALERT_RESULTS, result)
            : { afterMs: retryAfterMs, as: 'nextTry' };
        }),
      close,
    },
  };
}
