import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { type InstalledAssay, installAssay } from '../../playground/assay.ts';
import { openPlayground } from '../../playground/playground.ts';
import { type Load, openLoad, REPLICAS, STEPS } from './engine-load.ts';
import {
  type AuditedWrite,
  costOfRelease,
  type Place,
  type ReleaseCost,
  watchWrites,
} from './engine-writes.ts';
import { watchCost } from './process-cost.ts';

const IDLE_MS = 60_000;
/** What was said last of a Rollout is written within five seconds. */
const SETTLE_MS = 10_000;

const LIMITS = { idleWrites: 0, idleCpuPercent: 1, megabytes: 400, writesOfAStep: 12 };

interface Idle {
  writes: AuditedWrite[];
  cpuPercent: number;
  peakMegabytes: number;
}

interface Busy {
  releases: ReleaseCost[];
  writes: AuditedWrite[];
  /** Requests of every kind that the controller counted itself. */
  requests: number;
}

/** `npm run bench -- engine`: what Rollouts cost that rest, and what many releases at once cost. */
export function engineBench(): Command {
  return new Command('engine')
    .description('API writes, CPU and memory of Rollouts at rest and of many releases at once')
    .option('--rollouts <number>', 'how many Rollouts rest', Number, 1_000)
    .option('--releases <number>', 'how many of them are then released at once', Number, 100)
    .action(async ({ rollouts, releases }: { rollouts: number; releases: number }) => {
      const say = (line: string) => console.error(line);
      const playground = await openPlayground({ pods: 'status-only', onProgress: say });
      try {
        const assay = await installAssay(playground);
        await assay.start();
        const user = `system:serviceaccount:${assay.namespace}:`;
        const watch = () => watchWrites(playground.logsDir, user);
        const load = await openLoad(playground, rollouts, releases, say);
        const idle = await measureIdle(assay, watch);
        // At once: what follows may fail.
        const rested = reportIdle(rollouts, idle);
        const busy = await measureBusy(assay, load, releases, watch);
        const held = [...rested, ...reportBusy(rollouts, busy)];
        process.exitCode = held.every((each) => each) ? 0 : 1;
        await assay.stop('SIGTERM');
      } finally {
        await playground.close();
      }
    });
}

type Watch = () => ReturnType<typeof watchWrites>;

async function measureIdle(assay: InstalledAssay, watch: Watch): Promise<Idle> {
  await sleep(SETTLE_MS);
  const writes = await watch();
  const cost = watchCost(assay.pid());
  await sleep(IDLE_MS);
  const { cpuMs, peakMegabytes } = cost();
  return { writes: await writes(), cpuPercent: (100 * cpuMs) / IDLE_MS, peakMegabytes };
}

async function measureBusy(assay: InstalledAssay, load: Load, releases: number, watch: Watch): Promise<Busy> {
  const writes = await watch();
  const before = await requestsOf(assay);
  const records = await load.release(load.apps.slice(0, releases));
  await sleep(SETTLE_MS);
  const written = await writes();
  return {
    releases: records.map((record) => costOfRelease(record, written)),
    writes: written,
    requests: (await requestsOf(assay)) - before,
  };
}

/** Requests to the API server, those for the lease left out, from the controller's own metrics. */
async function requestsOf({ healthUrl }: InstalledAssay): Promise<number> {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return [...text.matchAll(/^assay_api_requests_total\{(.*)\} (\d+)/gm)]
    .filter(([, labels = '']) => !labels.includes('resource="leases"'))
    .reduce((total, [, , count]) => total + Number(count), 0);
}

function reportIdle(rollouts: number, { writes, cpuPercent, peakMegabytes }: Idle): boolean[] {
  console.log(
    `${rollouts} Rollouts at rest for ${IDLE_MS / 1_000} s, each with Deployment, Service and Ingress; one replica of the controller, real API server; writes from its audit log, the lease left out`,
  );
  return [
    judged('API writes', writes.length, LIMITS.idleWrites, ''),
    judged('CPU of the controller', cpuPercent, LIMITS.idleCpuPercent, ' % of a core'),
    judged('most memory since its start', peakMegabytes, LIMITS.megabytes, ' MB'),
    ...(writes.length === 0 ? [] : [told(`written all the same: ${JSON.stringify(byKind(writes))}`)]),
  ];
}

function reportBusy(rollouts: number, { releases, writes, requests }: Busy): boolean[] {
  const count = releases.length;
  const sorted = releases.flatMap((release) => [...release.writes.values()]).flat().length;
  console.log(
    `\n${count} of the ${rollouts} released at once: ${REPLICAS} pods each, ready in 0.8 s, canary with a Deployment of its own and an Ingress, ${STEPS.length} steps of one more pod, each resting 1 s; grace 3 s, once in a step and twice in the first`,
  );
  const table = new Table({
    head: ['', 'writes, median', 'most', 'seconds, median', 'p95'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  const places: [string, Place][] = [
    ['before the first step', 'begin'],
    ...STEPS.map((_, index): [string, Place] => [`step ${index + 1}`, index + 1]),
    ['after the last step', 'end'],
  ];
  for (const [title, place] of places) {
    const counts = releases.map((release) => release.writes.get(place)?.length ?? 0);
    const times = releases.flatMap(({ stepMs }) =>
      typeof place === 'number' ? (stepMs.get(place) ?? []) : [],
    );
    const seconds = (share: number) =>
      times.length === 0 ? '' : (percentile(times, share) / 1_000).toFixed(1);
    table.push([title, percentile(counts, 0.5), percentile(counts, 1), seconds(0.5), seconds(0.95)]);
  }
  console.log(table.toString());
  const refused = writes.filter(({ code }) => code >= 400);
  console.log(
    `${(writes.length / count).toFixed(1)} writes and ${(requests / count).toFixed(1)} requests of every kind a release; ${refused.length} of ${writes.length} writes were refused, as conflicts are; ${writes.length - sorted} belong to no release`,
  );
  console.log(`writes by kind: ${JSON.stringify(byKind(writes))}`);
  const later = STEPS.slice(1).map((_, index) =>
    percentile(
      releases.map((release) => release.writes.get(index + 2)?.length ?? 0),
      0.5,
    ),
  );
  const promoted = releases.filter((release) => release.promoted).length;
  console.log(`${promoted} of ${count} were promoted: ${promoted === count ? 'passed' : 'FAILED'}`);
  return [
    promoted === count,
    judged('writes of a step after the first, median', Math.max(...later), LIMITS.writesOfAStep, ''),
  ];
}

function judged(what: string, value: number, limit: number, unit: string): boolean {
  const holds = value <= limit;
  const shown = Number.isInteger(value) ? value : value.toFixed(2);
  console.log(`${what}: ${shown}${unit}, at most ${limit}${unit}: ${holds ? 'passed' : 'FAILED'}`);
  return holds;
}

function told(line: string): boolean {
  console.log(line);
  return true;
}

function byKind(writes: readonly AuditedWrite[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { verb, resource } of writes) {
    const kind = `${verb} ${resource}`;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** The value that this share of them does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
