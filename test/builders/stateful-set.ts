import { CONTROLLER_REVISION_LABEL } from '../../src/api/annotations.ts';
import type { ControllerRevision, Pod, StatefulSet } from '../../src/api/kubernetes.ts';
import { NAME, NAMESPACE, template } from './deployment.ts';

export interface StatefulSetPart {
  version?: string;
  replicas?: number;
  updateStrategy?: StatefulSet['spec']['updateStrategy'];
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  generation?: number;
  status?: StatefulSet['status'];
}

/** As its author applied it, and as the API server fills it in: a partition of 0. */
export function statefulSet(part: StatefulSetPart = {}): StatefulSet {
  const { version = 'v1', replicas = 4, generation = 1 } = part;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: `${NAME}-uid`,
      generation,
      ...(part.annotations && { annotations: part.annotations }),
      ...(part.labels && { labels: part.labels }),
    },
    spec: {
      replicas,
      selector: { matchLabels: { app: NAME } },
      template: template(version),
      updateStrategy: part.updateStrategy ?? { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    },
    ...(part.status && { status: part.status }),
  };
}

/** What its controller keeps of a version; pods of it carry the name. */
export function kept(
  version: string,
  revision: number,
  createdAt = '2025-12-01T00:00:00Z',
): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${NAME}-${version}`,
      namespace: NAMESPACE,
      creationTimestamp: createdAt,
      labels: { [CONTROLLER_REVISION_LABEL]: `${NAME}-${version}` },
    },
    revision,
    data: { spec: { template: { ...template(version), $patch: 'replace' } } },
  };
}

export interface OwnPodPart {
  ready?: boolean;
  phase?: string;
  createdAt?: string;
  annotations?: Record<string, string>;
  going?: boolean;
}

/** One of a workload's own pods, ready unless told. */
export function ownPod(name: string, version: string, part: OwnPodPart = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${NAME}-${name}`,
      namespace: NAMESPACE,
      creationTimestamp: part.createdAt ?? '2025-12-01T00:00:00Z',
      labels: { [CONTROLLER_REVISION_LABEL]: `${NAME}-${version}` },
      ...(part.annotations && { annotations: part.annotations }),
      ...(part.going && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: { containers: [{ name: NAME }] },
    status: {
      phase: part.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: part.ready === false ? 'False' : 'True' }],
    },
  };
}
