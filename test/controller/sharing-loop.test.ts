import { describe, expect, test } from 'vitest';
import { TRAFFIC_ROUTING_ANNOTATION } from '../../src/api/annotations.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { Freshest } from '../../src/controller/freshest.ts';
import { concernedRoutings, concernsSharing } from '../../src/controller/sharing-loop.ts';
import { NAME } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { SHARED_NAME, sharedRouting } from '../builders/shared-routing.ts';
import { httpRouteOf, ingress, service } from '../builders/traffic.ts';

const OURS = [`shop/${SHARED_NAME}`];
const byIngress = sharedRouting({ objectRef: [{ service: 'web', ingress: { name: 'web' } }] });

function concerned(object: KubeObject, routing = sharedRouting()): string[] {
  const list: Freshest['list'] = (_resource, namespace) =>
    routing.metadata.namespace === namespace ? [routing as never] : [];
  return concernedRoutings(object, { list });
}

function named<T extends KubeObject>(object: T, name: string, namespace = 'shop'): T {
  return { ...object, metadata: { ...object.metadata, name, namespace } };
}

describe('a change concerns the TrafficRouting', () => {
  test.each<[string, string[], string[]]>([
    ['when it is itself', concerned(sharedRouting()), OURS],
    [
      'when it is another one, which may change the same routes',
      concerned(named(sharedRouting(), 'b')),
      OURS,
    ],
    ['when it is any Rollout of its namespace', concerned(rollout()), OURS],
    ['when it is its Service', concerned(service()), OURS],
    ['not when it is another Service', concerned(named(service(), 'third')), []],
    ['when it is its route', concerned(httpRouteOf()), OURS],
    ['not when it is another route', concerned(named(httpRouteOf(), 'third')), []],
    ['when it is its Ingress', concerned(named(ingress(), 'web'), byIngress), OURS],
    ['when it is the Ingress made beside it', concerned(named(ingress(), 'web-canary'), byIngress), OURS],
    ['not when it is in another namespace', concerned(named(service(), NAME, 'elsewhere')), []],
  ])('%s', (_when, found, keys) => {
    expect(found).toEqual(keys);
  });
});

describe('a change of a Rollout is looked at', () => {
  const plain = rollout();
  const annotations = { [TRAFFIC_ROUTING_ANNOTATION]: SHARED_NAME };
  test.each<[string, KubeObject | undefined, KubeObject | undefined, boolean]>([
    ['when it comes', undefined, plain, true],
    ['when it goes', plain, undefined, true],
    ['when its plan changes', plain, { ...plain, metadata: { ...plain.metadata, generation: 2 } }, true],
    ['when it names a TrafficRouting by annotation', plain, rollout({ annotations }), true],
    ['not when its status changes', plain, rollout({ status: { phase: 'Healthy' } as never }), false],
  ])('%s', (_when, before, after, is) => {
    expect(concernsSharing(before, after)).toBe(is);
  });
});
