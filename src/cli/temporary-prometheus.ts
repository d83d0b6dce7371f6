import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Prometheus with an empty database that scrapes nothing and takes remote writes, on loopback. */
export interface TemporaryPrometheus {
  address: string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

export type Started =
  | { ok: true; prometheus: TemporaryPrometheus }
  /** What is wrong, and what to do about it. */
  | { ok: false; message: string };

const READY_WITHIN_MS = 30_000;
const LOOK_AGAIN_MS = 20;
/** One block for all of time: with more of them, Prometheus would move and refuse samples between scenarios. */
const ONE_BLOCK = '100y';

/**
 * Starts Prometheus from `program` (a path, or a name on the PATH). It has a session of its own, so that
 * Ctrl-C reaches this process alone, and whatever ends this process takes it along, short of SIGKILL.
 */
export async function startTemporaryPrometheus(program: string, signal: AbortSignal): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-prometheus-'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const logFile = join(folder, 'log');
  const child = await startIn(folder, program, port, logFile);
  let ended: string | undefined;
  const end = endOf(child).then((how) => {
    ended = how;
  });
  const clean = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', clean);
  const stop = async () => {
    child.kill('SIGKILL');
    await end;
    process.off('exit', clean);
    clean();
  };

  const deadline = performance.now() + READY_WITHIN_MS;
  while (!signal.aborted && ended === undefined && performance.now() < deadline) {
    if (await isReady(address, signal)) return { ok: true, prometheus: { address, stop } };
    await sleep(LOOK_AGAIN_MS);
  }
  const said = lastLines(logFile);
  await stop();
  if (signal.aborted) return { ok: false, message: 'interrupted' };
  const trouble = ended ?? `was not ready within ${READY_WITHIN_MS / 1_000} s`;
  return { ok: false, message: `${program} ${trouble}${said}` };
}

async function startIn(
  folder: string,
  program: string,
  port: number,
  logFile: string,
): Promise<ChildProcess> {
  const configFile = join(folder, 'prometheus.yaml');
  await writeFile(configFile, 'scrape_configs: []\n');
  const log = openSync(logFile, 'a');
  try {
    return spawn(
      program,
      [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--storage.tsdb.retention.time=${ONE_BLOCK}`,
        `--storage.tsdb.min-block-duration=${ONE_BLOCK}`,
        `--storage.tsdb.max-block-duration=${ONE_BLOCK}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--web.enable-admin-api',
        '--log.level=warn',
      ],
      { stdio: ['ignore', log, log], detached: true },
    );
  } finally {
    closeSync(log);
  }
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(startTrouble(error)));
    child.once('exit', (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  });
}

function startTrouble(error: NodeJS.ErrnoException): string {
  if (error.code !== 'ENOENT') return `could not be started: ${error.message}`;
  return (
    'is not installed, and the queries of templates are evaluated by it alone. Install Prometheus ' +
    '(apt-get install prometheus, brew install prometheus, or from https://prometheus.io/download), ' +
    'or say where it is with --prometheus-bin or ASSAY_PROMETHEUS_BIN'
  );
}

async function isReady(address: string, signal: AbortSignal): Promise<boolean> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(2_000)]);
    return (await fetch(`${address}/-/ready`, { signal: within })).ok;
  } catch {
    return false;
  }
}

/** A port that nobody listened on a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function lastLines(logFile: string): string {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5);
  return lines[0] === '' ? '' : `. Its last words:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
