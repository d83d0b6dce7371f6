import { join } from 'node:path';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { readObjects } from '../scenarios/scenario.ts';

/** What stories are told about: files of test/scenarios/manifests. A style or a provider joins with one line. */
export const CASTS = {
  'Deployment in canary style, Ingress': ['echoserver', 'rollout'],
  'Deployment in canary style, HTTPRoute': ['echoserver', 'rollout', 'http-route'],
  'Deployment in canary style, Istio': ['echoserver', 'rollout', 'istio'],
  'Deployment in partition style, Ingress': ['echoserver', 'rollout', 'partition'],
  'Deployment in partition style, HTTPRoute': ['echoserver', 'rollout', 'partition', 'http-route'],
  'Deployment blue-green, Ingress': ['echoserver', 'blue-green'],
  'CloneSet by its partition, Ingress': ['clone-set'],
  'CloneSet blue-green, Ingress': ['clone-set', 'clone-set-blue-green'],
  'StatefulSet, Ingress': ['stateful-set'],
  'DaemonSet, Ingress': ['daemon-set'],
  'StatefulSet that goes back in batches': ['stateful-set', 'in-batches'],
  'CloneSet that goes back in batches': ['clone-set', 'in-batches'],
} as const satisfies Record<string, readonly string[]>;

/** Stories with a TrafficRouting, to which more may happen. */
export const SHARED_CASTS = {
  'Deployment in canary style, TrafficRouting': ['echoserver', 'rollout', 'shared-echoserver'],
  'Deployment in partition style, TrafficRouting': [
    'echoserver',
    'rollout',
    'partition',
    'shared-echoserver',
  ],
} as const satisfies Record<string, readonly string[]>;

export type SharedCast = keyof typeof SHARED_CASTS;
export type Cast = keyof typeof CASTS | SharedCast;

export const CAST_NAMES = Object.keys(CASTS) as (keyof typeof CASTS)[];
export const SHARED_CAST_NAMES = Object.keys(SHARED_CASTS) as SharedCast[];

/** Those whose authors know more to do, and whose stories have seeds of their own: the others keep theirs. */
export const CASTS_IN_BATCHES = CAST_NAMES.filter(goesInBatches);

/** Whether its Rollout asks for rollbacks in batches. */
export function goesInBatches(cast: Cast): boolean {
  return ({ ...CASTS, ...SHARED_CASTS }[cast] as readonly string[]).includes('in-batches');
}

const MANIFESTS = join(import.meta.dirname, '../scenarios/manifests');

/** The objects of a cast, with a guard and what it needs. */
export function objectsOf(cast: Cast): KubeObject[] {
  const names = [...{ ...CASTS, ...SHARED_CASTS }[cast], 'source-and-template', 'guard'];
  return readObjects(names.map((name) => join(MANIFESTS, `${name}.yaml`)));
}
