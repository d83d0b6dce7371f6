import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { freePort } from './address-block.ts';
import type { ServerPlace } from './etcd.ts';
import { type Part, startPart } from './process.ts';
import { programs } from './system-packages.ts';

/** Starts a Redis that keeps nothing on disk and, as a queue needs it, never evicts. */
export async function startRedis({ dir, logsDir, address }: ServerPlace): Promise<Part> {
  const port = await freePort(address);
  const dataDir = join(dir, 'redis');
  await mkdir(dataDir, { recursive: true });
  return startPart({
    name: 'redis',
    command: programs.redis,
    args: [
      ...['--port', String(port)],
      ...['--bind', address],
      ...['--dir', dataDir],
      ...['--save', ''],
      ...['--appendonly', 'no'],
      ...['--maxmemory-policy', 'noeviction'],
      ...['--daemonize', 'no'],
    ],
    url: `redis://${address}:${port}`,
    logsDir,
    isReady: () => answersPing(address, port),
  });
}

function answersPing(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 1_000 }, () => socket.write('PING\r\n'));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
