import { describe, expect, test } from 'vitest';
import { controllerReference, type KubeObject } from '../../src/api/kubernetes.ts';
import { concernedRollouts, type RolloutIndex } from '../../src/controller/triggers.ts';
import { deployment, NAME, pod, replicaSet } from '../builders/deployment.ts';
import { analysisTemplate, guard, guardFacts } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { ownRun } from '../builders/run.ts';
import { SHARED_NAME, sharedRouting } from '../builders/shared-routing.ts';
import { CANARY_NAME, releasing } from '../builders/snapshot.ts';
import { canaryRoutes, ingress, service } from '../builders/traffic.ts';

const ours = rollout();
const other = {
  ...rollout({ name: 'other', uid: 'other-uid' }),
  spec: {
    ...rollout({ routing: { service: 'other', ingress: { name: 'other' } } }).spec,
    workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'other' },
  },
};
const younger = rollout({ name: 'younger', uid: 'younger-uid' });
const { record } = releasing();

function indexOf(...rollouts: (typeof ours)[]): RolloutIndex {
  return {
    rollouts: (namespace) =>
      rollouts.filter(({ metadata }) => !namespace || metadata.namespace === namespace),
    record: ({ metadata }) =>
      metadata.name === NAME
        ? { apiVersion: 'assay.dev/v1alpha1', kind: 'RolloutRecord', metadata, status: record }
        : undefined,
  };
}

function named<T extends KubeObject>(object: T, name: string): T {
  return { ...object, metadata: { ...object.metadata, name } };
}

function ownedBy<T extends KubeObject>(object: T, owner: string): T {
  const reference = controllerReference(named({ ...ours, kind: 'ReplicaSet' }, owner));
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [{ ...reference, uid: `${owner}-uid` }] },
  };
}

const OURS = ['shop/echoserver'];
const { canaryService, canaryIngress } = canaryRoutes('v2', 5);

describe('a change concerns the Rollout', () => {
  const rows: [string, KubeObject, string[]][] = [
    ['when it is the Rollout itself', ours, OURS],
    ['when it is its record', named({ ...ours, kind: 'RolloutRecord' }, NAME), OURS],
    ['when it is its workload', deployment(), OURS],
    ['not when it is another workload', named(deployment(), 'third'), []],
    [
      'when it is the extra Deployment, by its owner',
      deployment({ name: CANARY_NAME, ownerUid: 'rollout-uid' }),
      OURS,
    ],
    ['when it is a ReplicaSet of its workload', replicaSet(), OURS],
    ['when it is a ReplicaSet of its canary', replicaSet({ of: CANARY_NAME }), OURS],
    ['not when it is a ReplicaSet of something else', replicaSet({ of: 'third' }), []],
    ['when it is a pod of its canary', ownedBy(pod('v2'), `${CANARY_NAME}-hash-v2`), OURS],
    [
      'not when it is a pod of its workload: those change all the time',
      ownedBy(pod('v1'), `${NAME}-hash-v1`),
      [],
    ],
    ['when it is the Service that it routes', service(), OURS],
    ['when it is the Service of the canary', canaryService, OURS],
    ['not when it is another Service', named(service(), 'third'), []],
    ['when it is the Ingress that it routes', ingress(), OURS],
    ['when it is the Ingress of the canary', canaryIngress, OURS],
    ['not when it is another Ingress', named(ingress(), 'third'), []],
    ['when it is a run of its own', ownRun(releasing({ guards: [guardFacts()] }), 'Running'), OURS],
    [
      'when it is a run under the name of one of its own',
      named(
        { ...ours, kind: 'AnalysisRun', metadata: { name: '', namespace: 'shop' } },
        `${NAME}-1-1-success-rate-x`,
      ),
      OURS,
    ],
    ['when it is any guard of its namespace', named(guard(), 'third'), [...OURS, 'shop/other']],
    ['when it is any template of its namespace', analysisTemplate(), [...OURS, 'shop/other']],
    [
      'when it is any cluster template',
      { ...analysisTemplate(), kind: 'ClusterAnalysisTemplate', metadata: { name: 'success-rate' } },
      [...OURS, 'shop/other'],
    ],
    [
      'not when it is in another namespace',
      { ...service(), metadata: { name: NAME, namespace: 'elsewhere' } },
      [],
    ],
    [
      'not when it is of a kind that no decision looks at',
      named({ ...ours, kind: 'Secret', metadata: { name: NAME, namespace: 'shop' } }, NAME),
      [],
    ],
  ];
  for (const [title, object, keys] of rows) {
    test(title, () => expect(concernedRollouts(object, indexOf(ours, other))).toEqual(keys));
  }

  test('when it is another Rollout of the same workload: who stood by goes on when the older is gone', () => {
    expect(concernedRollouts(ours, indexOf(ours, other, younger))).toEqual([...OURS, 'shop/younger']);
  });

  test('when it is the TrafficRouting that it names, whose routes it waits for', () => {
    const sharing = rollout({ name: 'sharing', shared: SHARED_NAME });
    const concerned = (object: KubeObject) => concernedRollouts(object, indexOf(ours, sharing));
    expect(concerned(sharedRouting())).toEqual(['shop/sharing']);
    expect(concerned(named(sharedRouting(), 'others'))).toEqual([]);
  });
});
