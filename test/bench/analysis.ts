import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { freePort } from '../../playground/address-block.ts';
import { installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { apiVersionOf, type Resource, resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { costOf, type ProcessCost, startChild } from './child.ts';
import { type Drift, driftOf } from './drift.ts';

const COUNT = 12;
const INTERVAL_MS = 10_000;
const LOOPBACK = '127.0.0.1';

/** What one way of doing the work came to. */
interface Outcome extends ProcessCost {
  drift: Drift;
  /** Requests that changed something, by what was written, from the API server's audit log. */
  writes: Record<string, number>;
}

/** `npm run bench -- analysis`: many runs at once, beside a loop that does only the queries and the writes. */
export function analysisBench(): Command {
  return new Command('analysis')
    .description('CPU, API writes, memory and lateness of many analyses at once, beside a bare loop')
    .option('--runs <number>', 'how many AnalysisRuns', Number, 1_000)
    .option('--only <part>', 'assay or bare')
    .action(async ({ runs, only }: { runs: number; only?: string }) => {
      const dir = await mkdtemp(join(tmpdir(), 'assay-bench-'));
      const say = (line: string) => console.error(line);
      const playground = await openPlayground({ pods: 'status-only', onProgress: say });
      try {
        const bench = await prepare(playground, dir);
        const assay = only === 'bare' ? undefined : await measureAssay(bench, runs, say);
        const bare = only === 'assay' ? undefined : await measureBare(bench, runs, say);
        report(runs, { ...(assay && { Assay: assay }), ...(bare && { 'bare loop': bare }) });
        if (assay && bare) conclude(assay, bare, runs);
      } finally {
        await playground.close();
        await rm(dir, { recursive: true, force: true });
      }
    });
}

interface Bench {
  playground: Playground;
  cluster: Cluster;
  dir: string;
}

async function prepare(playground: Playground, dir: string): Promise<Bench> {
  const cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'bench' });
  return { playground, cluster, dir };
}

async function measureAssay(bench: Bench, runs: number, say: (line: string) => void): Promise<Outcome> {
  const { playground, cluster } = bench;
  const stub = await startStub(bench, 'assay');
  const assay = await installAssay(playground);
  await assay.start();
  const pid = assay.pid();
  await must(cluster, resources.clusterMetricSource, {
    apiVersion: apiVersionOf(resources.clusterMetricSource),
    kind: 'ClusterMetricSource',
    metadata: { name: 'default' },
    spec: { prometheus: { address: stub.url } },
  } as KubeObject);
  await playground.createNamespace('assay-bench');
  const before = costOf(pid);
  const auditBefore = (await auditLog(playground)).length;
  await createRuns(cluster, 'assay-bench', runs, say);
  await untilAsked(stub.logFile, runs * COUNT, say);
  await untilFinished(cluster, 'assay-bench', runs);
  const after = costOf(pid);
  const writes = writesIn(
    (await auditLog(playground)).slice(auditBefore),
    'system:serviceaccount:assay-system:',
  );
  await assay.stop('SIGTERM');
  stub.stop();
  const drift = driftOf(await readFile(stub.logFile, 'utf8'), INTERVAL_MS);
  return { cpuMs: after.cpuMs - before.cpuMs, peakMegabytes: after.peakMegabytes, drift, writes };
}

