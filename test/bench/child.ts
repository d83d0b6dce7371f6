import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** Starts a program of this folder with Node and waits until it prints its first line. It dies with this process. */
export async function startChild(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args], {
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

/** What a process has cost so far: CPU of all its threads in ms, and the most memory it ever held in MB. */
export interface ProcessCost {
  cpuMs: number;
  peakMegabytes: number;
}

/** Read from /proc; the ticks there are 10 ms each on every Linux. */
export function costOf(pid: number): ProcessCost {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // A process that has ended and was not waited for yet has no memory left to tell of.
  if (peak === undefined) throw new Error(`process ${pid} has ended`);
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, peakMegabytes: Number(peak) / 1_024 };
}
