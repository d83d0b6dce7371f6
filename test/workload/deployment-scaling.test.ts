import { describe, expect, test } from 'vitest';
import {
  DEPLOYMENT_EXTRA_STATUS_ANNOTATION,
  DEPLOYMENT_STRATEGY_ANNOTATION,
  DESIRED_REPLICAS_ANNOTATION,
  STABLE_REVISION_LABEL,
} from '../../src/api/annotations.ts';
import type { Deployment, ReplicaSet } from '../../src/api/kubernetes.ts';
import { scaleReplicaSets } from '../../src/workload/deployment-scaling.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { deployment, podHash, replicaSet, template } from '../builders/deployment.ts';

interface NotePart {
  partition?: number | string;
  paused?: boolean;
  revision?: string;
  keptPods?: number;
  text?: string;
}

/** A Deployment of `version` whose own controller stands idle; surge 1, none missing. */
function idle(version: string, replicas: number, note: NotePart = {}, stable?: string): Deployment {
  const { partition = 0, paused = false, revision, keptPods } = note;
  const rollingUpdate = { maxSurge: 1, maxUnavailable: 0 };
  const said = { paused, partition, revision, keptPods };
  const text = JSON.stringify({ rollingStyle: 'Partition', rollingUpdate, ...said });
  const plain = deployment({ version, replicas, paused: true });
  return {
    ...plain,
    metadata: {
      ...plain.metadata,
      labels: { ...plain.metadata.labels, ...(stable ? { [STABLE_REVISION_LABEL]: podHash(stable) } : {}) },
      annotations: { [DEPLOYMENT_STRATEGY_ANNOTATION]: note.text ?? text },
    },
    spec: { ...plain.spec, strategy: { type: 'Recreate' } },
  };
}

/** Pods that were asked for when the Deployment had `sizedFor`; all of them serve unless told. */
function set(version: string, replicas: number, sizedFor: number, age = 1): ReplicaSet {
  const plain = replicaSet({ version, replicas, createdAt: `2025-12-0${age}T00:00:00Z` });
  const annotations = {
    [DESIRED_REPLICAS_ANNOTATION]: String(sizedFor),
    'deployment.kubernetes.io/max-replicas': String(sizedFor + 1),
  };
  return { ...plain, metadata: { ...plain.metadata, annotations } };
}

/** What is done to ReplicaSets, in order: `create v2 1`, `v1 5→4`, `delete v2`. */
function moves(object: Deployment, sets: readonly ReplicaSet[]): string[] {
  return scaleReplicaSets(object, sets)
    .filter((act) => act.object.kind === 'ReplicaSet')
    .map((act) => {
      const { spec, metadata } = act.object as ReplicaSet;
      const [container] = spec.template.spec['containers'] as { image: string }[];
      const version = container?.image.split(':').at(-1);
      const before = sets.find((each) => each.metadata.name === metadata.name)?.spec.replicas;
      return act.verb === 'replace'
        ? `${version} ${before}→${spec.replicas}`
        : `${act.verb} ${version}${act.verb === 'create' ? ` ${spec.replicas}` : ''}`;
    });
}

