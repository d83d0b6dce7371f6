import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type InstalledAssay, installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { until } from '../../playground/walkthrough.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { crdOf } from '../../src/api/crd.ts';
import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import { type Rollout, rolloutKind } from '../../src/api/rollout.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster, ObjectRef, Store } from '../../src/cluster/port.ts';
import { openStore } from '../../src/cluster/store.ts';
import { must } from '../conformance/open-cluster.ts';
import { dice } from '../simulation/dice.ts';
import { admitByKruise, kruiseNameOf } from '../world/kruise.ts';
import { kruiseManager } from '../world/kruise-manager.ts';

/**
 * Assay beside a stand-in of Kruise Rollouts' controller on a real API server, under the rights that the chart gives.
 * Workloads have no pods: what is tried is who writes what into which status.
 */

const NAMESPACE = 'beside';
const ROLLOUTS = 50;
const STEPS = 10;
/** Between two reconciles of one Rollout. */
const BEAT_MS = 300;
/** Fifty Rollouts go through ten steps each on a machine that does other work. */
const LONGEST_MS = 480_000;
const SOON = { timeout: 30_000, interval: 200 };

let playground: Playground;
let assay: InstalledAssay;
let cluster: Cluster;
const stops: (() => unknown)[] = [];
let stopped = false;
const chance = dice(1);
let overwritten = 0;
let rollouts: Store<Rollout>;
const approvals = new Set<string>();

beforeAll(async () => {
  playground = await openPlayground({ pods: 'status-only' });
  const kubeConfig = loadKubeConfig(playground.adminKubeconfig);
  cluster = clusterClient(kubeConfig, { fieldManager: 'kruise' });
  assay = await installAssay(playground, { engine: 'kruise' });
  await playground.createNamespace(NAMESPACE);
}, LONGEST_MS);
afterAll(async () => {
  stopped = true;
  for (const stop of stops) await stop();
  await assay?.stop('SIGTERM');
  await playground?.close();
});

const ref = (name: string): ObjectRef => ({ name, namespace: NAMESPACE });

function template(name: string, version: string) {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'shop', image: `example/shop:${version}` }] },
  };
}

async function create(resource: Resource, name: string, rest: object, labels = {}): Promise<void> {
  const object = { apiVersion: '', kind: resource.kind, metadata: { name, namespace: NAMESPACE, labels } };
  const { group, version } = resource;
  const apiVersion = group ? `${group}/${version}` : version;
  await must(cluster.create<KubeObject>(resource, { ...object, ...rest, apiVersion }));
}

async function makeRollout(name: string, team: string, steps: object[]): Promise<void> {
  const workload = { replicas: 0, selector: { matchLabels: { app: name } }, template: template(name, 'v1') };
  await create(resources.deployment, name, { spec: workload });
  const workloadRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const strategy = { canary: { enableExtraWorkloadForCanary: true, steps } };
  await create(resources.rollout, name, { spec: { workloadRef, strategy } }, { team });
}

async function makeGuard(team: string, query: string): Promise<void> {
  const metrics = [{ name: team, query, successCondition: 'value == 1' }];
  await create(resources.analysisTemplate, team, { spec: { metrics } });
  const analyses = [{ name: team, template: { kind: 'AnalysisTemplate', name: team } }];
  await create(resources.rolloutGuard, team, {
    spec: { selector: { matchLabels: { team } }, analyses, runHistoryLimit: 100 },
  });
}

/** As a person does it, with what Kruise's webhook makes of it. */
async function release(name: string, version: string): Promise<void> {
  const rollout = await must(cluster.get<Rollout>(resources.rollout, ref(name)));
  const before = await must(cluster.get<Deployment>(resources.deployment, ref(name)));
  const after = { ...before, spec: { ...before.spec, template: template(name, version) } };
  await must(cluster.replace(resources.deployment, admitByKruise(rollout, before, after)));
}

/** Runs the stand-in for one Rollout until the end of the tests. */
function drive(name: string, staleness: number): void {
  const manager = kruiseManager({
    cluster,
    now: Date.now,
    isStale: () => chance.happens(staleness),
    alwaysWrites: true,
    onOverwritten: ({ status }) => {
      if (status?.canaryStatus?.currentStepState === 'StepReady') overwritten += 1;
    },
  });
  const running = (async () => {
    while (!stopped) {
      await manager.turn(ref(name)).catch((error: unknown) => console.error(name, error));
      await sleep(BEAT_MS);
    }
  })();
  stops.push(() => running);
}

function succeeded(name: string): string | undefined {
  const { phase, conditions = [] } = rollouts.get(ref(name))?.status ?? {};
  return phase === 'Healthy' ? conditions.find(({ type }) => type === 'Succeeded')?.status : undefined;
}

/** Every approval that was ever seen, as what it was given to. */
function noteApprovals(): void {
  rollouts.subscribe(({ after }) => {
    const status = after?.status?.canaryStatus;
    if (!after || status?.currentStepState !== 'StepReady') return;
    const { canaryRevision, currentStepIndex, rolloutHash, lastUpdateTime } = status;
    approvals.add(
      [after.metadata.name, canaryRevision, currentStepIndex, rolloutHash, lastUpdateTime].join(' '),
    );
  });
}

