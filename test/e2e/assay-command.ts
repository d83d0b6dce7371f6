import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `assay` as people do. `onStderr` sees the progress and may send one signal: a second would kill. */
export function assay(
  args: readonly string[],
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  return run(process.execPath, [main, ...args], onStderr);
}

function run(
  command: string,
  args: readonly string[],
  onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let signalled = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(stderr, (signal) => {
      if (!signalled) child.kill(signal);
      signalled = true;
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs the one command that a page of the docs shows, as a shell does, against this Prometheus. */
export async function documented(page: string, prometheusUrl: string): Promise<Ended & { shown: string[] }> {
  const text = await readFile(`${root}/docs/${page}`, 'utf8');
  const [, command] = /```sh\n(assay [\s\S]*?)```/.exec(text) ?? [];
  if (command === undefined) throw new Error(`docs/${page} shows no command`);
  const line = command
    .replace(/^assay/, `'${process.execPath}' '${main}'`)
    .replace('http://prometheus.example.com:9090', prometheusUrl);
  const shown = [...text.matchAll(/```text\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  return { ...(await run('sh', ['-c', line])), shown };
}
