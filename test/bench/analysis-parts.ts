import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../playground/address-block.ts';
import { installAssay } from '../../playground/assay.ts';
import type { Playground } from '../../playground/playground.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { apiVersionOf, resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { created, createRuns, type Load, recordedOnce, untilFinished } from './analysis-load.ts';
import { countWrites } from './audit.ts';
import { startChild } from './child.ts';
import { type Drift, driftOf } from './drift.ts';
import { type ProcessCost, watchCost } from './process-cost.ts';

/** What one way of doing the work came to. */
export interface Outcome {
  cost: ProcessCost;
  drift: Drift;
  /** Requests that created or changed something, by what was written. */
  writes: Record<string, number>;
  /** Measurements that stand in a status exactly once. */
  recorded: number;
}

export interface Bench {
  playground: Playground;
  cluster: Cluster;
  /** For the logs of the stub. */
  dir: string;
  say: (line: string) => void;
}

const LOOPBACK = '127.0.0.1';

export function benchOn(playground: Playground, dir: string, say: (line: string) => void): Bench {
  const cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'bench' });
  return { playground, cluster, dir, say };
}

/** Assay as the chart installs it, one replica, from before the first run is created until the last has ended. */
export async function measureAssay(bench: Bench, load: Load): Promise<Outcome> {
  const { playground, cluster, say } = bench;
  const namespace = 'assay-bench';
  const stub = await startStub(bench, 'assay');
  const assay = await installAssay(playground);
  try {
    await assay.start();
    await created(cluster, resources.clusterMetricSource, {
      apiVersion: apiVersionOf(resources.clusterMetricSource),
      kind: resources.clusterMetricSource.kind,
      metadata: { name: 'default' },
      spec: { prometheus: { address: stub.url } },
    } as KubeObject);
    await playground.createNamespace(namespace);
    const cost = watchCost(assay.pid());
    const writes = await countWrites(playground.logsDir);
    await createRuns(cluster, namespace, load, say);
    const runs = await untilFinished(cluster, namespace, stub.logFile, load, say);
    return {
      cost: cost(),
      writes: await writes(`system:serviceaccount:${assay.namespace}:`),
      drift: driftOf(await readFile(stub.logFile, 'utf8'), load.intervalMs),
      recorded: recordedOnce(runs, load),
    };
  } finally {
    await assay.stop('SIGTERM');
    stub.stop();
  }
}

/** The bare loop, a process of its own like Assay's, from before the first run is created until it has ended. */
export async function measureBare(bench: Bench, load: Load): Promise<Outcome> {
  const { playground, cluster, say } = bench;
  const namespace = 'bare-bench';
  // The kinds stay from before, or come here; the webhooks must go, for nobody answers them now.
  if (!(await playground.kubectl(['get', 'crd', '-o', 'name'])).includes('analysisruns'))
    await installAssay(playground);
  for (const kind of ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'])
    await playground.kubectl(['delete', kind, '--all']);
  const stub = await startStub(bench, 'bare');
  try {
    await playground.createNamespace(namespace);
    const writes = await countWrites(playground.logsDir);
    const child = await startChild('bare-loop.ts', [
      `--kubeconfig=${playground.adminKubeconfig}`,
      `--namespace=${namespace}`,
      `--prometheus=${stub.url}`,
      `--runs=${load.runs}`,
      `--count=${load.count}`,
      `--interval-ms=${load.intervalMs}`,
      `--ramp-ms=${load.rampMs}`,
    ]);
    const cost = watchCost(child.pid ?? 0);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await createRuns(cluster, namespace, load, say);
    await ended;
    const listed = await cluster.list<AnalysisRun>(resources.analysisRun, { namespace });
    if (!listed.ok) throw new Error(listed.fault.message);
    // Whoever created the runs did it by the same name.
    const { analysisruns: _, ...written } = await writes('admin');
    return {
      cost: cost(),
      writes: written,
      drift: driftOf(await readFile(stub.logFile, 'utf8'), load.intervalMs),
      recorded: recordedOnce(listed.object.items, load),
    };
  } finally {
    stub.stop();
  }
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