async function measureBare(bench: Bench, runs: number, say: (line: string) => void): Promise<Outcome> {
  const { playground, cluster } = bench;
  // The kinds stay from before, or come here; the webhooks must go, for nobody answers them now.
  if (!(await playground.kubectl(['get', 'crd', '-o', 'name'])).includes('analysisruns'))
    await installAssay(playground);
  for (const kind of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'])
    await playground.kubectl(['delete', kind, '--all']);
  const stub = await startStub(bench, 'bare');
  await playground.createNamespace('bare-bench');
  await createRuns(cluster, 'bare-bench', runs, say);
  const auditBefore = (await auditLog(playground)).length;
  const child = await startChild('bare-loop.ts', [
    `--kubeconfig=${playground.adminKubeconfig}`,
    '--namespace=bare-bench',
    `--prometheus=${stub.url}`,
    `--count=${COUNT}`,
    `--interval-ms=${INTERVAL_MS}`,
  ]);
  const before = costOf(child.pid ?? 0);
  let after = before;
  while (child.exitCode === null) {
    try {
      after = costOf(child.pid ?? 0);
    } catch {
      break;
    }
    await sleep(50);
  }
  stub.stop();
  const writes = writesIn((await auditLog(playground)).slice(auditBefore), 'admin');
  const drift = driftOf(await readFile(stub.logFile, 'utf8'), INTERVAL_MS);
  return { cpuMs: after.cpuMs - before.cpuMs, peakMegabytes: after.peakMegabytes, drift, writes };
}

interface Stub {
  url: string;
  logFile: string;
  stop(): void;
}

async function startStub({ dir }: Bench, name: string): Promise<Stub> {
  const port = await freePort(LOOPBACK);
  const logFile = join(dir, `${name}.tsv`);
  const child = await startChild('prometheus-stub.ts', [String(port), logFile]);
  return { url: `http://${LOOPBACK}:${port}`, logFile, stop: () => void child.kill() };
}

/** Created over one interval, as releases do not all begin at once; 16 at a time. */
async function createRuns(
  cluster: Cluster,
  namespace: string,
  runs: number,
  say: (line: string) => void,
): Promise<void> {
  const startedAt = performance.now();
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < runs; index = next++) {
      await sleep(Math.max(0, startedAt + (index / runs) * INTERVAL_MS - performance.now()));
      await must(cluster, resources.analysisRun, runOf(namespace, index));
      if (index % 1_000 === 999) say(`${index + 1} of ${runs} runs created`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

function runOf(namespace: string, index: number): AnalysisRun {
  const metric = {
    name: 'success-rate',
    // Its own for each run, so that none is asked in another's stead.
    query: `sum(rate(http_requests_total{run="${index}"}[1m]))`,
    interval: '10s',
    count: COUNT,
    successCondition: 'value >= 0.95',
  };
  return {
    apiVersion: apiVersionOf(resources.analysisRun),
    kind: 'AnalysisRun',
    metadata: { name: `run-${index}`, namespace },
    spec: { metrics: [metric] },
  } as AnalysisRun;
}

async function must(cluster: Cluster, resource: Resource, object: KubeObject): Promise<void> {
  const made = await cluster.create(resource, object);
  if (!made.ok) throw new Error(made.fault.message);
}

async function untilAsked(logFile: string, questions: number, say: (line: string) => void): Promise<void> {
  for (let told = 0; ; ) {
    const asked = (await readFile(logFile, 'utf8').catch(() => '')).split('\n').length - 1;
    if (asked >= questions) return;
    if (asked - told >= questions / 10) {
      told = asked;
      say(`${asked} of ${questions} measurements asked for`);
    }
    await sleep(1_000);
  }
}

async function untilFinished(cluster: Cluster, namespace: string, runs: number): Promise<void> {
  for (;;) {
    const listed = await cluster.list<AnalysisRun>(resources.analysisRun, { namespace });
    const done = listed.ok ? listed.object.items.filter(({ status }) => status?.completedAt).length : 0;
    if (done === runs) return;
    await sleep(1_000);
  }
}

interface AuditLine {
  verb: string;
  user: { username: string };
  objectRef?: { resource?: string; subresource?: string };
}

async function auditLog({ logsDir }: Playground): Promise<string[]> {
  return (await readFile(join(logsDir, 'audit.log'), 'utf8')).trimEnd().split('\n');
}

/** How often each kind of object was written by a user, the lease and logins left out. */
function writesIn(lines: readonly string[], user: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of lines) {
    const { verb, user: by, objectRef } = JSON.parse(line) as AuditLine;
    const { resource = '', subresource } = objectRef ?? {};
    if (
      !by.username.startsWith(user) ||
      verb === 'delete' ||
      ['leases', 'selfsubjectreviews'].includes(resource)
    )
      continue;
    const name = subresource ? `${resource}/${subresource}` : resource;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function report(runs: number, outcomes: Record<string, Outcome>): void {
  const names = Object.keys(outcomes);
  const all = Object.values(outcomes);
  const measurements = runs * COUNT;
  console.log(
    `${runs} runs × 1 metric × ${COUNT} measurements at 10 s, real API server and Redis on the same machine, HTTP stub of Prometheus`,
  );
  const table = new Table({
    head: ['', ...names],
    style: { head: [], border: [] },
    colAligns: ['left', ...names.map(() => 'right' as const)],
  });
  const row = (title: string, cell: (outcome: Outcome) => string) => table.push([title, ...all.map(cell)]);
  row('CPU per measurement', ({ cpuMs }) => `${(cpuMs / measurements).toFixed(2)} ms`);
  row('peak memory', ({ peakMegabytes }) => `${peakMegabytes.toFixed(0)} MB`);
  row('status writes per measurement', ({ writes }) =>
    ((writes['analysisruns/status'] ?? 0) / measurements).toFixed(2),
  );
  row('all writes per measurement', ({ writes }) => (sum(Object.values(writes)) / measurements).toFixed(2));
  row('measurements asked for', ({ drift }) => String(drift.count));
  row('not at their interval', ({ drift }) => String(drift.offGrid));
  row('late by, median', ({ drift }) => `${drift.p50.toFixed(0)} ms`);
  row('late by, p99', ({ drift }) => `${drift.p99.toFixed(0)} ms`);
  row('late by, most', ({ drift }) => `${drift.max.toFixed(0)} ms`);
  console.log(table.toString());
  for (const [name, { writes }] of Object.entries(outcomes))
    console.log(`writes of ${name}: ${JSON.stringify(writes)}`);
}

function conclude(assay: Outcome, bare: Outcome, runs: number): void {
  const ratio = assay.cpuMs / bare.cpuMs;
  const behind = assay.drift.p99 - bare.drift.p99;
  console.log(
    `Assay takes ${ratio.toFixed(2)} times the CPU of the bare loop, and its p99 is ${behind.toFixed(0)} ms behind the bare loop's (${runs} runs).`,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
