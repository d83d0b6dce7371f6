import { describe, expect, test } from 'vitest';
import { type CloneSetState, cloneSetStep } from '../../playground/clone-set/step.ts';
import type { Act } from '../../src/api/act.ts';
import { CONTROLLER_REVISION_LABEL, SPECIFIED_DELETE_LABEL } from '../../src/api/annotations.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import type { ControllerRevision, Pod } from '../../src/api/kubernetes.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import { cloneSet } from '../builders/clone-set.ts';
import { NAME, NAMESPACE, template } from '../builders/deployment.ts';

const NOW = Date.UTC(2026, 0, 1);

function revision(version: string, number: number): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: `${NAME}-${version}`, namespace: NAMESPACE },
    revision: number,
    data: { spec: { template: { ...template(version), $patch: 'replace' } } },
  };
}

/** `v1`, or `v1 marked`, `v1 starting`, `v1 deleted`; ready for a minute unless it says otherwise. */
function pod(text: string, index: number, readyForMs = 60_000): Pod {
  const [version = '', how] = text.split(' ');
  const lastTransitionTime = formatTime(NOW - readyForMs);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${NAME}-${version}-${index}`,
      namespace: NAMESPACE,
      labels: {
        [CONTROLLER_REVISION_LABEL]: `${NAME}-${version}`,
        ...(how === 'marked' && { [SPECIFIED_DELETE_LABEL]: 'true' }),
      },
      ...(how === 'deleted' && { deletionTimestamp: formatTime(NOW) }),
    },
    spec: { containers: [{ name: NAME }] },
    status: {
      conditions: [{ type: 'Ready', status: how === 'starting' ? 'False' : 'True', lastTransitionTime }],
    },
  };
}

function state(spec: Partial<CloneSet['spec']>, pods: readonly Pod[], current = 'v1'): CloneSetState {
  const object = {
    ...cloneSet({ template: template('v2'), ...spec }),
    status: { currentRevision: `${NAME}-${current}` },
  };
  return { object, revisions: [revision('v1', 1), revision('v2', 2)], pods, now: NOW };
}

/** `create v2`, `delete v1`, `mark v1`, sorted. */
function acts(spec: Partial<CloneSet['spec']>, ...pods: string[]): string[] {
  return cloneSetStep(
    state(
      spec,
      pods.map((text, index) => pod(text, index)),
    ),
  )
    .acts.map(({ verb, object }) => {
      const version = object.metadata.labels?.[CONTROLLER_REVISION_LABEL]?.slice(NAME.length + 1);
      return `${verb === 'replace' ? 'mark' : verb} ${version}`;
    })
    .toSorted();
}

describe('a ControllerRevision', () => {
  test('comes before everything else, with the template and its mark', () => {
    const { acts: made } = cloneSetStep({ object: cloneSet(), revisions: [], pods: [], now: NOW });
    expect(made).toMatchObject([
      {
        verb: 'create',
        object: { revision: 1, data: { spec: { template: { ...template('v1'), $patch: 'replace' } } } },
      },
    ]);
    expect(made[0]?.object.metadata.name).toMatch(/^echoserver-[0-9a-f]{10}$/);
  });

  test('of a template that comes back is the newest again', () => {
    const back = state({ template: template('v1') }, []);
    expect(cloneSetStep(back).acts).toMatchObject([
      { verb: 'replace', object: { metadata: { name: `${NAME}-v1` }, revision: 3 } },
    ]);
  });
});

describe('pods', () => {
  const two = { replicas: 2, updateStrategy: { maxUnavailable: 1 } };
  const surge = { replicas: 2, updateStrategy: { maxUnavailable: 0, maxSurge: 1 } };
  test.each<{ title: string; spec: Partial<CloneSet['spec']>; pods: string[]; does: string[] }>([
    { title: 'are made of the new template', spec: two, pods: [], does: ['create v2', 'create v2'] },
    {
      title: 'are made of the former one as far as the partition keeps them',
      spec: { ...two, updateStrategy: { partition: 1 } },
      pods: [],
      does: ['create v1', 'create v2'],
    },
    { title: 'are exchanged one at a time', spec: two, pods: ['v1', 'v1'], does: ['mark v1'] },
    { title: 'go when they are marked', spec: two, pods: ['v1 marked', 'v1'], does: ['delete v1'] },
    {
      title: 'that are being deleted do not count',
      spec: two,
      pods: ['v1 deleted', 'v1'],
      does: ['create v2'],
    },
    { title: 'wait for the one that is starting', spec: two, pods: ['v2 starting', 'v1'], does: [] },
    { title: 'that do not run go first', spec: two, pods: ['v1', 'v1 starting'], does: ['mark v1'] },
    {
      title: 'stay while it is paused',
      spec: { ...two, updateStrategy: { paused: true } },
      pods: ['v1', 'v1'],
      does: [],
    },
    { title: 'come first where there is a surge', spec: surge, pods: ['v1', 'v1'], does: ['create v2'] },
    { title: 'stay until the surge is ready', spec: surge, pods: ['v1', 'v1', 'v2 starting'], does: [] },
    { title: 'go when the surge is ready', spec: surge, pods: ['v1', 'v1', 'v2'], does: ['mark v1'] },
    { title: 'that are too many go', spec: { ...two, replicas: 1 }, pods: ['v2', 'v2'], does: ['delete v2'] },
    {
      title: 'stay where no pod of the new template is ever available',
      spec: {
        replicas: 2,
        minReadySeconds: 2_147_483_646,
        updateStrategy: { maxUnavailable: 0, maxSurge: '100%' },
      },
      pods: ['v1', 'v1', 'v2', 'v2'],
      does: [],
    },
    {
      title: 'that are not ready go first of those that are too many, whether they are available or not',
      spec: { replicas: 2, minReadySeconds: 2_147_483_646, updateStrategy: { partition: '100%' } },
      pods: ['v1', 'v1', 'v2', 'v2 starting'],
      does: ['delete v2'],
    },
    {
      title: 'stay, ready or not, where the size has room for both versions',
      spec: {
        replicas: 4,
        minReadySeconds: 2_147_483_646,
        updateStrategy: { partition: '50%', maxUnavailable: 0, maxSurge: 1 },
      },
      pods: ['v1', 'v1 starting', 'v2', 'v2 starting'],
      does: [],
    },
    {
      title: 'of the former version go while they are not ready, where there is room by a surge alone',
      spec: {
        replicas: 2,
        minReadySeconds: 2_147_483_646,
        updateStrategy: { maxUnavailable: 0, maxSurge: '100%' },
      },
      pods: ['v1', 'v1 starting', 'v2', 'v2'],
      does: ['delete v1'],
    },
    {
      title: 'stay while others are missing that may not be made yet',
      spec: { replicas: 3, scaleStrategy: { maxUnavailable: 1 } },
      pods: ['v2 starting', 'v2 marked'],
      does: [],
    },
  ])('$title', ({ spec, pods, does }) => {
    expect(acts(spec, ...pods)).toEqual(does);
  });

  test('get names that no pod has, not even one that is being deleted', () => {
    const namesOf = (step: { acts: Act[] }) => step.acts.map(({ object }) => object.metadata.name);
    const [first = '', second = ''] = namesOf(cloneSetStep(state({ replicas: 2 }, [])));
    const going = pod('v2 deleted', 0);
    const named = { ...going, metadata: { ...going.metadata, name: first } };
    const names = namesOf(cloneSetStep(state({ replicas: 2 }, [named])));
    expect(new Set([first, ...names]).size).toBe(3);
    expect(names[0]).toBe(second);
  });

  test('are known by the labels that OpenKruise gives them', () => {
    const [made] = cloneSetStep(state({ replicas: 1 }, [])).acts;
    const { name, labels } = made?.object.metadata ?? {};
    const instance = name?.slice(NAME.length + 1);
    expect(instance).toMatch(/^[0-9a-f]{5}$/);
    expect(labels).toEqual({
      app: NAME,
      'apps.kruise.io/cloneset-instance-id': instance,
      'controller-revision-hash': `${NAME}-v2`,
      'pod-template-hash': 'v2',
    });
  });
});

describe('the status', () => {
  const status = (spec: Partial<CloneSet['spec']>, ...pods: string[]) =>
    cloneSetStep(
      state(
        spec,
        pods.map((text, index) => pod(text, index)),
      ),
    ).status;

  test('counts pods by version and by what they are', () => {
    expect(
      status({ updateStrategy: { partition: '60%' } }, 'v2', 'v2 starting', 'v1', 'v1', 'v1 starting'),
    ).toEqual({
      observedGeneration: 1,
      replicas: 5,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 2,
      updatedReadyReplicas: 1,
      updatedAvailableReplicas: 1,
      expectedUpdatedReplicas: 2,
      currentRevision: `${NAME}-v1`,
      updateRevision: `${NAME}-v2`,
      labelSelector: `app=${NAME}`,
    });
  });

  test.each([
    ['v2 of one pod of two', ['v2', 'v1'], 'v1'],
    ['both, ready or not', ['v2', 'v2 starting'], 'v2'],
    ['one, while the other is missing', ['v2'], 'v1'],
    ['none', [], 'v1'],
  ])('of %s', (_title, pods, current) => {
    expect(status({ replicas: 2 }, ...pods).currentRevision).toBe(`${NAME}-${current}`);
  });

  test('says when a pod becomes available by mere time', () => {
    const young = pod('v2', 0, 4_000);
    const { wakeAt, status: seen } = cloneSetStep(state({ replicas: 1, minReadySeconds: 10 }, [young]));
    expect(wakeAt).toBe(NOW + 6_000);
    expect(seen).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
  });
});
