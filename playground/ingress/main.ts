import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { HttpRoute, Ingress, Pod, Service } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { openStore } from '../../src/cluster/store.ts';
import { routesPublisher } from './publish.ts';
import { routesOf } from './routes.ts';

// The ingress controller as a process of its own, started by ../parts.ts: follows the API, writes routes.
const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    'routes-dir': { type: 'string', default: 'routes' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
  },
});

/** Changes within this time are written together. */
const gatherMs = 5;

const log = pino();
const kubeConfig = loadKubeConfig(values.kubeconfig);
const cluster = clusterClient(kubeConfig, { fieldManager: 'playground-ingress' });
const deps = { kubeConfig, cluster, log, random: Math.random };
const ingresses = openStore<Ingress>(deps, resources.ingress);
const services = openStore<Service>(deps, resources.service);
const pods = openStore<Pod>(deps, resources.pod);
// A cluster of somebody's own need not know the kind.
const httpRoutes = openStore<HttpRoute>(deps, resources.httpRoute, { optional: true });
const stores = [ingresses, services, pods, httpRoutes];
const publish = routesPublisher(values['routes-dir']);

let changes = 0;
let published = 0;
let isPublishing = false;

async function publishChanges(): Promise<void> {
  changes += 1;
  if (isPublishing) return;
  isPublishing = true;
  while (published < changes) {
    await sleep(gatherMs);
    const upTo = changes;
    await publish(routesOf(ingresses.list(), services.list(), pods.list(), httpRoutes.list()));
    published = upTo;
  }
  isPublishing = false;
}

await Promise.all(stores.map((store) => store.start()));
await publishChanges();
// A failure to write is a full disk or the like: the process ends, and its log says why.
for (const store of stores) store.subscribe(() => void publishChanges());

createServer((_request, response) => response.writeHead(200).end('ready\n')).listen(
  Number(values.port),
  values.address,
);
