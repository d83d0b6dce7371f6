import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { marked } from '../mark.ts';

const nodes: Resource = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

/** How often a kubelet says that it lives. A cluster takes a node for dead after 40 s without. */
const HEARTBEAT_MS = 10_000;

/** Registers a node that pods run on: ready, large, and without taints. */
export async function registerNode(
  cluster: Cluster,
  name: string,
  hostIp: string,
  now: number,
): Promise<void> {
  const at = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const node: KubeObject = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
  };
  const created = await cluster.create(nodes, marked(node));
  if (!created.ok && created.fault.kind !== 'AlreadyExists')
    throw new Error(`The node could not be registered: ${created.fault.message}`);

  const size = { cpu: '1000', memory: '1000Gi', pods: '65000' };
  const status = {
    capacity: size,
    allocatable: size,
    addresses: [
      { type: 'InternalIP', address: hostIp },
      { type: 'Hostname', address: name },
    ],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'KubeletReady',
        message: 'The playground runs',
        lastHeartbeatTime: at,
        lastTransitionTime: at,
      },
    ],
    nodeInfo: {
      kubeletVersion: 'assay-playground',
      containerRuntimeVersion: 'loopback://1',
      operatingSystem: 'linux',
    },
  };
  const written = await cluster.patch(nodes, { name }, { type: 'merge', body: { status } }, 'status');
  if (!written.ok) throw new Error(`The node's status could not be written: ${written.fault.message}`);
  // The API server taints every new node until a controller, which does not run here, finds it ready.
  await cluster.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: null } } });
}

/**
 * Renews the node's Lease until the process ends, as every kubelet does. Needed where the cluster's controllers
 * watch over nodes, which the playground's own do not.
 */
export async function keepNodeAlive(cluster: Cluster, name: string, clock: () => number): Promise<never> {
  for (;;) {
    const lease: KubeObject = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
      spec: {
        holderIdentity: name,
        leaseDurationSeconds: 40,
        renewTime: new Date(clock()).toISOString().replace('Z', '000Z'),
      },
    } as KubeObject;
    await cluster.patch(
      resources.lease,
      { name, namespace: 'kube-node-lease' },
      { type: 'apply', body: lease },
    );
    await sleep(HEARTBEAT_MS);
  }
}
