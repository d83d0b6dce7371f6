import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import { openStore } from '../../src/cluster/store.ts';
import { transport } from '../../src/cluster/transport.ts';
import { MARK, nodeNames } from '../mark.ts';
import { startKubelet } from './kubelet.ts';
import { keepNodeAlive, registerNode } from './node.ts';
import { serveTargets } from './targets.ts';

// The kubelet as a process of its own, started by ../parts.ts.
const { values } = parseArgs({
  options: {
    kubeconfig: { type: 'string' },
    address: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'address-prefix': { type: 'string', default: '127.10' },
    'ready-ms': { type: 'string', default: '800' },
    pods: { type: 'string', default: 'servers' },
    nodes: { type: 'string', default: '1' },
    // In a cluster of somebody's own only the pods of namespaces that bear the mark are this kubelet's.
    'own-cluster': { type: 'boolean', default: false },
  },
});

const names = nodeNames(Number(values.nodes));
const log = pino();
const kubeConfig = loadKubeConfig(values.kubeconfig);
const cluster = clusterClient(kubeConfig, { fieldManager: 'playground-kubelet' });
const targets = await serveTargets(values.address, Number(values.port));
await Promise.all(names.map((name) => registerNode(cluster, name, values.address, Date.now())));
const pods = openStore<Pod>({ kubeConfig, cluster, log, random: Math.random }, resources.pod);
startKubelet({
  cluster,
  send: transport(kubeConfig, 10_000),
  pods,
  targets,
  log,
  nodeNames: names,
  hostIp: values.address,
  addressPrefix: values['address-prefix'],
  readyMs: Number(values['ready-ms']),
  withServers: values.pods === 'servers',
  takes: values['own-cluster'] ? isMarkedNamespace : async () => true,
});
if (values['own-cluster']) for (const name of names) void keepNodeAlive(cluster, name, Date.now);
await pods.start();
targets.setReady();

async function isMarkedNamespace(name: string): Promise<boolean> {
  const read = await cluster.get(resources.namespace, { name });
  return read.ok && read.object.metadata.labels?.[MARK] !== undefined;
}
