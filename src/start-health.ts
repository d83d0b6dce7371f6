import type { Clock } from './clock.ts';
import type { Log } from './cluster/log.ts';
import type { LocalCopies } from './local-copies.ts';
import type { JobQueue } from './queue/port.ts';
import { checkRedis } from './queue/redis.ts';
import { repeat } from './repeat.ts';
import { createHealthServer } from './server/health.ts';
import type { Metrics } from './server/metrics.ts';
import { surrounding } from './start-fault.ts';

export interface HealthSetup {
  copies: LocalCopies;
  queue: JobQueue;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  redisUrl: string;
  healthPort: number;
  bindAddress: string;
}

const REDIS_CHECK_MS = 10_000;

/** Serves probes and metrics, and looks at Redis now and then. Answers how to stop. */
export async function startHealth(setup: HealthSetup): Promise<() => Promise<void>> {
  const { copies, queue, metrics, log } = setup;
  let redis = await checkRedis(setup.redisUrl);
  if (!redis.ok) log.warn({}, redis.message);
  const stopChecking = repeat(REDIS_CHECK_MS, setup, async () => {
    const before = redis;
    redis = await checkRedis(setup.redisUrl);
    if (before.message !== redis.message) log.warn({}, redis.message);
    const depths = redis.ok ? await queue.depths() : {};
    for (const [name, depth] of Object.entries(depths)) metrics.queueJobs.set({ queue: name }, depth);
  });
  const server = createHealthServer({
    alive: {},
    // Redis is no part of it: without Redis nothing is measured, but the webhooks must go on answering.
    ready: { caches: () => (copies.synced() ? undefined : 'the cluster is still being read') },
    registry: metrics.registry,
  });
  await surrounding('the port of --health-port', () =>
    server.listen({ port: setup.healthPort, host: setup.bindAddress }),
  );
  return async () => {
    stopChecking();
    await server.close();
  };
}
