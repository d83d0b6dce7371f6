import { createServer } from 'node:http';
import type { RunnablePod } from './pod-status.ts';

/** Where Prometheus finds the pods, in the form of http_sd. */
export interface Targets {
  set(pod: RunnablePod, target: string | undefined): void;
  setReady(): void;
}

interface TargetGroup {
  targets: string[];
  labels: Record<string, string>;
}

/** Serves `/targets` for Prometheus and `/readyz` for whoever starts the kubelet. */
export function serveTargets(address: string, port: number): Promise<Targets> {
  const groups = new Map<string, TargetGroup>();
  let ready = false;
  const server = createServer((request, response) => {
    if (request.url === '/targets') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify([...groups.values()]));
    } else if (request.url === '/readyz') {
      response.writeHead(ready ? 200 : 503).end();
    } else {
      response.writeHead(404).end('This serves /targets and /readyz\n');
    }
  });
  const targets: Targets = {
    set: (pod, target) => {
      const key = pod.metadata.uid ?? '';
      if (target === undefined) groups.delete(key);
      else groups.set(key, { targets: [target], labels: discoveredLabels(pod, target) });
    },
    setReady: () => {
      ready = true;
    },
  };
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve(targets));
  });
}

/** The labels that kubernetes_sd gives a pod's target. */
export function discoveredLabels({ metadata, spec }: RunnablePod, target: string): Record<string, string> {
  const prefix = '__meta_kubernetes_';
  const labels: Record<string, string> = {
    [`${prefix}namespace`]: metadata.namespace ?? '',
    [`${prefix}pod_name`]: metadata.name,
    [`${prefix}pod_uid`]: metadata.uid ?? '',
    [`${prefix}pod_ip`]: target.split(':')[0] ?? '',
    [`${prefix}pod_node_name`]: spec.nodeName ?? '',
    [`${prefix}pod_container_name`]: spec.containers[0]?.name ?? '',
    [`${prefix}pod_container_port_number`]: target.split(':')[1] ?? '',
  };
  for (const [name, value] of Object.entries(metadata.labels ?? {}))
    labels[`${prefix}pod_label_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`] = value;
  return labels;
}
