import {
  CANARY_DEPLOYMENT_LABEL,
  IN_PROGRESSING_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  WORKLOAD_TYPE_LABEL,
} from '../../src/api/annotations.ts';
import type { Deployment, Pod, PodTemplate, ReplicaSet } from '../../src/api/kubernetes.ts';

/** The namespace, and the name of workload, Service, Ingress, Rollout and guard. */
export const NAMESPACE = 'shop';
export const NAME = 'echoserver';

/** A version is told by its image tag. */
export function template(version: string): PodTemplate {
  return {
    metadata: { labels: { app: NAME } },
    spec: { containers: [{ name: NAME, image: `example/echoserver:${version}` }] },
  };
}

/** The pod-template-hash that Kubernetes gave the pods of a version. */
export function podHash(version: string): string {
  return `hash-${version}`;
}

export interface DeploymentPart {
  version?: string;
  name?: string;
  uid?: string;
  replicas?: number;
  paused?: boolean;
  /** The Rollout that it says it is being released by. */
  markedFor?: string;
  labelled?: boolean;
  /** How many pods run its template, and how many pods there are and are available in all. */
  updated?: number;
  pods?: number;
  available?: number;
  ownerUid?: string;
  deleted?: boolean;
  generation?: number;
  observedGeneration?: number;
}

/** A workload at rest: five pods that all run its template, labelled and not held. */
export function deployment(part: DeploymentPart = {}): Deployment {
  const { version = 'v1', name = NAME, replicas = 5, generation = 1 } = part;
  const isCanary = part.ownerUid !== undefined;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: part.uid ?? `${name}-uid`,
      resourceVersion: '1',
      generation,
      ...(part.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      labels: {
        app: NAME,
        ...(isCanary ? { [CANARY_DEPLOYMENT_LABEL]: NAME } : {}),
        ...(isCanary || part.labelled === false ? {} : { [WORKLOAD_TYPE_LABEL]: 'deployment' }),
      },
      annotations: part.markedFor
        ? { [IN_PROGRESSING_ANNOTATION]: JSON.stringify({ rolloutName: part.markedFor }) }
        : {},
      ...(isCanary ? { ownerReferences: [owner('Rollout', NAME, part.ownerUid ?? '')] } : {}),
    },
    spec: {
      replicas,
      ...(part.paused === undefined ? {} : { paused: part.paused }),
      selector: { matchLabels: { app: NAME } },
      template: template(version),
    },
    status: {
      observedGeneration: part.observedGeneration ?? generation,
      replicas: part.pods ?? replicas,
      updatedReplicas: part.updated ?? replicas,
      readyReplicas: part.available ?? replicas,
      availableReplicas: part.available ?? replicas,
    },
  };
}

export interface ReplicaSetPart {
  version?: string;
  replicas?: number;
  /** The Deployment that made it. */
  of?: string;
  createdAt?: string;
}

export function replicaSet(part: ReplicaSetPart = {}): ReplicaSet {
  const { version = 'v1', of = NAME, replicas = 5 } = part;
  const { metadata, spec } = template(version);
  const labels = { ...metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: podHash(version) };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${of}-${podHash(version)}`,
      namespace: NAMESPACE,
      uid: `${of}-${version}-uid`,
      creationTimestamp: part.createdAt ?? '2025-12-01T00:00:00Z',
      labels,
      ownerReferences: [owner('Deployment', of, `${of}-uid`)],
    },
    spec: { replicas, template: { metadata: { labels }, spec } },
    status: { replicas, readyReplicas: replicas, availableReplicas: replicas },
  };
}

/** A canary pod; `waiting` is why its container does not run. */
export function pod(version: string, waiting?: { reason: string; message?: string }): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${NAME}-${version}-abcde`, namespace: NAMESPACE },
    spec: { containers: [{ name: NAME }] },
    status: {
      containerStatuses: [
        { name: NAME, ready: !waiting, restartCount: 0, state: waiting ? { waiting } : {} },
      ],
    },
  };
}

function owner(kind: string, name: string, uid: string) {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: true };
}
