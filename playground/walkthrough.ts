import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseObject } from '../src/api/kind.ts';
import { kindOf } from '../src/api/kinds.ts';
import type { Deployment, KubeObject } from '../src/api/kubernetes.ts';
import { type Resource, resources } from '../src/api/resource.ts';
import type { Rollout } from '../src/api/rollout.ts';
import type { RolloutRecord } from '../src/api/rollout-record.ts';
import { clusterClient } from '../src/cluster/client.ts';
import { loadKubeConfig } from '../src/cluster/kubeconfig.ts';
import type { Store } from '../src/cluster/port.ts';
import { openStore } from '../src/cluster/store.ts';
import { MARK } from './mark.ts';
import type { Playground } from './playground.ts';

/** The names of the walkthrough: one Deployment, Service and Ingress, and the Rollout that releases it. */
export const NAMESPACE = 'kruise-rollout';
export const ROLLOUT = 'rollouts-demo-1';
export const WORKLOAD = 'echoserver';
export const HOST = 'echoserver.example.com';
export const PATH = '/apis/echo';

const REPOSITORY = 'cilium/echoserver';
const LONGEST_WAIT_MS = 120_000;
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function repositoryFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Applies the walkthrough's manifests, unchanged, to its namespace, and waits until its pods are ready. */
export async function applyWalkthrough({ kubectl, createNamespace }: Playground): Promise<void> {
  await createNamespace(NAMESPACE);
  await kubectl(['apply', '-n', NAMESPACE, '-f', repositoryFile('examples/walkthrough/echoserver.yaml')]);
  await kubectl(['apply', '-n', NAMESPACE, '-f', repositoryFile('examples/walkthrough/rollout.yaml')]);
  await kubectl(['rollout', 'status', '-n', NAMESPACE, `deployment/${WORKLOAD}`, '--timeout=60s']);
}

/** Applies the walkthrough's workload once more with another image tag, as a person with an edited file does. */
export async function releaseTag({ kubectl }: Playground, tag: string): Promise<void> {
  const manifest = await readFile(repositoryFile('examples/walkthrough/echoserver.yaml'), 'utf8');
  await kubectl(
    ['apply', '-n', NAMESPACE, '-f', '-'],
    manifest.replace(/image: .*/, `image: ${imageOf(tag)}`),
  );
}

export function imageOf(tag: string): string {
  return `${REPOSITORY}:${tag}`;
}

/** Applies every template of analysis-templates/, not the files that test them. */
export async function applyTemplates({ kubectl }: Playground): Promise<void> {
  const folder = repositoryFile('analysis-templates');
  const names = (await readdir(folder)).filter((name) => /(?<!\.test)\.yaml$/.test(name));
  const files = names.flatMap((name) => ['-f', `${folder}/${name}`]);
  await kubectl(['apply', ...files]);
  await kubectl(['label', '--overwrite', ...files, `${MARK}=`]);
}

/** The image that a Deployment asks for. */
export function imageIn(deployment: Deployment | undefined): string | undefined {
  const containers = deployment?.spec.template.spec['containers'];
  return Array.isArray(containers) ? (containers[0] as { image?: string } | undefined)?.image : undefined;
}

/** What there is to see of the walkthrough, all of it through watches. */
export interface Watched {
  store<T extends KubeObject>(resource: Resource): Store<T>;
  get<T extends KubeObject>(resource: Resource, name: string): T | undefined;
  rollout(): Rollout | undefined;
  record(): RolloutRecord | undefined;
  deployment(): Deployment | undefined;
  /** Deployments, Services and Ingresses that are not the walkthrough's own. */
  leftOver(): KubeObject[];
  close(): void;
}

const WATCHED = [
  resources.rollout,
  resources.rolloutRecord,
  resources.analysisRun,
  resources.deployment,
  resources.service,
  resources.ingress,
  resources.pod,
];

/** Watches the namespace of the walkthrough as the administrator. Resolves when everything has been read once. */
export async function watchWalkthrough({ adminKubeconfig }: Playground): Promise<Watched> {
  const kubeConfig = loadKubeConfig(adminKubeconfig);
  const cluster = clusterClient(kubeConfig, { fieldManager: 'walkthrough' });
  const deps = { kubeConfig, cluster, log: QUIET, random: Math.random };
  const opened = new Map(
    WATCHED.map((resource) => {
      const parse = (raw: KubeObject) => parsed(resource, raw);
      return [
        resource.plural,
        openStore<KubeObject>(deps, resource, { namespace: NAMESPACE, parse }),
      ] as const;
    }),
  );
  const store = <T extends KubeObject>(resource: Resource): Store<T> => {
    const found = opened.get(resource.plural);
    if (!found) throw new Error(`${resource.plural} are not watched`);
    return found as unknown as Store<T>;
  };
  const get = <T extends KubeObject>(resource: Resource, name: string) =>
    store<T>(resource).get({ namespace: NAMESPACE, name });
  await Promise.all([...opened.values()].map((each) => each.start()));
  return {
    store,
    get,
    rollout: () => get<Rollout>(resources.rollout, ROLLOUT),
    record: () => get<RolloutRecord>(resources.rolloutRecord, ROLLOUT),
    deployment: () => get<Deployment>(resources.deployment, WORKLOAD),
    leftOver: () =>
      [resources.deployment, resources.service, resources.ingress]
        .flatMap((resource) => [...store(resource).list(NAMESPACE)])
        .filter(({ metadata }) => metadata.name !== WORKLOAD),
    close: () => {
      for (const each of opened.values()) each.stop();
    },
  };
}

function parsed(resource: Resource, raw: KubeObject): KubeObject | undefined {
  const kind = kindOf(resource);
  const result = kind ? parseObject(kind, raw) : undefined;
  return result?.ok === false ? undefined : (result?.object ?? raw);
}

/** Whether the newest release has ended, and it is not the one with this id. */
export function hasEnded(watched: Pick<Watched, 'record' | 'rollout'>, releaseBefore: number): boolean {
  const status = watched.record()?.status;
  return (
    (status?.releaseId ?? 0) > releaseBefore &&
    status?.release?.stage === 'Completed' &&
    watched.rollout()?.status?.phase === 'Healthy'
  );
}

/** Waits until `met` answers true, looking every 20 ms; throws after `limitMs` with what was waited for. */
export async function until(
  what: string,
  met: () => boolean,
  { signal, limitMs = LONGEST_WAIT_MS }: { signal?: AbortSignal; limitMs?: number } = {},
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!met()) {
    signal?.throwIfAborted();
    if (performance.now() > giveUpAt)
      throw new Error(`after ${limitMs / 1_000} s it is still not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
