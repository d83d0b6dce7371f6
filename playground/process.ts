import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One server of the playground, running as a process of its own. */
export interface Part {
  name: string;
  pid: number;
  /** Where people and `status` find it. */
  url: string;
  logFile: string;
  /** Settles when the process has ended, and says how. */
  ended: Promise<string>;
  kill(): Promise<void>;
}

export interface PartOptions {
  name: string;
  command: string;
  args: string[];
  url: string;
  logsDir: string;
  /** Resolves once the part can be used, and rejects or answers false until then. */
  isReady: () => Promise<boolean>;
  readyWithinMs?: number;
  env?: Record<string, string>;
}

/**
 * Starts a server and waits until it is ready.
 *
 * - The kernel kills it when this process ends, however this process ends (`setpriv --pdeathsig`), and it has
 *   a session of its own, so that Ctrl-C reaches us alone and we decide the order.
 * - It is killed without grace: nothing here outlives the playground.
 * @throws when it ends early or is not ready in time, with the last lines of its log.
 */
export async function startPart(options: PartOptions): Promise<Part> {
  const logFile = join(options.logsDir, `${options.name}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', options.command, ...options.args], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...environment(), ...options.env },
  });
  closeSync(log);
  const ended = endOf(child);
  const part: Part = {
    name: options.name,
    pid: child.pid ?? 0,
    url: options.url,
    logFile,
    ended,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  try {
    await readiness(options, ended);
  } catch (error) {
    await part.kill();
    throw new Error(`${(error as Error).message}\n${lastLines(logFile, 15)}\nThe whole log: ${logFile}`);
  }
  return part;
}

async function readiness(options: PartOptions, ended: Promise<string>): Promise<void> {
  const withinMs = options.readyWithinMs ?? 60_000;
  const deadline = Date.now() + withinMs;
  let over: string | undefined;
  void ended.then((how) => {
    over = how;
  });
  for (;;) {
    if (over) throw new Error(`${options.name} ${over} before it was ready. Its last lines:`);
    if (await options.isReady().catch(() => false)) return;
    if (Date.now() > deadline)
      throw new Error(`${options.name} was not ready within ${withinMs / 1000} s. Its last lines:`);
    await sleep(50);
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  });
}

/** Whether a process runs; one that has ended and that nobody has taken note of yet does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The state follows the program's name, which may itself hold brackets and spaces.
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}

/** What the parts get of the environment: never KUBECONFIG, which may name someone's production. */
export function environment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'])
    if (process.env[name]) kept[name] = process.env[name];
  return kept;
}

/** The end of a log, indented, for an error message. */
export function lastLines(file: string, count: number): string {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines
    .slice(-count)
    .map((line) => `    ${line.slice(0, 400)}`)
    .join('\n');
}

/** A readiness check: the address answers over HTTP with a 2xx. */
export function answersOk(url: string): () => Promise<boolean> {
  return async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
}