describe('--engine=kruise', () => {
  it('refuses to start where no Kruise Rollouts is installed', async () => {
    await expect(assay.start()).rejects.toThrow('did not become ready');
    expect(readFileSync(assay.logFile, 'utf8')).toContain(
      'Kruise Rollouts is not installed: CustomResourceDefinition rollouts.rollouts.kruise.io does not exist',
    );
  });

  it('starts beside it, and writes nothing of its kinds or webhooks', async () => {
    const crd = await must(cluster.create<KubeObject>(resources.crd, crdOf([rolloutKind])));
    await playground.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
    await assay.start();
    const after = await must(cluster.get<KubeObject>(resources.crd, crd.metadata));
    expect(after).toMatchObject({ spec: { conversion: { strategy: 'None' } } });
    expect(await playground.kubectl(['get', 'mutatingwebhookconfigurations', '-o', 'name'])).toBe('');
    const kubeConfig = loadKubeConfig(playground.adminKubeconfig);
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };
    const store = openStore<Rollout>({ kubeConfig, cluster, log, random: Math.random }, resources.rollout, {
      parse: (raw) => raw as Rollout,
    });
    stops.push(store.stop);
    await store.start();
    rollouts = store;
    const spec = { prometheus: { address: playground.prometheusUrl } };
    const source = { apiVersion: 'assay.dev/v1alpha1', kind: 'ClusterMetricSource', spec };
    await must(
      cluster.create<KubeObject>(resources.clusterMetricSource, {
        ...source,
        metadata: { name: 'default' },
      } as KubeObject),
    );
    await makeGuard('good', 'vector(1)');
    await makeGuard('bad', 'vector(0)');
  });

  it('puts the stable template back for a canary that fails', async () => {
    await makeRollout('failing', 'bad', [{ replicas: 1, pause: {} }]);
    drive('failing', 0);
    await until('the Rollout is Healthy', () => rollouts.get(ref('failing'))?.status?.phase === 'Healthy');
    await release('failing', 'v2');
    await until('the release is taken back', () => succeeded('failing') === 'False');
    const workload = await must(cluster.get<Deployment>(resources.deployment, ref('failing')));
    expect(workload.spec.template.spec['containers']).toMatchObject([{ image: 'example/shop:v1' }]);
    expect(workload.metadata.annotations).toMatchObject({ 'assay.dev/restore': '1' });
    await vi.waitFor(async () => {
      const { status } = await must(cluster.get<RolloutRecord>(resources.rolloutRecord, ref('failing')));
      expect(status.release).toMatchObject({ outcome: 'RolledBack', reason: 'AnalysisFailed' });
    }, SOON);
  });

  it('shows on a guard that a step goes on by itself', async () => {
    await makeRollout('timed', 'timed', [{ replicas: 1, pause: { duration: 60 } }]);
    await makeGuard('timed', 'vector(1)');
    await vi.waitFor(async () => {
      const guard = await must(cluster.get<RolloutGuard>(resources.rolloutGuard, ref('timed')));
      expect(guard.status?.conditions).toMatchObject([
        { type: 'Ready', status: 'True' },
        { type: 'Guarded', status: 'False', message: expect.stringContaining('has a pause of 60 s') },
      ]);
    }, SOON);
  });

  it(
    `gives ${ROLLOUTS * STEPS} approvals under a cache that lags: none is lost for good, none is given to anything else`,
    async () => {
      noteApprovals();
      const names = Array.from({ length: ROLLOUTS }, (_, index) => `shop-${index + 1}`);
      const steps = Array.from({ length: STEPS }, (_, index) => ({ replicas: index + 1, pause: {} }));
      for (const name of names) await makeRollout(name, 'good', steps);
      for (const name of names) drive(name, 0.25);
      const isHealthy = (name: string) => rollouts.get(ref(name))?.status?.phase === 'Healthy';
      await until('every Rollout is Healthy', () => names.every(isHealthy));
      const startedAt = performance.now();
      for (const name of names) await release(name, 'v2');
      const deadline = startedAt + LONGEST_MS;
      while (!names.every((name) => succeeded(name) === 'True') && performance.now() < deadline) {
        await sleep(500);
      }
      expect(names.filter((name) => succeeded(name) !== 'True')).toEqual([]);
      const seconds = Math.round((performance.now() - startedAt) / 1_000);
      console.log(`${approvals.size} approvals in ${seconds} s, ${overwritten} of them overwritten`);

      const runs = await must(cluster.list<AnalysisRun>(resources.analysisRun, { namespace: NAMESPACE }));
      const judged = runs.items
        .filter(({ status }) => status?.phase === 'Successful')
        .map(({ spec: { key, target } }) =>
          [
            target?.rollout,
            kruiseNameOf(key?.revision ?? ''),
            key?.step,
            key?.planHash,
            target?.windowStart,
          ].join(' '),
        );
      expect([...approvals].filter((approval) => !judged.includes(approval))).toEqual([]);
      expect(approvals.size).toBeGreaterThanOrEqual(ROLLOUTS * STEPS);
      expect(overwritten).toBeGreaterThan(0);
    },
    LONGEST_MS + 120_000,
  );
});
