import { PROGRESSING_FINALIZER_PREFIX, TRAFFIC_ROUTING_FINALIZER } from '../../src/api/annotations.ts';
import type { SharedRouting, SharedRoutingStatus } from '../../src/api/traffic-routing.ts';
import { NAME, NAMESPACE } from './deployment.ts';

export const SHARED_NAME = 'testers';

export interface SharedPart {
  /** undefined for one that nobody has looked at yet. */
  phase?: string | undefined;
  status?: Partial<SharedRoutingStatus>;
  /** The Rollouts whose finalizers it has. */
  participants?: string[];
  /** Whether it has the controller's own finalizer. */
  kept?: boolean;
  deleted?: boolean;
  generation?: number;
  strategy?: SharedRouting['spec']['strategy'];
  objectRef?: SharedRouting['spec']['objectRef'];
}

export const TESTERS: SharedRouting['spec']['strategy'] = {
  matches: [{ headers: [{ type: 'Exact', name: 'x-user', value: 'tester' }] }],
  requestHeaderModifier: { set: [{ name: 'x-lane', value: 'gray' }] },
};

/** A TrafficRouting that marks the requests of testers, by the HTTPRoute in front of the Service; Healthy unless told. */
export function sharedRouting(part: SharedPart = {}): SharedRouting {
  const { participants = [], kept = true, generation = 1 } = part;
  const phase = 'phase' in part ? part.phase : 'Healthy';
  return {
    apiVersion: 'rollouts.kruise.io/v1alpha1',
    kind: 'TrafficRouting',
    metadata: {
      name: SHARED_NAME,
      namespace: NAMESPACE,
      uid: 'shared-uid',
      resourceVersion: '1',
      generation,
      creationTimestamp: '2025-12-01T00:00:00Z',
      finalizers: [
        ...(kept ? [TRAFFIC_ROUTING_FINALIZER] : []),
        ...participants.map((name) => `${PROGRESSING_FINALIZER_PREFIX}${name}`),
      ],
      ...(part.deleted && { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    },
    spec: {
      objectRef: part.objectRef ?? [
        { service: NAME, gracePeriodSeconds: 5, gateway: { httpRouteName: NAME } },
      ],
      strategy: part.strategy ?? TESTERS,
    },
    ...(phase === undefined ? {} : { status: { observedGeneration: 1, phase, ...part.status } }),
  };
}
