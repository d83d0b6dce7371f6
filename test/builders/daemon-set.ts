import type { DaemonSet } from '../../src/api/kubernetes.ts';
import { NAME, NAMESPACE, template } from './deployment.ts';

export interface DaemonSetPart {
  version?: string;
  updateStrategy?: DaemonSet['spec']['updateStrategy'];
  annotations?: Record<string, string>;
  generation?: number;
  status?: DaemonSet['status'];
}

/** As its author applied it, and as the API server fills it in: one pod may be missing. */
export function daemonSet(part: DaemonSetPart = {}): DaemonSet {
  const { version = 'v1', generation = 1 } = part;
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: `${NAME}-uid`,
      generation,
      ...(part.annotations && { annotations: part.annotations }),
    },
    spec: {
      selector: { matchLabels: { app: NAME } },
      template: template(version),
      updateStrategy: part.updateStrategy ?? {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
      },
    },
    ...(part.status && { status: part.status }),
  };
}
