import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { failedRequests, startTraffic, type Traffic, type TrafficCounts } from '../../playground/traffic.ts';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import { WORKLOAD_TYPE_LABEL } from '../../src/api/annotations.ts';
import type { Ingress, KubeObject, Pod, PodTemplate, Service, Workload } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { watchedKinds } from '../../src/controller/watched-kinds.ts';
import { type LocalCopies, localCopies } from '../../src/local-copies.ts';

/** One style of one kind of workload, as people write it. Every step of its plan waits for an approval. */
export interface LosslessStyle {
  /** In lower case: it names namespaces and hosts. */
  name: string;
  resource: Resource;
  /** The spec of the workload; the template has the label that its selector asks for: `app: shop`. */
  spec(template: PodTemplate, replicas: number): Record<string, unknown>;
  /** The strategy of the Rollout, with these routes. At least two steps. */
  strategy(trafficRoutings: unknown[]): Record<string, unknown>;
  /** How many nodes there are to be; one unless told. */
  nodes?(replicas: number): number;
  /** What must be there first, such as the CRD of the workload. */
  prepare?(playground: Playground, replicas: number): Promise<void>;
}

/** Name of workload, Service, Ingress and Rollout. */
const NAME = 'shop';
export const LABELS = { app: NAME };
const RATE_PER_SECOND = 500;
const REQUESTS_AT_LEAST = 20_000;
/** How long a step is left as it is before it is approved, or given up: real requests reach it meanwhile. */
const STEP_MS = 2_000;
const LIMIT_MS = 600_000;
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The small case; the large one as well in the long suite. */
const REPLICAS = inject('effort') === 'long' ? [3, 50] : [3];

/**
 * Releases a workload and takes a release back at its second step, again and again, until nginx has carried 20,000
 * requests: none of them may fail, and nothing but the version may have changed.
 */
export function losslessRelease(style: LosslessStyle): void {
  describe.each(REPLICAS)(`${style.name} with %i replicas, under real requests`, (replicas) => {
    let world: ReleaseWorld;
    beforeAll(async () => {
      world = await openReleaseWorld(style, replicas);
    });
    afterAll(async () => {
      await world?.close();
    });

    it(
      'loses none of at least 20,000 requests over whole releases and whole rollbacks',
      async () => {
        const { traffic } = world;
        for (let round = 0; traffic.counts.sent < REQUESTS_AT_LEAST; round++) {
          await world.release(`v${2 * round + 2}`);
          await world.rollBack(`v${2 * round + 3}`);
        }
        const counts = await traffic.stop();
        console.log(`${style.name}, ${replicas} replicas: ${describeCounts(counts)}`);
        expect(failedRequests(counts)).toBe(0);
        expect(counts.sent).toBeGreaterThanOrEqual(REQUESTS_AT_LEAST);
        // The version at the start, the one that was promoted, and the one that was taken back all answered.
        for (const version of ['v1', 'v2', 'v3']) expect(counts.byVersion[version]).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );
  });
}

interface ReleaseWorld {
  traffic: Traffic;
  /** Releases a version and approves every step, until it is promoted. */
  release(version: string): Promise<void>;
  /** Releases a version, approves its first step, and restores the former template at the second. */
  rollBack(version: string): Promise<void>;
  close(): Promise<void>;
}

async function openReleaseWorld(style: LosslessStyle, replicas: number): Promise<ReleaseWorld> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const playground = await openPlayground({ nodes: style.nodes?.(replicas) ?? 1 });
    closers.push(() => playground.close());
    const assay = await installAssay(playground);
    closers.push(() => assay.stop('SIGTERM'));
    await assay.start();
    await style.prepare?.(playground, replicas);
    const copies = await watchAll(playground);
    closers.push(() => copies.stop());
    const namespace = `lossless-${style.name}`;
    await playground.createNamespace(namespace);
    await playground.kubectl(['apply', '-f', '-'], manifestOf(style, replicas, namespace));
    const watched = watchRelease(style, copies, namespace);
    await until('every pod is ready', () => watched.readyPods() === replicas);
    await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
    const traffic = startTraffic({
      url: playground.ingressUrl,
      host: hostOf(namespace),
      path: '/',
      ratePerSecond: RATE_PER_SECOND,
      maxSeconds: LIMIT_MS / 1_000,
    });
    closers.push(() => traffic.stop());
    let promoted = 'v1';
    // Its own patch of the template, not the whole manifest: so do `kubectl set image` and most pipelines.
    const setVersion = (version: string) =>
      playground.kubectl([
        'patch',
        `${style.resource.plural}.${style.resource.group}`,
        NAME,
        '-n',
        namespace,
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { template: templateOf(version) } }),
      ]);
    const approve = () => playground.kubectl(approvalOf(watched.rollout(), namespace));
    const begin = async (version: string) => {
      const before = watched.record()?.status.releaseId ?? 0;
      await setVersion(version);
      await until(`the release of ${version} has begun`, () => watched.releaseId() > before);
      return before;
    };
    // A last step to every pod is left by itself, so that it is paused for an instant only.
    const approved = async (step: number, before: number) => {
      const arrived = () => watched.pausedStep() === step || hasEnded(watched, before);
      await until(`step ${step} is paused, or the release has ended`, arrived);
      if (!hasEnded(watched, before)) await sleep(STEP_MS);
      if (watched.pausedStep() === step) await approve();
    };
    return {
      traffic,
      release: async (version) => {
        const specBefore = watched.workload().spec;
        const before = await begin(version);
        for (let step = 1; !hasEnded(watched, before); step++) await approved(step, before);
        expect(watched.outcome()).toBe('Promoted');
        expect(watched.left()).toEqual({
          spec: { ...specBefore, template: watched.workload().spec.template },
          notes: [],
          selector: LABELS,
          routes: [NAME, NAME],
        });
        await until(`only ${version} runs`, () => watched.runs(version) && watched.readyPods() === replicas);
        promoted = version;
      },
      rollBack: async (version) => {
        const { spec } = watched.workload();
        const before = await begin(version);
        await approved(1, before);
        await until('the second step is paused', () => watched.pausedStep() === 2);
        await sleep(STEP_MS);
        await setVersion(promoted);
        await until(`the release of ${version} has ended`, () => hasEnded(watched, before));
        expect(watched.outcome()).toBe('RolledBack');
        expect(watched.left()).toEqual({ spec, notes: [], selector: LABELS, routes: [NAME, NAME] });
        await until(
          `only ${promoted} runs`,
          () => watched.runs(promoted) && watched.readyPods() === replicas,
        );
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function watchAll({ adminKubeconfig }: Playground): Promise<LocalCopies> {
  const kubeConfig = loadKubeConfig(adminKubeconfig);
  const cluster = clusterClient(kubeConfig, { fieldManager: 'lossless' });
  const copies = localCopies({ kubeConfig, kinds: watchedKinds, cluster, log: QUIET, random: Math.random });
  await copies.start();
  return copies;
}

/** What a release shows of itself. */
function watchRelease({ resource }: LosslessStyle, copies: LocalCopies, namespace: string) {
  const ref = { namespace, name: NAME };
  const rollout = () => copies.of<Rollout>(resources.rollout).get(ref);
  const record = () => copies.of<RolloutRecord>(resources.rolloutRecord).get(ref);
  const workload = () => copies.of<Workload>(resource).get(ref) as Workload;
  const pods = () => copies.of<Pod>(resources.pod).list(namespace);
  const names = (of: Resource) =>
    copies
      .of<KubeObject>(of)
      .list(namespace)
      .map(({ metadata }) => metadata.name);
  return {
    rollout,
    record,
    workload,
    releaseId: () => record()?.status.releaseId ?? 0,
    outcome: () => record()?.status.release?.outcome,
    /** The step that waits for its approval. */
    pausedStep: () => {
      const { canaryStatus, blueGreenStatus } = rollout()?.status ?? {};
      const { currentStepState, currentStepIndex } = blueGreenStatus ?? canaryStatus ?? {};
      return currentStepState === 'StepPaused' ? currentStepIndex : undefined;
    },
    readyPods: () => pods().filter(isReady).length,
    /** Whether no pod runs anything but this version. */
    runs: (version: string) => pods().every((pod) => imageOf(pod) === image(version)),
    /** What is left of a release, to be compared with what was there before. */
    left: () => ({
      spec: workload().spec,
      notes: notesOn(workload()),
      selector: copies.of<Service>(resources.service).get(ref)?.spec.selector,
      routes: [...names(resources.service), ...names(resources.ingress)],
    }),
  };
}

function manifestOf(style: LosslessStyle, replicas: number, namespace: string): string {
  const { group, version, kind } = style.resource;
  const metadata = { name: NAME, namespace };
  const routing = { service: NAME, ingress: { name: NAME } };
  const apiVersion = `${group}/${version}`;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion, kind, metadata, spec: style.spec(templateOf('v1'), replicas) },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: LABELS, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      },
      ingress(metadata),
      {
        apiVersion: 'rollouts.kruise.io/v1beta1',
        kind: 'Rollout',
        metadata,
        spec: { workloadRef: { apiVersion, kind, name: NAME }, strategy: style.strategy([routing]) },
      },
    ],
  });
}

