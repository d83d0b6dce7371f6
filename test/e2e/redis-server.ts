import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../playground/address-block.ts';

export interface RedisServer {
  url: string;
  /** Runs one command, as redis-cli would. */
  command(...words: [string, ...string[]]): Promise<unknown>;
  /** Kills it as a crash would: nothing it holds is kept. */
  kill(): Promise<void>;
  /** Stops answering without closing anything. */
  freeze(): void;
  thaw(): void;
  /** Does nothing when it is up. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A Redis of the test's own, on a free loopback port, that keeps nothing on disk. */
export async function redisServer(...options: string[]): Promise<RedisServer> {
  const port = await freePort('127.0.0.1');
  const dir = await mkdtemp(join(tmpdir(), 'assay-redis-'));
  let child: ChildProcess | undefined;

  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const start = async () => {
    if (alive()) return;
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir, ...options];
    child = spawn('redis-server', args, { stdio: 'ignore' });
    await command('PING');
  };
  const command = async (...[name, ...args]: [string, ...string[]]) => {
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: 200 });
    client.on('error', () => {});
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  };
  const kill = async () => {
    if (!child || !alive()) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    command,
    start,
    kill,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    stop: async () => {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
