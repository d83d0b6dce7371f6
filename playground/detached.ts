import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hold, tryHold } from './exclusive.ts';
import { type InstanceState, namedRoot, readState } from './instance-dir.ts';
import type { PlaygroundOptions } from './playground.ts';
import { isRunning } from './process.ts';

/** What the process in the background says to the one that started it. */
export type Report =
  | { kind: 'progress'; line: string }
  | { kind: 'ready'; hints: string[] }
  | { kind: 'failed'; message: string };

export type DetachedOptions = Pick<
  PlaygroundOptions,
  'podReadyMs' | 'pods' | 'nodes' | 'cloneSets' | 'kubeconfig'
> & {
  dir: string;
};

/** The name by which the process of the playground in `dir` shows that it lives. */
export function holdNameOf(dir: string): string {
  return `instance/${resolve(dir)}`;
}

/**
 * Starts a playground that goes on after this process has ended. Resolves when it is ready, with how to look
 * around. Aborting the signal, or the end of this process, until then takes it all down again.
 */
export async function startDetached(
  options: DetachedOptions,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<string[]> {
  if (await isHeld(options.dir))
    throw new Error(`A playground is up in ${options.dir} already: choose another --name, or end it first`);
  if (await readState(options.dir)) await rm(options.dir, { recursive: true, force: true });
  const child = fork(join(import.meta.dirname, 'background.ts'), [JSON.stringify(options)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // A closed channel is what tells the background to give up, and it waits for its parts to end.
  const abandon = () => child.connected && child.disconnect();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    return await reported(child, onProgress);
  } catch (error) {
    for (let waitedMs = 0; existsSync(options.dir) && waitedMs < 5_000; waitedMs += 50) await sleep(50);
    throw error;
  } finally {
    signal.removeEventListener('abort', abandon);
    abandon();
    child.unref();
  }
}

function reported(child: ChildProcess, onProgress: (line: string) => void): Promise<string[]> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      const report = message as Report;
      if (report.kind === 'progress') onProgress(report.line);
      else if (report.kind === 'ready') resolve(report.hints);
      else reject(new Error(report.message));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error('The playground was ended before it was ready')));
  });
}

/**
 * Ends the playground in `dir` and removes the folder, also where it was killed and only its folder is left.
 * Answers whether there was one.
 */
export async function takeDown(dir: string): Promise<boolean> {
  const state = await readState(dir);
  if (!state) return false;
  if (await isHeld(dir)) {
    if (!state.detached)
      throw new Error(`The playground in ${dir} belongs to process ${state.ownerPid} and ends with it`);
    process.kill(state.ownerPid, 'SIGTERM');
    const killing = setTimeout(() => process.kill(state.ownerPid, 'SIGKILL'), 60_000);
    const released = await hold(holdNameOf(dir), () => undefined);
    clearTimeout(killing);
    await released.release();
  }
  await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  // Of the folder around the named ones nothing stays either, once the last has gone.
  await rmdir(namedRoot()).catch(() => undefined);
  return true;
}

export interface InstanceHealth {
  name: string;
  dir: string;
  parts: { name: string; pid: number; url: string; isHealthy: boolean }[];
}

/** Every playground that was started with a name. */
export async function namedInstances(): Promise<string[]> {
  const names = await readdir(namedRoot()).catch(() => []);
  return names.sort().map((name) => join(namedRoot(), name));
}

/** How the parts in `dir` are; undefined when there is no playground. */
export async function healthOf(dir: string): Promise<InstanceHealth | undefined> {
  const state: InstanceState | undefined = await readState(dir);
  if (!state) return undefined;
  const parts = await Promise.all(
    state.parts.map(async ({ name, pid, url }) => ({
      name,
      pid,
      url,
      isHealthy: isRunning(pid) && (await accepts(new URL(url))),
    })),
  );
  return { name: basename(dir), dir, parts };
}

async function isHeld(dir: string): Promise<boolean> {
  const mine = await tryHold(holdNameOf(dir));
  await mine?.release();
  return mine === undefined;
}

/** Whether the server takes connections. */
function accepts({ hostname, port }: URL): Promise<boolean> {
  const answer = new Promise<boolean>((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  return Promise.race([answer, sleep(2_000, false, { ref: false })]);
}
