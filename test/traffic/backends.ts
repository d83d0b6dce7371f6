import type { Pod, Service } from '../../src/api/kubernetes.ts';
import { NAME, NAMESPACE } from '../builders/deployment.ts';

/** What routes of the contract tests lead to: each a Service with one pod, so that the router's answer names it. */
const BACKENDS = [NAME, `${NAME}-canary`, 'help', 'docs'];

export const backendServices = BACKENDS.map(
  (name): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: NAMESPACE },
    spec: { selector: { name }, ports: [{ port: 80 }] },
  }),
);

export const backendPods = BACKENDS.map(
  (name): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE, labels: { name } },
    spec: { containers: [] },
    status: { podIP: name, conditions: [{ type: 'Ready', status: 'True' }] },
  }),
);

/** `stable`, `canary`, or what the router said. */
export function wordOf(peer: string): string {
  if (peer === `${NAME}:80`) return 'stable';
  return peer === `${NAME}-canary:80` ? 'canary' : peer;
}
