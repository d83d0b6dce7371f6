import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Turn } from './port.ts';
import { type Lifeline, redisOptions, within } from './redis.ts';

const WINDOW_MS = 1_000;
/** A Redis that does not answer in this time counts nothing; this process then keeps to the rate by itself. */
const ANSWER_MS = 500;

/** Counts one more; a window without an end, whatever took it away, gets one. */
const COUNT = `
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}`;

/** How much of the present second was taken, this query included, and when the next second begins. */
export interface Taken {
  count: number;
  leftMs: number;
}

/**
 * Turns of all replicas together, no more than `perSecond` in a second that begins with its first. Turns of one
 * process come in the order in which they were asked for.
 */
export function sharedPace(perSecond: number, take: () => Promise<Taken | undefined>): Turn {
  let last = Promise.resolve();
  async function wait(): Promise<void> {
    for (;;) {
      const taken = await take();
      if (taken && taken.count <= perSecond) return;
      if (!taken) return sleep(WINDOW_MS / perSecond);
      await sleep(Math.max(taken.leftMs, 1));
    }
  }
  return () => {
    last = last.then(wait);
    return last;
  };
}

/** Counts the queries to sources in Redis. Connects when it is first used. */
export function queryCounter(redisUrl: string, prefix: string, lifeline: Lifeline) {
  let client: Redis | undefined;
  const connect = (): Redis => {
    const { url, ...options } = redisOptions(redisUrl, lifeline);
    const opened = new Redis(url, options);
    // The queues complain of the same Redis.
    opened.on('error', () => {});
    return opened;
  };
  return {
    take: async (source: string): Promise<Taken | undefined> => {
      client ??= connect();
      const key = `${prefix}:queries:${source}`;
      const answer = await within(ANSWER_MS, client.eval(COUNT, 1, key, WINDOW_MS));
      const [count, leftMs]: unknown[] = Array.isArray(answer) ? answer : [];
      return typeof count === 'number' && typeof leftMs === 'number' ? { count, leftMs } : undefined;
    },
    close: (): void => client?.disconnect(),
  };
}

/** Turns of this process alone: no more than `perSecond` in any second, by the `wait` it is given. */
export function ownPace(perSecond: number, wait: (ms: number) => Promise<void>): Turn {
  const waiting: (() => void)[] = [];
  let taken = 0;
  function next(): void {
    while (taken < perSecond) {
      const go = waiting.shift();
      if (!go) return;
      taken += 1;
      void wait(WINDOW_MS).then(() => {
        taken -= 1;
        next();
      });
      go();
    }
  }
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      next();
    });
}

/** Where there is no rate. */
export const anyTime: Turn = async () => {};
