import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { formatDuration } from '../../src/api/duration.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { apiVersionOf, type Resource, resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';

/** So many runs of one metric, each with so many measurements. */
export interface Load {
  runs: number;
  count: number;
  intervalMs: number;
  /** Over how long the runs are created. */
  rampMs: number;
}

const CREATORS = 16;
const LOOK_MS = 1_000;
/** What does not come to its end in this much more than its time has failed. */
const PATIENCE_MS = 240_000;

export function loadText({ runs, count, intervalMs, rampMs }: Load): string {
  return `${runs} runs × 1 metric × ${count} measurements at ${formatDuration(intervalMs)}, begun within ${formatDuration(rampMs)}`;
}

export function measurementsOf({ runs, count }: Load): number {
  return runs * count;
}

/** Creates the runs one after the other, as releases do not all begin at once. */
export async function createRuns(
  cluster: Cluster,
  namespace: string,
  load: Load,
  say: (line: string) => void,
): Promise<void> {
  const { runs, rampMs } = load;
  const startedAt = performance.now();
  let next = 0;
  const creator = async () => {
    for (let index = next++; index < runs; index = next++) {
      await sleep(Math.max(0, startedAt + (index / runs) * rampMs - performance.now()));
      await created(cluster, resources.analysisRun, runOf(namespace, index, load));
      if (index % 1_000 === 999) say(`${index + 1} of ${runs} runs created`);
    }
  };
  await Promise.all(Array.from({ length: CREATORS }, creator));
}

export function runName(index: number): string {
  return `run-${index}`;
}

function runOf(namespace: string, index: number, { count, intervalMs }: Load): AnalysisRun {
  const metric = {
    name: 'success-rate',
    // Its own for each run, so that none is asked in another's stead.
    query: `sum(rate(http_requests_total{run="${index}"}[1m]))`,
    interval: formatDuration(intervalMs),
    count,
    successCondition: 'value >= 0.95',
  };
  return {
    apiVersion: apiVersionOf(resources.analysisRun),
    kind: resources.analysisRun.kind,
    metadata: { name: runName(index), namespace },
    spec: { metrics: [metric] },
  } as AnalysisRun;
}

/** Creates an object; throws what the API server says against it. */
export async function created(cluster: Cluster, resource: Resource, object: KubeObject): Promise<void> {
  const made = await cluster.create(resource, object);
  if (!made.ok) throw new Error(made.fault.message);
}

/** Waits until the stub was asked for all measurements, and all runs have ended. Answers the runs. */
export async function untilFinished(
  cluster: Cluster,
  namespace: string,
  logFile: string,
  load: Load,
  say: (line: string) => void,
): Promise<AnalysisRun[]> {
  const until = performance.now() + load.rampMs + load.count * load.intervalMs + PATIENCE_MS;
  const all = measurementsOf(load);
  for (let told = 0; ; await sleep(LOOK_MS)) {
    const asked = linesOf(await readFile(logFile, 'utf8').catch(() => ''));
    if (asked >= all) break;
    if (performance.now() > until)
      throw new Error(`only ${asked} of ${all} measurements were asked for in time`);
    if (asked - told < all / 10) continue;
    told = asked;
    say(`${asked} of ${all} measurements asked for`);
  }
  for (; ; await sleep(LOOK_MS)) {
    const listed = await cluster.list<AnalysisRun>(resources.analysisRun, { namespace });
    const runs = listed.ok ? listed.object.items : [];
    if (runs.filter(({ status }) => status?.completedAt).length === load.runs) return runs;
    if (performance.now() > until) throw new Error('not all runs have ended in time');
  }
}

function linesOf(log: string): number {
  return log.split('\n').length - 1;
}

/** How many measurements of these runs were recorded exactly once, in the order of their numbers, as Successful. */
export function recordedOnce(runs: readonly AnalysisRun[], { count }: Load): number {
  const recorded = runs.map(({ status }) => {
    const result = status?.metricResults[0];
    const sequences = result?.measurements.map(({ sequence }) => sequence) ?? [];
    const inOrder = sequences.every((sequence, index) => sequence === count - sequences.length + index);
    return inOrder && result?.successful === count && result.nextSequence === count ? count : 0;
  });
  return recorded.reduce((total, number) => total + number, 0);
}
