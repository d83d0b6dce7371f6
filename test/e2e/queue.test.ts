import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../playground/address-block.ts';
import type { MeasureResult } from '../../src/analysis/measure-job.ts';
import { bullmqQueue, bullmqWorkers } from '../../src/queue/bullmq.ts';
import type { BullmqConfig } from '../../src/queue/bullmq-client.ts';
import type { Turn } from '../../src/queue/port.ts';
import { checkRedis } from '../../src/queue/redis.ts';
import { sign } from '../../src/queue/signature.ts';
import { gate, measured, measureJob, queueContract } from '../conformance/queue.contract.ts';
import { type RedisServer, redisServer } from './redis-server.ts';

let redis: RedisServer;
const closers: (() => Promise<unknown>)[] = [];
const forged: string[] = [];

beforeAll(async () => {
  redis = await redisServer();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  forged.length = 0;
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  redis.thaw();
  await redis.start();
  await Promise.all(closers.splice(0).map((close) => close()));
});

function config(here?: BullmqConfig['here']): BullmqConfig {
  const log = pino({ level: 'silent' });
  const onForged = (name: string) => forged.push(name);
  return { redisUrl: redis.url, prefix: 'test', key: 'secret', log, onForged, ...(here && { here }) };
}

function open(here?: BullmqConfig['here']) {
  const queue = bullmqQueue(config(here));
  const workers = bullmqWorkers(config(here));
  closers.push(() => Promise.all([queue.close(), workers.close()]));
  return { queue, workers };
}

async function openWithResults() {
  const { queue, workers } = open();
  const results: MeasureResult[] = [];
  await queue.onMeasured(async (result) => {
    results.push(result);
  });
  return { queue, workers, results };
}

/** Runs queue-worker.ts and waits for lines of its output. */
function workerProcess(mode: string) {
  const file = fileURLToPath(new URL('queue-worker.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [file, redis.url, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  if (child.stdout) createInterface(child.stdout).on('line', (line) => lines.push(line));
  const exited = once(child, 'exit');
  closers.push(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const says = (line: string) =>
    vi.waitFor(() => expect(lines).toContain(line), { timeout: 20_000, interval: 20 });
  return { child, says, exited };
}

const soon = { timeout: 10_000, interval: 20 };

queueContract('the queue over Redis', async () => {
  const { queue, workers } = open();
  return { queue, workers, close: () => Promise.all([queue.close(), workers.close()]).then(() => {}) };
});

queueContract('the queue over Redis within one process', async () => {
  const { queue, workers } = open({});
  return { queue, workers, close: () => Promise.all([queue.close(), workers.close()]).then(() => {}) };
});

describe('Redis is not trusted', () => {
  test('a result that is not signed with the key is dropped and counted', async () => {
    const { queue, workers, results } = await openWithResults();
    const attacker = new Queue('results-measure', { connection: { url: redis.url }, prefix: 'test' });
    closers.push(() => attacker.close());
    const lie = measured(measureJob('a'));
    await attacker.add('job', { body: lie, signature: '00' });
    await attacker.add('job', sign('guessed', 'results-measure', lie));
    await attacker.add('job', sign('secret', 'measure-default', lie));
    await attacker.add('job', {
      ...sign('secret', 'results-measure', lie),
      body: JSON.stringify({ ...lie, startedAt: 9 }),
    });
    await attacker.add('job', 'nonsense');
    await vi.waitFor(() => expect(forged).toEqual(Array(5).fill('results-measure')), soon);
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, async (job) => measured(job));
    await queue.addMeasure(measureJob('honest'));
    await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    expect(results[0]?.job.id).toBe('honest');
  });

  test('a job that is not signed with the key is not measured', async () => {
    const { queue, workers, results } = await openWithResults();
    const attacker = new Queue('measure-default', { connection: { url: redis.url }, prefix: 'test' });
    closers.push(() => attacker.close());
    await attacker.add('job', measureJob('theirs'));
    const seen: string[] = [];
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, async (job) => {
      seen.push(job.id);
      return measured(job);
    });
    await queue.addMeasure(measureJob('ours'));
    await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    expect(seen).toEqual(['ours']);
    expect(forged).toEqual(['measure-default']);
  });
});

describe('limits hold across replicas', () => {
  test('two workers together run no more jobs at once than the source allows', async () => {
    const { queue, workers, results } = await openWithResults();
    const other = bullmqWorkers(config());
    closers.push(() => other.close());
    let running = 0;
    let most = 0;
    const measure = async (job: ReturnType<typeof measureJob>) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      return measured(job);
    };
    await workers.serveMeasures({ name: 'default', concurrency: 2 }, measure);
    await other.serveMeasures({ name: 'default', concurrency: 2 }, measure);
    for (let n = 0; n < 20; n++) await queue.addMeasure(measureJob(`job-${n}`));
    await vi.waitFor(() => expect(results).toHaveLength(20), soon);
    expect(most).toBe(2);
  });

  test('a source with a rate gets no more jobs in a second from both together', async () => {
    const { queue, workers, results } = await openWithResults();
    const other = bullmqWorkers(config());
    closers.push(() => other.close());
    const starts: number[] = [];
    const measure = async (job: ReturnType<typeof measureJob>) => {
      starts.push(performance.now());
      return measured(job);
    };
    await workers.serveMeasures({ name: 'default', concurrency: 5, perSecond: 3 }, measure);
    await other.serveMeasures({ name: 'default', concurrency: 5, perSecond: 3 }, measure);
    for (let n = 0; n < 9; n++) await queue.addMeasure(measureJob(`job-${n}`));
    await vi.waitFor(() => expect(results).toHaveLength(9), soon);
    // Windows are fixed, not sliding: nine jobs at three a second need a third window.
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(1_000);
  });

  test('a source with a rate gives no more turns to the queries of both together', async () => {
    const { queue, workers, results } = await openWithResults();
    const other = bullmqWorkers(config());
    closers.push(() => other.close());
    const turns: number[] = [];
    const measure = async (job: ReturnType<typeof measureJob>, turn: Turn) => {
      for (const _question of job.questions) {
        await turn();
        turns.push(performance.now());
      }
      return measured(job);
    };
    await workers.serveMeasures({ name: 'default', concurrency: 1, perSecond: 4 }, measure);
    await other.serveMeasures({ name: 'default', concurrency: 1, perSecond: 4 }, measure);
    for (let n = 0; n < 4; n++) await queue.addMeasure(measureJob(`job-${n}`));
    await vi.waitFor(() => expect(results).toHaveLength(4), soon);
    // Twelve queries at four a second need a third second.
    expect((turns.at(-1) ?? 0) - (turns[0] ?? 0)).toBeGreaterThan(1_900);
  });
});

