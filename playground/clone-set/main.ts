import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { systemClock } from '../../src/clock.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { openStore } from '../../src/cluster/store.ts';
import { CLONE_SET_KINDS, runCloneSets } from './controller.ts';

// The stand-in for OpenKruise's controller as a process of its own, started by ../clone-sets.ts. OpenKruise itself is not
// here: what Assay does with CloneSets was tried against this.
const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
  },
});

const log = pino();
const kubeConfig = loadKubeConfig(values.kubeconfig);
const cluster = clusterClient(kubeConfig, { fieldManager: 'playground-clone-sets' });
const stores = new Map(
  CLONE_SET_KINDS.map((resource) => [
    resource,
    openStore<KubeObject>({ kubeConfig, cluster, log, random: Math.random }, resource),
  ]),
);
await Promise.all([...stores.values()].map((store) => store.start()));
runCloneSets({
  cluster,
  stores: {
    of: (resource) => {
      const [, store] = [...stores].find(([{ plural }]) => plural === resource.plural) ?? [];
      if (!store) throw new Error(`${resource.plural} are not watched`);
      return store;
    },
  },
  clock: systemClock,
  onTrouble: (message) => log.warn(message),
});

createServer((_request, response) => response.writeHead(200).end('ready\n')).listen(
  Number(values.port),
  values.address,
);
