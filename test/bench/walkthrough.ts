import Table from 'cli-table3';
import { Command } from 'commander';
import { installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { LocalCopies } from '../../src/local-copies.ts';
import {
  approvalOf,
  manifestOf,
  NAME,
  type ReleaseStyle,
  templateOf,
  watchAll,
  watchRelease,
} from '../e2e/release-world.ts';
import { STYLES } from './walkthrough-styles.ts';

const REPLICAS = 5;

interface Milestones {
  /** From the change of the template. */
  firstPodMs: number;
  pausedMs: number;
  /** From the approval until the Rollout is Healthy, every pod is new and ready, and nothing is left over. */
  endedMs: number;
}

const LIMITS: Milestones = { firstPodMs: 4_000, pausedMs: 12_000, endedMs: 15_000 };
const TITLES: Record<keyof Milestones, string> = {
  firstPodMs: 'template → first new pod',
  pausedMs: 'template → StepPaused',
  endedMs: 'approval → Healthy, nothing left',
};

/** `npm run bench -- walkthrough`: how long a release takes from milestone to milestone, for every style of a workload. */
export function walkthroughBench(): Command {
  return new Command('walkthrough')
    .description('Milestones of a release of one step, for every style of a workload')
    .option('--only <style>', `one of ${STYLES.map(({ name }) => name).join(', ')}`)
    .action(async ({ only }: { only?: string }) => {
      const say = (line: string) => console.error(line);
      const styles = STYLES.filter(({ name }) => only === undefined || name === only);
      const playground = await openPlayground({ nodes: REPLICAS, cloneSets: true, onProgress: say });
      try {
        const assay = await installAssay(playground);
        await assay.start();
        const copies = await watchAll(playground);
        const cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'bench' });
        const figures = new Map<string, Milestones>();
        for (const style of styles) {
          const milestones = await measure({ playground, copies, cluster }, style);
          figures.set(style.name, milestones);
          say(`${style.name}: ${JSON.stringify(milestones)}`);
        }
        process.exitCode = report(figures) ? 0 : 1;
        copies.stop();
        await assay.stop('SIGTERM');
      } finally {
        await playground.close();
      }
    });
}

interface Bench {
  playground: Playground;
  copies: LocalCopies;
  cluster: Cluster;
}

async function measure({ playground, copies, cluster }: Bench, style: ReleaseStyle): Promise<Milestones> {
  const namespace = style.name;
  await playground.createNamespace(namespace);
  await playground.kubectl(['apply', '-f', '-'], manifestOf(style, REPLICAS, namespace));
  const watched = watchRelease(style, copies, namespace);
  await until('every pod is ready', () => watched.readyPods() === REPLICAS);
  await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');

  const changedAt = performance.now();
  const body = { spec: { template: templateOf('v2') } };
  const changed = await cluster.patch(style.resource, { namespace, name: NAME }, { type: 'merge', body });
  if (!changed.ok) throw new Error(changed.fault.message);
  await until('there is a pod of the new version', () => watched.podsOf('v2') > 0);
  const firstPodAt = performance.now();
  await until('the step is paused', () => watched.pausedStep() === 1);
  const pausedAt = performance.now();

  // As kubectl-kruise sends it, with the time that kubectl takes to start.
  await playground.kubectl(approvalOf(watched.rollout(), namespace));
  await until('the release has ended', () => hasEnded(watched, 0));
  await until('nothing of it is left', () => {
    const { notes, routes } = watched.left();
    return watched.extras().length === 0 && notes.length === 0 && routes.join() === `${NAME},${NAME}`;
  });
  await until('every pod is new', () => watched.runs('v2') && watched.readyPods() === REPLICAS);
  if (watched.outcome() !== 'Promoted')
    throw new Error(`the release of ${style.name} was ${watched.outcome()}`);
  const endedAt = performance.now();
  return {
    firstPodMs: firstPodAt - changedAt,
    pausedMs: pausedAt - changedAt,
    endedMs: endedAt - pausedAt,
  };
}

/** Whether every milestone of every style was reached in time. */
function report(figures: ReadonlyMap<string, Milestones>): boolean {
  console.log(
    `one step of 20 % of ${REPLICAS} pods and 5 % of the requests (blue-green: all pods), approved at once; pods ready in 0.8 s, grace 3 s, nginx Ingress, real API server; CloneSets by a stand-in for their controller`,
  );
  const keys = Object.keys(LIMITS) as (keyof Milestones)[];
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const table = new Table({
    head: ['', ...keys.map((key) => `${TITLES[key]} ≤ ${LIMITS[key] / 1_000} s`), ''],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'left'],
  });
  for (const [name, milestones] of figures) {
    table.push([
      name,
      ...keys.map((key) => seconds(milestones[key])),
      isInTime(milestones) ? 'passed' : 'FAILED',
    ]);
  }
  console.log(table.toString());
  return [...figures.values()].every(isInTime);
}

function isInTime(milestones: Milestones): boolean {
  return (Object.keys(LIMITS) as (keyof Milestones)[]).every((key) => milestones[key] <= LIMITS[key]);
}
