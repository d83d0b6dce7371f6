import { installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { WORKLOAD_TYPE_LABEL } from '../../src/api/annotations.ts';
import type { Ingress, KubeObject, Pod, PodTemplate, Service, Workload } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { watchedKinds } from '../../src/controller/watched-kinds.ts';
import { type LocalCopies, localCopies } from '../../src/local-copies.ts';

/** One style of one kind of workload, as people write it. */
export interface ReleaseStyle {
  /** In lower case: it names namespaces and hosts. */
  name: string;
  resource: Resource;
  /** The spec of the workload; the template has the label that its selector asks for: `app: shop`. */
  spec(template: PodTemplate, replicas: number): Record<string, unknown>;
  /** The strategy of the Rollout, with these routes. */
  strategy(trafficRoutings: unknown[]): Record<string, unknown>;
  /** How many nodes there are to be; one unless told. */
  nodes?(replicas: number): number;
  /** What must be there first, such as the CRD of the workload. */
  prepare?(playground: Playground, replicas: number): Promise<void>;
}

/** Name of workload, Service, Ingress and Rollout. */
export const NAME = 'shop';
export const LABELS = { app: NAME };
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export interface ReleasePlayground {
  playground: Playground;
  copies: LocalCopies;
  /** Called by `close`, the last one first. */
  closers: (() => unknown)[];
  close(): Promise<void>;
}

/** A playground with the controller on it, with what `prepare` brings, and with copies of what is watched. */
export async function openReleasePlayground({
  nodes = 1,
  prepare,
}: {
  nodes?: number;
  prepare?: (playground: Playground) => Promise<void> | undefined;
} = {}): Promise<ReleasePlayground> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const playground = await openPlayground({ nodes });
    closers.push(() => playground.close());
    const assay = await installAssay(playground);
    closers.push(() => assay.stop('SIGTERM'));
    await assay.start();
    await prepare?.(playground);
    const copies = await watchAll(playground);
    closers.push(() => copies.stop());
    return { playground, copies, closers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export async function watchAll({ adminKubeconfig }: Playground): Promise<LocalCopies> {
  const kubeConfig = loadKubeConfig(adminKubeconfig);
  const cluster = clusterClient(kubeConfig, { fieldManager: 'onlooker' });
  const copies = localCopies({ kubeConfig, kinds: watchedKinds, cluster, log: QUIET, random: Math.random });
  await copies.start();
  return copies;
}

/** What a release shows of itself. */
export function watchRelease({ resource }: ReleaseStyle, copies: LocalCopies, namespace: string) {
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
    /** How many pods there are of a version, ready or not. */
    podsOf: (version: string) => pods().filter((pod) => imageOf(pod) === image(version)).length,
    /** Whether no pod runs anything but this version. */
    runs: (version: string) => pods().every((pod) => imageOf(pod) === image(version)),
    /** Workloads of the same kind that are not the one that is released. */
    extras: () => names(resource).filter((name) => name !== NAME),
    /** What is left of a release, to be compared with what was there before. */
    left: () => ({
      spec: workload().spec,
      notes: notesOn(workload()),
      selector: copies.of<Service>(resources.service).get(ref)?.spec.selector,
      routes: [...names(resources.service), ...names(resources.ingress)],
    }),
  };
}

export function manifestOf(style: ReleaseStyle, replicas: number, namespace: string): string {
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

export function hostOf(namespace: string): string {
  return `${namespace}.example.com`;
}

export function templateOf(version: string): PodTemplate {
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

/** A patch of the template, and not the whole manifest: so do `kubectl set image` and most pipelines. */
export function versionPatch({ resource }: ReleaseStyle, namespace: string, version: string): string[] {
  const body = JSON.stringify({ spec: { template: templateOf(version) } });
  return ['patch', `${resource.plural}.${resource.group}`, NAME, '-n', namespace, '--type=merge', '-p', body];
}

/** As kubectl-kruise sends it. */
export function approvalOf(rollout: Rollout | undefined, namespace: string): string[] {
  const field = rollout?.spec.strategy.blueGreen ? 'blueGreenStatus' : 'canaryStatus';
  const body = JSON.stringify({ status: { [field]: { currentStepState: 'StepReady' } } });
  const what = 'rollouts.rollouts.kruise.io';
  return ['patch', what, NAME, '-n', namespace, '--subresource=status', '--type=merge', '-p', body];
}
