import { setTimeout as sleep } from 'node:timers/promises';
import type { Playground } from '../../playground/playground.ts';
import type { Deployment, Ingress, KubeObject, Service } from '../../src/api/kubernetes.ts';
import { apiVersionOf, type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster, ClusterResult } from '../../src/cluster/port.ts';

/** Each step adds one pod to the canary, which has a Deployment of its own beside an Ingress. */
export const STEPS = [
  { replicas: 1, traffic: '10%', pause: { duration: 1 } },
  { replicas: 2, traffic: '40%', pause: { duration: 1 } },
  { replicas: 3, traffic: '60%', pause: { duration: 1 } },
];
export const REPLICAS = 3;

const NAMESPACES = 10;
/** Requests of the bench at a time. */
const AT_A_TIME = 16;
const LIMIT_MS = 600_000;
/** To list a thousand objects is work for the API server that shares the cores with what is measured. */
const LOOK_MS = 5_000;

/** One application: Deployment, Service, Ingress and Rollout of one name. */
export interface App {
  namespace: string;
  name: string;
}

export interface Load {
  apps: readonly App[];
  /** Gives these another template, and waits until each release has ended. Answers what is remembered of them. */
  release(apps: readonly App[]): Promise<RolloutRecord[]>;
}

/** Makes so many applications in ten namespaces, and waits until all their Rollouts are Healthy; the first have more pods. */
export async function openLoad(
  playground: Playground,
  count: number,
  large: number,
  say: (line: string) => void,
): Promise<Load> {
  const cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'bench' });
  const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `engine-${index}`);
  for (const namespace of namespaces) await playground.createNamespace(namespace);
  const apps = Array.from(
    { length: count },
    (_, index): App => ({
      namespace: `engine-${index % NAMESPACES}`,
      name: `app-${String(index).padStart(4, '0')}`,
    }),
  );
  await eachOf(apps, async (app, index) => {
    for (const [resource, object] of objectsOf(app, index < large ? REPLICAS : 1))
      must(await cluster.create(resource, object));
  });
  say(`${count} applications are created`);
  await until(say, count, 'Rollouts are Healthy', async () => {
    const rollouts = await listAll<Rollout>(cluster, resources.rollout, namespaces);
    return rollouts.filter(({ status }) => status?.phase === 'Healthy').length;
  });
  return {
    apps,
    release: async (released) => {
      await eachOf(released, async (app) => {
        const body = { spec: { template: { spec: { containers: [container('v2')] } } } };
        must(await cluster.patch(resources.deployment, app, { type: 'merge', body }));
      });
      const names = new Set(released.map(({ name }) => name));
      const records = async () =>
        (await listAll<RolloutRecord>(cluster, resources.rolloutRecord, namespaces)).filter(({ metadata }) =>
          names.has(metadata.name),
        );
      await until(say, released.length, 'releases have ended', async () => {
        const ended = (await records()).filter(({ status }) => status.release?.stage === 'Completed');
        return ended.length;
      });
      return records();
    },
  };
}

function objectsOf({ namespace, name }: App, replicas: number): [Resource, KubeObject][] {
  const labels = { app: name };
  const metadata = { namespace, name };
  const deployment = {
    apiVersion: apiVersionOf(resources.deployment),
    kind: resources.deployment.kind,
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container('v1')] } },
    },
  } as Deployment;
  const service = {
    apiVersion: 'v1',
    kind: resources.service.kind,
    metadata,
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  } as unknown as Service;
  const backend = { service: { name, port: { number: 80 } } };
  const ingress = {
    apiVersion: apiVersionOf(resources.ingress),
    kind: resources.ingress.kind,
    metadata: { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
    spec: {
      rules: [{ host: `${name}.example.com`, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  } as Ingress;
  const rollout = {
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: resources.rollout.kind,
    metadata,
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      strategy: {
        canary: {
          enableExtraWorkloadForCanary: true,
          steps: STEPS,
          trafficRoutings: [{ service: name, ingress: { name } }],
        },
      },
    },
  } as Rollout;
  return [
    [resources.deployment, deployment],
    [resources.service, service],
    [resources.ingress, ingress],
    [resources.rollout, rollout],
  ];
}

function container(version: string) {
  return { name: 'app', image: `example/app:${version}`, ports: [{ containerPort: 8080 }] };
}

async function eachOf<T>(items: readonly T[], act: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) await act(items[index] as T, index);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

async function listAll<T extends KubeObject>(
  cluster: Cluster,
  resource: Resource,
  namespaces: readonly string[],
): Promise<T[]> {
  const lists = await Promise.all(namespaces.map((namespace) => cluster.list<T>(resource, { namespace })));
  return lists.flatMap((list) => must(list).items);
}

function must<T>(result: ClusterResult<T>): T {
  if (!result.ok) throw new Error(result.fault.message);
  return result.object;
}

async function until(
  say: (line: string) => void,
  wanted: number,
  what: string,
  count: () => Promise<number>,
): Promise<void> {
  const giveUpAt = performance.now() + LIMIT_MS;
  for (let told = 0; ; ) {
    const present = await count();
    if (present === wanted) return;
    if (performance.now() > giveUpAt)
      throw new Error(`after ${LIMIT_MS / 1_000} s only ${present} of ${wanted} ${what}`);
    if (present - told >= wanted / 4) {
      told = present;
      say(`${present} of ${wanted} ${what}`);
    }
    await sleep(LOOK_MS);
  }
}