const rows: [title: string, object: Deployment, sets: ReplicaSet[], moves: string[]][] = [
  [
    'the new version gets its first pod',
    idle('v2', 5, { partition: 1 }, 'v1'),
    [set('v1', 5, 5)],
    ['create v2 1'],
  ],
  [
    'without a label the oldest version that has pods keeps the rest',
    idle('v3', 5, { partition: 5 }),
    [set('v1', 3, 5, 1), set('v2', 2, 5, 2)],
    ['create v3 1'],
  ],
  [
    'with a label the one that it names',
    idle('v3', 5, { partition: 0 }, 'v2'),
    [set('v1', 2, 5, 1), set('v2', 4, 5, 2)],
    ['v2 4→5', 'v1 2→1'],
  ],
  [
    'scaled to the number of pods that the new version has, Kubernetes does not take it for complete',
    idle('v2', 5, { partition: '50%' }, 'v1'),
    [set('v1', 5, 10, 1), set('v2', 5, 10, 2)],
    ['v1 5→2', 'v2 5→3'],
  ],
  [
    'scaled to nothing, all pods go',
    idle('v2', 0, { partition: '50%' }, 'v1'),
    [set('v1', 3, 5, 1), set('v2', 2, 5, 2)],
    ['v1 3→0', 'v2 2→0'],
  ],
  [
    'and then the new version, which Kubernetes would scale up',
    idle('v2', 0, { partition: '50%' }, 'v1'),
    [set('v1', 0, 0, 1), set('v2', 0, 0, 2)],
    ['delete v2'],
  ],
  [
    'the last pod of a version that goes is kept, beside all stable ones',
    idle('v1', 3, { partition: '100%', keptPods: 1 }, 'v1'),
    [set('v1', 3, 3, 1), set('v2', 1, 3, 2)],
    [],
  ],
  [
    '…and goes when it is kept no longer',
    idle('v1', 3, { partition: '100%' }, 'v1'),
    [set('v1', 3, 3, 1), set('v2', 1, 3, 2)],
    ['v2 1→0'],
  ],
  [
    'paused, no version moves',
    idle('v2', 5, { partition: '100%', paused: true }, 'v1'),
    [set('v1', 3, 5, 1), set('v2', 2, 5, 2)],
    [],
  ],
  [
    'paused and scaled up, the stable version grows alone',
    idle('v2', 10, { paused: true }, 'v1'),
    [set('v1', 3, 5, 1), set('v2', 2, 5, 2)],
    ['v1 3→8', 'v2 2→2'],
  ],
  [
    'paused and scaled down, both shrink',
    idle('v2', 5, { paused: true }, 'v1'),
    [set('v1', 6, 10, 1), set('v2', 4, 10, 2)],
    ['v1 6→3', 'v2 4→2'],
  ],
  [
    'another template than the one that was granted pods gets none',
    idle('v3', 5, { partition: '50%', revision: revisionOf(template('v2')) }, 'v1'),
    [set('v1', 3, 5, 1), set('v2', 2, 5, 2)],
    [],
  ],
  [
    'where the stable version is gone nothing is moved',
    idle('v2', 5, { partition: 0 }, 'v1'),
    [set('v2', 2, 5, 2)],
    [],
  ],
  ['the very first version gets every pod', idle('v1', 3, { partition: 1 }), [], ['create v1 3']],
  [
    'a text that cannot be read moves nothing',
    idle('v2', 5, { text: '{"rollingStyle"' }),
    [set('v1', 5, 5)],
    [],
  ],
  [
    'another style of the same annotation is not ours',
    idle('v2', 5, { text: '{"rollingStyle":"Canary","partition":3}' }),
    [set('v1', 5, 5)],
    [],
  ],
];

test.each(rows)('%s', (_title, object, sets, expected) => {
  expect(moves(object, sets)).toEqual(expected);
});

describe('a Deployment that Kubernetes updates itself', () => {
  const noted = idle('v2', 5, { partition: 3 }, 'v1');
  test.each([
    ['resumed', { ...noted.spec, paused: false }],
    ['with a rolling update', { ...noted.spec, strategy: { type: 'RollingUpdate' } }],
  ])('%s, is left alone', (_title, spec) => {
    expect(scaleReplicaSets({ ...noted, spec }, [set('v1', 5, 5)])).toEqual([]);
  });
});

test('says how far a step is when it begins and when it is complete, and not in between', () => {
  const object = idle('v2', 5, { partition: 2 }, 'v1');
  const said = (before: string | undefined, pods: number) => {
    const annotations = { ...object.metadata.annotations };
    if (before) annotations[DEPLOYMENT_EXTRA_STATUS_ANNOTATION] = before;
    const acts = scaleReplicaSets({ ...object, metadata: { ...object.metadata, annotations } }, [
      set('v1', 5 - pods, 5),
      ...(pods > 0 ? [set('v2', pods, 5, 2)] : []),
    ]);
    const told = acts.find(({ object: { kind } }) => kind === 'Deployment')?.object.metadata.annotations;
    return told?.[DEPLOYMENT_EXTRA_STATUS_ANNOTATION];
  };
  const none = '{"updatedReadyReplicas":0,"expectedUpdatedReplicas":2}';
  const all = '{"updatedReadyReplicas":2,"expectedUpdatedReplicas":2}';
  expect(said(undefined, 0)).toBe(none);
  expect(said(none, 1)).toBeUndefined();
  expect(said(none, 2)).toBe(all);
  expect(said(all, 2)).toBeUndefined();
  expect(said('{"updatedReadyReplicas":1,"expectedUpdatedReplicas":1}', 1)).toBe(
    '{"updatedReadyReplicas":1,"expectedUpdatedReplicas":2}',
  );
});