describe('a source that asks to be left alone', () => {
  test.each([undefined, 5])('is by both workers together, with a rate of %s a second', async (perSecond) => {
    const { queue, workers, results } = await openWithResults();
    const other = bullmqWorkers(config());
    closers.push(() => other.close());
    const calls: number[] = [];
    const measure = async (job: ReturnType<typeof measureJob>) => {
      calls.push(performance.now());
      return { ...measured(job), ...(calls.length === 1 && { pauseMs: 1_500 }) };
    };
    await workers.serveMeasures({ name: 'default', concurrency: 1, perSecond }, measure);
    await other.serveMeasures({ name: 'default', concurrency: 1, perSecond }, measure);
    await queue.addMeasure(measureJob('first'));
    await vi.waitFor(() => expect(calls).toHaveLength(1), soon);
    for (let n = 0; n < 4; n++) await queue.addMeasure(measureJob(`job-${n}`));
    await vi.waitFor(() => expect(results).toHaveLength(5), soon);
    expect(calls).toHaveLength(6);
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThan(1_400);
    expect(results.map(({ job }) => job.id).toSorted()).toEqual([
      'first',
      'job-0',
      'job-1',
      'job-2',
      'job-3',
    ]);
  });

  test('counts no try, however often it asks', async () => {
    const { queue, workers, results } = await openWithResults();
    const reader = new Queue('measure-default', { connection: { url: redis.url }, prefix: 'test' });
    closers.push(() => reader.close());
    let calls = 0;
    const attempts: (number | undefined)[] = [];
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, async (job) => {
      calls += 1;
      attempts.push((await reader.getJob('id-a'))?.attemptsMade);
      return { ...measured(job), ...(calls < 4 && { pauseMs: 50 }) };
    });
    await queue.addMeasure(measureJob('a'));
    await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    expect(attempts).toEqual([0, 0, 0, 0]);
  });
});

