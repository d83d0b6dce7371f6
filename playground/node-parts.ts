import { join } from 'node:path';
import { freePort } from './address-block.ts';
import { cacheDir } from './cache-dir.ts';
import type { ServerPlace } from './etcd.ts';
import { answersOk, type Part, startPart } from './process.ts';

export interface KubeletPlace extends ServerPlace {
  kubeconfig: string;
  addressPrefix: string;
  podReadyMs: number;
  pods: 'servers' | 'status-only';
  nodes: number;
  /** Whether the cluster is somebody's own, where other pods are none of its business. */
  isOwnCluster: boolean;
}

/** Starts the playground's kubelet. Its `url` serves `/targets`, the pods for Prometheus. */
export async function startKubelet(place: KubeletPlace): Promise<Part> {
  return startNodePart('kubelet', place, {
    kubeconfig: place.kubeconfig,
    'address-prefix': place.addressPrefix,
    'ready-ms': String(place.podReadyMs),
    pods: place.pods,
    nodes: String(place.nodes),
    ...(place.isOwnCluster && { 'own-cluster': '' }),
  });
}

/** Starts the ingress controller, which writes into `routesDir` what nginx reads. */
export function startIngressController(
  place: ServerPlace,
  kubeconfig: string,
  routesDir: string,
): Promise<Part> {
  return startNodePart('ingress', place, { kubeconfig, 'routes-dir': routesDir });
}

/** Starts `main.ts` of the folder with this name, which answers on `/readyz` once it is ready. */
export async function startNodePart(
  name: 'kubelet' | 'ingress' | 'clone-set',
  { logsDir, address }: ServerPlace,
  flags: Record<string, string>,
): Promise<Part> {
  const port = await freePort(address);
  const url = `http://${address}:${port}`;
  const all = { ...flags, address, port: String(port) };
  return startPart({
    name,
    command: process.execPath,
    args: [
      join(import.meta.dirname, name, 'main.ts'),
      ...Object.entries(all).map(([flag, value]) => (value === '' ? `--${flag}` : `--${flag}=${value}`)),
    ],
    // Compiling the Kubernetes client anew would take half of the start.
    env: { NODE_COMPILE_CACHE: join(cacheDir(), 'node-compile') },
    url,
    logsDir,
    isReady: answersOk(`${url}/readyz`),
  });
}
