import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Starts a program of this folder with Node and waits until it prints its first line. It dies with this process. */
export async function startChild(
  file: string,
  args: readonly string[],
  nodeArgs: readonly string[] = [],
): Promise<ChildProcess> {
  const program = new URL(file, import.meta.url).pathname;
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it was ready`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}