describe('Redis may lose everything', () => {
  test('a flush in the middle of a job costs the job; adding it again works', async () => {
    const { queue, workers, results } = await openWithResults();
    const measure = gate(measured);
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, measure.pass);
    await queue.addMeasure(measureJob('a'));
    await queue.addMeasure(measureJob('b'));
    await vi.waitFor(() => expect(measure.calls).toHaveLength(1), soon);
    await redis.command('FLUSHALL');
    measure.open();
    await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    expect(await queue.addMeasure(measureJob('b'))).toBe(true);
    await vi.waitFor(() => {
      measure.open();
      expect(results.map(({ job }) => job.id)).toEqual(['a', 'b']);
    }, soon);
  });

  test('the limit of a source is back after a flush', async () => {
    const { workers } = open();
    await workers.serveMeasures({ name: 'default', concurrency: 2 }, async (job) => measured(job));
    const limit = () => redis.command('HGET', 'test:measure-default:meta', 'concurrency');
    await vi.waitFor(async () => expect(await limit()).toBe('2'), soon);
    await redis.command('FLUSHALL');
    await vi.waitFor(async () => expect(await limit()).toBe('2'), soon);
  });

  test('while Redis is down adding answers false in two seconds; restarted empty, all goes on', async () => {
    const { queue, workers, results } = await openWithResults();
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, async (job) => measured(job));
    await queue.addMeasure(measureJob('before'));
    await vi.waitFor(() => expect(results).toHaveLength(1), soon);
    await redis.kill();
    for (const id of ['a', 'b']) {
      const asked = performance.now();
      expect(await queue.addMeasure(measureJob(id))).toBe(false);
      expect(performance.now() - asked).toBeLessThan(2_500);
    }
    expect(await queue.depths()).toEqual({});
    await redis.start();
    await vi.waitFor(async () => {
      expect(await queue.addMeasure(measureJob('after'))).toBe(true);
      expect(results.map(({ job }) => job.id)).toContain('after');
    }, soon);
  });

  test('a result that Redis did not take at once is delivered when it is back', async () => {
    const { queue, workers, results } = await openWithResults();
    const measure = gate(measured);
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, measure.pass);
    await queue.addMeasure(measureJob('a'));
    await vi.waitFor(() => expect(measure.calls).toHaveLength(1), soon);
    await redis.kill();
    measure.open();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await redis.start();
    await vi.waitFor(() => expect(results[0]?.job.id).toBe('a'), soon);
  });
});

describe('processes come and go', () => {
  test('the job of a worker that was killed is run again by another', async () => {
    const { queue, workers, results } = await openWithResults();
    const { child, says } = workerProcess('hang');
    await queue.addMeasure(measureJob('a'));
    await says('taken');
    child.kill('SIGKILL');
    const killed = performance.now();
    await workers.serveMeasures({ name: 'default', concurrency: 1 }, async (job) => measured(job));
    await vi.waitFor(() => expect(results).toHaveLength(1), { timeout: 15_000, interval: 20 });
    expect(performance.now() - killed).toBeLessThan(10_000);
  });

  test.each([
    { when: 'with nothing under way', before: async () => {} },
    {
      when: 'with a job that never ends',
      before: async (says: (line: string) => Promise<unknown>) => {
        await open().queue.addMeasure(measureJob('a'));
        await says('taken');
      },
    },
    { when: 'with Redis gone', before: () => redis.kill() },
    { when: 'with Redis hanging', before: async () => redis.freeze() },
  ])('closing lets the process exit, $when', async ({ before }) => {
    const { child, says, exited } = workerProcess('close');
    await says('open');
    // By now all of its connections are up.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await before(says);
    const asked = performance.now();
    child.stdin?.write('close\n');
    await says('closed');
    expect(performance.now() - asked).toBeLessThan(2_000);
    expect(await exited).toEqual([0, null]);
    expect(performance.now() - asked).toBeLessThan(3_000);
  });
});

describe('checkRedis', () => {
  test('says that Redis answers', async () => {
    expect(await checkRedis(redis.url)).toEqual({ ok: true, message: 'Redis answers' });
  });

  test('names the policy of a Redis that evicts', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory', '100mb');
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const answer = await checkRedis(redis.url);
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(answer).toEqual({
      ok: false,
      message: 'Redis evicts keys (maxmemory-policy allkeys-lru); set maxmemory-policy to noeviction',
    });
  });

  test('says why there is no Redis', async () => {
    const port = await freePort('127.0.0.1');
    expect(await checkRedis(`redis://127.0.0.1:${port}`)).toEqual({
      ok: false,
      message: `Redis at 127.0.0.1: connect ECONNREFUSED 127.0.0.1:${port}`,
    });
  });

  test('does not wait for a Redis that hangs', async () => {
    redis.freeze();
    const answer = await checkRedis(redis.url);
    redis.thaw();
    expect(answer).toEqual({ ok: false, message: 'Redis at 127.0.0.1: no answer within 2000 ms' });
  });
});