function ingress(metadata: { name: string; namespace: string }): Ingress {
  const backend = { service: { name: NAME, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    spec: {
      rules: [
        { host: hostOf(metadata.namespace), http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } },
      ],
    },
  } as Ingress;
}

/** What a release wrote on the workload; that a Rollout drives it may stay there. */
function notesOn({ metadata }: Workload): string[] {
  return [...Object.keys(metadata.annotations ?? {}), ...Object.keys(metadata.labels ?? {})]
    .filter((key) => /kruise|assay/.test(key))
    .filter((key) => key !== WORKLOAD_TYPE_LABEL);
}

function hostOf(namespace: string): string {
  return `${namespace}.example.com`;
}

function templateOf(version: string): PodTemplate {
  const container = { name: NAME, image: image(version), ports: [{ containerPort: 8080 }] };
  return { metadata: { labels: LABELS }, spec: { containers: [container] } };
}

function image(version: string): string {
  return `example/shop:${version}`;
}

function imageOf({ spec }: Pod): string | undefined {
  return spec.containers[0]?.image;
}

function isReady({ metadata, status }: Pod): boolean {
  return (
    !metadata.deletionTimestamp &&
    (status?.conditions ?? []).some(({ type, status: value }) => type === 'Ready' && value === 'True')
  );
}

/** As kubectl-kruise sends it. */
function approvalOf(rollout: Rollout | undefined, namespace: string): string[] {
  const field = rollout?.spec.strategy.blueGreen ? 'blueGreenStatus' : 'canaryStatus';
  const body = JSON.stringify({ status: { [field]: { currentStepState: 'StepReady' } } });
  const what = 'rollouts.rollouts.kruise.io';
  return ['patch', what, NAME, '-n', namespace, '--subresource=status', '--type=merge', '-p', body];
}

function describeCounts(counts: TrafficCounts): string {
  const versions = Object.entries(counts.byVersion).map(([version, answers]) => `${version} ${answers}`);
  return `${failedRequests(counts)} of ${counts.sent} requests failed; answered by ${versions.join(', ')}`;
}
