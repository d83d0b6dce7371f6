import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InstanceState, readState } from '../../playground/instance-dir.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { isRunning } from '../../playground/process.ts';

/** What comes up goes down: by command, by Ctrl-C, by SIGKILL; and several live side by side. */
const main = fileURLToPath(new URL('../../playground/main.ts', import.meta.url));
let root: string;
let first: Playground;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'assay-lifecycle-'));
  first = await openPlayground({ pods: 'status-only', podReadyMs: 100 });
});
afterAll(async () => {
  await first?.close();
  await rm(root, { recursive: true, force: true });
});

function run(args: string[]): ChildProcess & { output: string } {
  const child = Object.assign(spawn(process.execPath, [main, ...args]), { output: '' });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      child.output += chunk.toString();
    });
  return child;
}

async function finished(args: string[]): Promise<{ code: number; output: string }> {
  const child = run(args);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output: child.output };
}

async function stateIn(dir: string): Promise<InstanceState> {
  const state = await readState(dir);
  if (!state) throw new Error(`No playground in ${dir}`);
  return state;
}

async function goneWithin5s(isThere: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 100 && isThere(); tries += 1) await sleep(50);
  return !isThere();
}

it('runs 400 pods without servers', async () => {
  await first.kubectl(['create', 'deployment', 'crowd', '--image=web:1', '--replicas=400']);
  await first.kubectl(['rollout', 'status', 'deployment/crowd', '--timeout=60s']);
  const ips = await first.kubectl(['get', 'pods', '-o', 'jsonpath={.items[*].status.podIP}']);
  expect(new Set(ips.split(' ')).size).toBe(400);
});

it('comes up beside another one, shows its parts, and goes down without a trace', async () => {
  const dir = join(root, 'second');
  const up = await finished(['up', '--dir', dir]);
  expect(up.output).toContain(`export KUBECONFIG=${dir}/admin.kubeconfig`);
  const { parts } = await stateIn(dir);
  const addresses = [parts, first.parts].map((those) => new URL(those[0]?.url ?? '').hostname);
  expect(new Set(addresses).size).toBe(2);

  const again = await finished(['up', '--dir', dir]);
  expect([again.code, again.output]).toEqual([1, expect.stringContaining('is up in')]);
  const status = await finished(['status', '--dir', dir]);
  expect([status.code, status.output.match(/healthy/g)?.length]).toEqual([0, parts.length]);

  const down = await finished(['down', '--dir', dir]);
  expect([down.code, existsSync(dir)]).toEqual([0, false]);
  expect(parts.filter(({ pid }) => isRunning(pid))).toEqual([]);
  expect(await first.kubectl(['get', '--raw', '/readyz'])).toBe('ok');
});

it('leaves nothing behind when the process that holds it is killed', async () => {
  const dir = join(root, 'killed');
  await finished(['up', '--dir', dir]);
  const { ownerPid, parts } = await stateIn(dir);
  process.kill(ownerPid, 'SIGKILL');
  expect(await goneWithin5s(() => parts.some(({ pid }) => isRunning(pid)))).toBe(true);
  expect(await goneWithin5s(() => existsSync(dir))).toBe(true);
});

it('leaves nothing behind when Ctrl-C comes while it starts', async () => {
  const dir = join(root, 'interrupted');
  const up = run(['up', '--dir', dir]);
  const closed = once(up, 'close');
  while (!up.output.includes('etcd is ready')) await sleep(20);
  up.kill('SIGINT');
  const [code] = (await closed) as [number];
  expect([code, existsSync(dir)]).toEqual([1, false]);
});
