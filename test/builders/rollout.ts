import { ROLLOUT_FINALIZER, ROLLOUT_HASH_ANNOTATION } from '../../src/api/annotations.ts';
import type { Rollout, RolloutStep, TrafficRouting } from '../../src/api/rollout.ts';
import { planHash } from '../../src/rollout/plan.ts';
import { NAME, NAMESPACE } from './deployment.ts';

export const ROLLOUT_UID = 'rollout-uid';

export interface RolloutPart {
  name?: string;
  uid?: string;
  steps?: RolloutStep[];
  /** null for a Rollout that routes nothing. */
  routing?: TrafficRouting | null;
  /** Blue-green in place of the extra Deployment. */
  blueGreen?: boolean;
  failureThreshold?: number | string;
  /** The TrafficRouting that it names. */
  shared?: string;
  patch?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  paused?: boolean;
  disabled?: boolean;
  deleted?: boolean;
  annotations?: Record<string, string>;
  labels?: Record<string, string>;
  /** Whether the controller has taken it into care: its finalizer and the hash of its plan. */
  adopted?: boolean;
  status?: Rollout['status'];
  kind?: string;
}

/** Two steps, 5 % and 50 % of the traffic, each of which waits; a grace period of 3 s. */
export const TWO_STEPS: RolloutStep[] = [
  { replicas: '20%', traffic: '5%', pause: {} },
  { replicas: '60%', traffic: '50%', pause: {} },
];

export function rollout(part: RolloutPart = {}): Rollout {
  const { steps = TWO_STEPS, routing = { service: NAME, ingress: { name: NAME } } } = part;
  const plain: Rollout = {
    apiVersion: 'rollouts.kruise.io/v1beta1',
    kind: 'Rollout',
    metadata: {
      name: part.name ?? NAME,
      namespace: NAMESPACE,
      uid: part.uid ?? ROLLOUT_UID,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '2025-12-01T00:00:00Z',
      ...(part.deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      ...(part.labels ? { labels: part.labels } : {}),
      annotations: { ...part.annotations },
    },
    spec: {
      ...(part.disabled === undefined ? {} : { disabled: part.disabled }),
      workloadRef: { apiVersion: 'apps/v1', kind: part.kind ?? 'Deployment', name: NAME },
      strategy: {
        ...(part.paused === undefined ? {} : { paused: part.paused }),
        [part.blueGreen ? 'blueGreen' : 'canary']: {
          ...(part.blueGreen ? {} : { enableExtraWorkloadForCanary: true }),
          steps,
          ...(routing === null ? {} : { trafficRoutings: [routing] }),
          ...(part.shared === undefined ? {} : { trafficRoutingRef: part.shared }),
          ...(part.failureThreshold === undefined ? {} : { failureThreshold: part.failureThreshold }),
          ...(part.patch === undefined ? {} : { patchPodTemplateMetadata: part.patch }),
        },
      },
    },
    ...(part.status ? { status: part.status } : {}),
  };
  if (part.adopted === false) return plain;
  return {
    ...plain,
    metadata: {
      ...plain.metadata,
      finalizers: [ROLLOUT_FINALIZER],
      annotations: { ...plain.metadata.annotations, [ROLLOUT_HASH_ANNOTATION]: planHash(plain) },
    },
  };
}
