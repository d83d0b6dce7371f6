import { Redis } from 'ioredis';

const RECONNECT_MAX_MS = 1_000;
const CHECK_MS = 2_000;

/** Told to connections by reference: once `closing`, none of them connects again. */
export interface Lifeline {
  closing: boolean;
}

/**
 * Options of one connection. BullMQ gets options and not clients, because it closes what it opened itself.
 * A connection that is down would else keep the process alive with its reconnects: the lifeline ends them.
 */
export function redisOptions(redisUrl: string, lifeline: Lifeline) {
  return {
    url: redisUrl,
    connectTimeout: 2_000,
    // A server that hangs never answers the end of a connection.
    disconnectTimeout: 200,
    retryStrategy: (times: number) =>
      lifeline.closing ? null : Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
  };
}

/** Waits for a promise that may stay pending for ever: undefined when it took longer, or rejected. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([promise.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether Redis answers and keeps what it is given. A server that evicts keys loses jobs without a trace;
 * Assay would go on, with every lost job costing the time until it is offered again.
 */
export async function checkRedis(redisUrl: string): Promise<{ ok: boolean; message: string }> {
  const client = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: CHECK_MS,
    commandTimeout: CHECK_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let trouble = `no answer within ${CHECK_MS} ms`;
  client.on('error', (error) => {
    trouble = describe(error);
  });
  try {
    const info = await within(
      CHECK_MS,
      client.connect().then(() => client.info('memory')),
    );
    if (info === undefined) return { ok: false, message: `Redis at ${client.options.host}: ${trouble}` };
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
    const maxBytes = /^maxmemory:(\d+)/m.exec(info)?.[1] ?? '0';
    if (policy !== 'noeviction' && maxBytes !== '0') {
      const message = `Redis evicts keys (maxmemory-policy ${policy}); set maxmemory-policy to noeviction`;
      return { ok: false, message };
    }
    return { ok: true, message: 'Redis answers' };
  } finally {
    client.disconnect();
  }
}

/** The text of an error of ioredis; a refused connection to a name with two addresses has a code only. */
export function describe(error: Error & { code?: unknown }): string {
  return error.message || String(error.code ?? error.name);
}
