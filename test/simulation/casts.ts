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

const MANIFESTS = join(import.meta.dirname, '../scenarios/manifests');

/** The objects of a cast, with a guard and what it needs. */
export function objectsOf(cast: Cast): KubeObject[] {
  const names = [...{ ...CASTS, ...SHARED_CASTS }[cast], 'source-and-template', 'guard'];
  return readObjects(names.map((name) => join(MANIFESTS, `${name}.yaml`)));
}
