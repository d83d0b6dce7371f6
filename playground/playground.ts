import { join } from 'node:path';
import { type AddressBlock, takeAddressBlock } from './address-block.ts';
import { startApiServer } from './apiserver.ts';
import { buildControlPlane, type ControlPlane } from './build.ts';
import { startCloneSets } from './clone-sets.ts';
import { type ClusterAccess, openClusterAccess } from './cluster-access.ts';
import { startControllerManager } from './controller-manager.ts';
import { makeCredentials } from './credentials.ts';
import { type ServerPlace, startEtcd } from './etcd.ts';
import { startNginx } from './ingress/nginx.ts';
import { makeInstanceDir, writeState } from './instance-dir.ts';
import { MARK } from './mark.ts';
import { startIngressController, startKubelet } from './node-parts.ts';
import { cleanUp, refuseOccupied } from './own-cluster.ts';
import type { Part } from './process.ts';
import { startPrometheus } from './prometheus.ts';
import { startRedis } from './redis.ts';
import { installSystemPackages } from './system-packages.ts';

/** Somebody's own cluster in place of a control plane of the playground's. */
export interface OwnCluster {
  /** The path of its kubeconfig. The cluster must be empty of Assay and Kruise, and is left as it was found. */
  kubeconfig?: string;
  /** The address of this machine at which its API server reaches webhooks, 127.0.0.1 unless told. */
  webhookAddress?: string;
}

export interface PlaygroundOptions extends OwnCluster {
  /** Where everything is kept; must be empty or absent. A temporary folder unless told. */
  dir?: string;
  /** From a pod's start until it is ready, 800 ms unless told. */
  podReadyMs?: number;
  /** Whether pods answer requests, or only have a status, as thousands of them may. */
  pods?: 'servers' | 'status-only';
  /** Whether CloneSets are there from the start. */
  cloneSets?: boolean;
  /** How many nodes there are: so many pods has a DaemonSet. One unless told. */
  nodes?: number;
  /** Leaves the logs where they are when it closes. */
  keepLogs?: boolean;
  /** Whether this process exists for the playground alone, so that `down` may end it. */
  detached?: boolean;
  onProgress?: (line: string) => void;
}

/** A Kubernetes control plane on loopback, or a cluster of somebody's own, with pods, ingress, Prometheus and Redis. */
export interface Playground extends ClusterAccess {
  dir: string;
  logsDir: string;
  prometheusUrl: string;
  redisUrl: string;
  /** nginx, following the Ingress objects; it routes by the Host header. */
  ingressUrl: string;
  /** `ip:port` of the same. */
  ingressAddress: string;
  helmPath: string;
  /** The address of this machine at which the API server reaches webhooks. */
  webhookAddress: string;
  /** Makes a namespace that goes with the playground, and whose pods run on its nodes. */
  createNamespace(name: string): Promise<void>;
  /** Makes CloneSets a kind of the cluster, with a stand-in for OpenKruise's controller. */
  startCloneSets(): Promise<void>;
  /** Every process, by what it is. */
  parts: readonly Part[];
  /** Ends all parts and removes the folder. */
  close(): Promise<void>;
}

/**
 * Brings a playground up and resolves when all of it can be used: seconds, and minutes the very first time,
 * when the control plane is built. Its processes die with this one, however it ends.
 * @throws when something is missing or does not start, saying what to do; nothing is left behind then.
 */
