import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What is known of a running playground, kept in its folder for `status` and `down`. */
export interface InstanceState {
  /** The process that all parts live and die with. */
  ownerPid: number;
  /** Whether that process exists for nothing else, so that `down` may end it. */
  detached: boolean;
  parts: { name: string; pid: number; url: string; logFile: string }[];
}

const stateFile = 'playground.json';

/** The folder of a playground that was started with this name. */
export function namedDir(name: string): string {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name))
    throw new Error(`The name "${name}" may have small letters, digits and dashes only`);
  return join(namedRoot(), name);
}

/** Where the folders of the named playgrounds of this user are. */
export function namedRoot(): string {
  return join(tmpdir(), `assay-playgrounds-${process.getuid?.() ?? 0}`);
}

export interface InstanceDir {
  dir: string;
  logsDir: string;
  /** Removes it: everything, or all but the logs. */
  remove(keepLogs: boolean): Promise<void>;
}

/**
 * Makes the folder of a playground: `wanted`, which must be empty or absent, or a new temporary one. A small
 * process beside us removes it when we end, also when that is by SIGKILL.
 */
export async function makeInstanceDir(wanted: string | undefined): Promise<InstanceDir> {
  const dir = wanted === undefined ? await mkdtemp(join(tmpdir(), 'assay-playground-')) : resolve(wanted);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const entries = await readdir(dir);
  if (entries.length > 0)
    throw new Error(
      `${dir} is not empty: choose another folder, or "npm run playground -- down" for what is there`,
    );
  const logsDir = join(dir, 'logs');
  await mkdir(logsDir);

  // Reads until our end of the pipe is closed, by us or by our death; then our children are dying as well.
  // One word tells it to spare the logs.
  const script = `
    trap "" INT TERM HUP
    read -r spare
    sleep 0.1
    for attempt in 1 2 3 4 5; do
      if [ "$spare" = logs ]
      then find "$1" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} + && exit
      else rm -rf "$1" && exit
      fi
      sleep 0.5
    done`;
  const remover = spawn('sh', ['-c', script, 'sh', dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const removed = new Promise<void>((done) => remover.once('close', () => done()));
  remover.stdin.on('error', () => undefined);
  return {
    dir,
    logsDir,
    remove: (keepLogs) => {
      remover.stdin.end(keepLogs ? 'logs\n' : '\n');
      return removed;
    },
  };
}

/** Writes the state, complete or not at all. */
export async function writeState(dir: string, state: InstanceState): Promise<void> {
  const file = join(dir, stateFile);
  await writeFile(`${file}.new`, `${JSON.stringify(state, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** The state in this folder; undefined when there is no playground. */
export async function readState(dir: string): Promise<InstanceState | undefined> {
  const file = join(dir, stateFile);
  if (!existsSync(file)) return undefined;
  return JSON.parse(await readFile(file, 'utf8')) as InstanceState;
}