export async function openPlayground(options: PlaygroundOptions = {}): Promise<Playground> {
  const onProgress = options.onProgress ?? (() => undefined);
  await installSystemPackages(onProgress);
  const programs = await buildControlPlane(onProgress);
  const { dir, logsDir, remove } = await makeInstanceDir(options.dir);
  const parts: Part[] = [];
  let addresses: AddressBlock | undefined;
  let control: Control | undefined;
  let closing: Promise<void> | undefined;

  function close(): Promise<void> {
    closing ??= closeAll();
    return closing;
  }

  async function closeAll(): Promise<void> {
    // While the node still lives, so that its pods end as pods do.
    const stayed = (await control?.leave()) ?? [];
    for (const sentence of stayed) onProgress(sentence);
    await Promise.all(parts.map((part) => part.kill()));
    await remove(options.keepLogs ?? false);
    await addresses?.release();
  }

  async function started(starting: Promise<Part>): Promise<Part> {
    const part = await starting;
    parts.push(part);
    onProgress(`${part.name} is ready at ${part.url}`);
    void part.ended.then((how) => {
      if (!closing) onProgress(`${part.name} ${how}; its log: ${part.logFile}`);
    });
    return part;
  }

  try {
    addresses = await takeAddressBlock();
    const place = { dir, logsDir, address: addresses.serverAddress };
    const routesDir = join(dir, 'routes');
    const [redis, nginx, cluster] = await all([
      started(startRedis(place)),
      started(startNginx(place, routesDir)),
      options.kubeconfig === undefined
        ? startControlPlane(place, programs, started)
        : joinCluster(options.kubeconfig, programs, dir),
    ]);
    control = cluster;
    const { access, kubeconfigs } = cluster;
    const kubelet = {
      ...place,
      kubeconfig: kubeconfigs['playground-kubelet'],
      addressPrefix: addresses.prefix,
      podReadyMs: options.podReadyMs ?? 800,
      pods: options.pods ?? 'servers',
      nodes: options.nodes ?? 1,
      isOwnCluster: options.kubeconfig !== undefined,
    };
    const [prometheus] = await all([
      started(startKubelet(kubelet)).then(({ url }) => started(startPrometheus(place, `${url}/targets`))),
      started(startIngressController(place, kubeconfigs['playground-ingress'], routesDir)),
    ]);
    const withCloneSets = async () => void (await started(startCloneSets(place, access)));
    if (options.cloneSets) await withCloneSets();
    await writeState(dir, {
      ownerPid: process.pid,
      detached: options.detached ?? false,
      parts: parts.map(stateOf),
    });
    return {
      ...access,
      dir,
      logsDir,
      prometheusUrl: prometheus.url,
      redisUrl: redis.url,
      ingressUrl: nginx.url,
      ingressAddress: new URL(nginx.url).host,
      helmPath: programs.helm,
      webhookAddress: options.webhookAddress ?? '127.0.0.1',
      createNamespace: async (name) => {
        const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [MARK]: '' } } };
        await access.kubectl(['create', '-f', '-'], JSON.stringify(namespace));
      },
      startCloneSets: withCloneSets,
      parts,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The API server that the other parts work with. */
interface Control {
  access: ClusterAccess;
  kubeconfigs: Record<'playground-kubelet' | 'playground-ingress', string>;
  /** Takes back what was brought there. Answers in sentences what had to stay. */
  leave(): Promise<string[]>;
}

async function startControlPlane(
  place: ServerPlace,
  programs: ControlPlane,
  started: (starting: Promise<Part>) => Promise<Part>,
): Promise<Control> {
  const [etcd, credentials] = await all([
    started(startEtcd(place)),
    makeCredentials(join(place.dir, 'credentials')),
  ]);
  const apiServer = await startApiServer(place, programs.apiserver, etcd.url, credentials);
  await started(Promise.resolve(apiServer.part));
  const { kubeconfigs } = apiServer;
  const [access] = await all([
    openClusterAccess({
      kubectlProgram: programs.kubectl,
      adminKubeconfig: kubeconfigs.admin,
      dir: place.dir,
    }),
    started(startControllerManager(place, programs.controllerManager, apiServer, credentials)),
  ]);
  // It goes with all that is in it.
  return { access, kubeconfigs, leave: async () => [] };
}

async function joinCluster(kubeconfig: string, { kubectl }: ControlPlane, dir: string): Promise<Control> {
  const access = await openClusterAccess({ kubectlProgram: kubectl, adminKubeconfig: kubeconfig, dir });
  await refuseOccupied(access);
  return {
    access,
    kubeconfigs: { 'playground-kubelet': kubeconfig, 'playground-ingress': kubeconfig },
    leave: () => cleanUp(access),
  };
}

/** Waits for every one, so that what still starts while another fails is not forgotten, and then for the values. */
async function all<T extends readonly unknown[]>(
  starting: {
    [Index in keyof T]: Promise<T[Index]>;
  },
): Promise<T> {
  await Promise.allSettled(starting);
  return (await Promise.all(starting)) as unknown as T;
}

function stateOf({ name, pid, url, logFile }: Part): {
  name: string;
  pid: number;
  url: string;
  logFile: string;
} {
  return { name, pid, url, logFile };
}
