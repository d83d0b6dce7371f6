import { describe, expect, test } from 'vitest';
import { PARTITION_ANNOTATION } from '../../src/api/annotations.ts';
import type { StatefulSet } from '../../src/api/kubernetes.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { statefulSet as style } from '../../src/workload/stateful-set.ts';
import type { Order, WorkloadFacts } from '../../src/workload/style.ts';
import { NAME, template } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { workloadOf } from '../builders/snapshot.ts';
import { kept, ownPod, type StatefulSetPart, statefulSet } from '../builders/stateful-set.ts';

const REVISIONS = [kept('v1', 1), kept('v2', 2)];
const PODS = [ownPod('0', 'v1'), ownPod('1', 'v1'), ownPod('2', 'v1'), ownPod('3', 'v1')];
const settled = (part: Partial<NonNullable<StatefulSet['status']>> = {}) => ({
  observedGeneration: 1,
  replicas: 4,
  readyReplicas: 4,
  updatedReplicas: 0,
  currentRevision: `${NAME}-v1`,
  updateRevision: `${NAME}-v2`,
  ...part,
});

/** v2 is wanted, held with a partition of 3, and its author's partition is 0. */
function facts(
  part: StatefulSetPart & { pods?: WorkloadFacts['pods']; partition?: number } = {},
): WorkloadFacts {
  const { pods = PODS, partition = 3, ...own } = part;
  const object = statefulSet({
    version: 'v2',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition } },
    annotations: {
      'rollouts.kruise.io/in-progressing': JSON.stringify({ rolloutName: NAME }),
      [PARTITION_ANNOTATION]: JSON.stringify({ original: 0, held: partition }),
    },
    status: settled(),
    ...own,
  });
  return workloadOf(object, { replicaSets: [], revisions: REVISIONS, pods });
}

function order(goal: number): Order {
  return {
    rollout: rollout({ kind: 'StatefulSet' }),
    releaseId: 1,
    revision: revisionOf(template('v2')),
    stable: { revision: revisionOf(template('v1')), hash: `${NAME}-v1` },
    canaryName: 'unused',
    goal,
    granted: goal,
  };
}

/** What is asked, in words. */
function told(asked: ReturnType<typeof style.hold>): unknown {
  if (!asked || 'fault' in asked) return asked;
  return asked.acts.map(({ verb, object }) => {
    const { partition } = (object as StatefulSet).spec?.updateStrategy?.rollingUpdate ?? {};
    return `${verb} ${object.metadata.name}${partition === undefined ? '' : ` partition ${partition}`}`;
  });
}

test.each([
  ['a step that goes on', facts(), 2, [`replace ${NAME} partition 2`], true],
  ['a larger workload', facts({ replicas: 8 }), 1, [`replace ${NAME} partition 7`], true],
  ['nothing granted', facts(), 0, [`replace ${NAME} partition 32767`], true],
  [
    'a partition that somebody else set',
    facts({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } }),
    1,
    [`replace ${NAME} partition 3`],
    false,
  ],
])('%s is held, and told from what somebody else changed', (_title, given, goal, asked, follows) => {
  const held = style.hold(given, order(goal));
  expect(told(held)).toEqual(asked);
  expect(held !== undefined && 'follows' in held).toBe(follows);
});

test('OnDelete cannot be released, and says what to do (T19)', () => {
  const object = statefulSet({ updateStrategy: { type: 'OnDelete' } });
  const message = style.problem?.(object);
  expect(message).toContain('set it to RollingUpdate');
  expect(style.hold(workloadOf(object), order(1))).toEqual({
    fault: { reason: 'UnsupportedWorkload', message },
  });
  expect((style.still(object, rollout()) as StatefulSet).spec).toEqual(object.spec);
});

describe('given back', () => {
  const goingBack = (part: StatefulSetPart & { pods?: WorkloadFacts['pods']; partition?: number } = {}) =>
    facts({ version: 'v1', partition: 32_767, status: settled({ updateRevision: `${NAME}-v1` }), ...part });
  const mixed = [ownPod('0', 'v1'), ownPod('1', 'v1'), ownPod('2', 'v2'), ownPod('3', 'v2')];

  test.each([
    ['forwards, all at once', facts(), [`replace ${NAME} partition 0`]],
    ['back, pod by pod', goingBack({ pods: mixed }), [`replace ${NAME} partition 3`]],
    ['back, not on while the present pod is exchanged', goingBack({ pods: mixed, partition: 3 }), undefined],
    [
      'back, past a pod that is not ready',
      goingBack({ pods: [...mixed.slice(0, 3), ownPod('3', 'v2', { ready: false })], partition: 3 }),
      [`delete ${NAME}-3`],
    ],
    [
      'not past a pod of the wanted version that is not ready',
      goingBack({ pods: [...mixed.slice(0, 3), ownPod('3', 'v1', { ready: false })], partition: 2 }),
      undefined,
    ],
    ['nothing before its controller has seen the newest spec', facts({ generation: 2 }), []],
    [
      'as its author had it, once all is done',
      facts({ status: settled({ updatedReplicas: 4 }), partition: 1 }),
      [`replace ${NAME} partition 0`],
    ],
  ])('%s', (_title, given, asked) => {
    expect(told(style.release(given, order(0)))).toEqual(asked);
  });

  test('what nobody released is left alone', () => {
    expect(style.release(workloadOf(statefulSet()), order(0))).toBeUndefined();
  });
});

describe('going back in batches', () => {
  const stable = order(0).stable;
  const goingBack = (
    pods: WorkloadFacts['pods'],
    part: StatefulSetPart & { partition?: number; current?: string } = {},
  ) => {
    const { current = 'v1', ...own } = part;
    const status = settled({ currentRevision: `${NAME}-${current}`, updateRevision: `${NAME}-v1` });
    return facts({ version: 'v1', partition: 32_767, status, pods, ...own });
  };
  const back = (given: WorkloadFacts, left: number) =>
    told(style.bringBack?.(given, { rollout: rollout({ kind: 'StatefulSet' }), stable, left }));
  const three = [ownPod('0', 'v1'), ownPod('1', 'v2'), ownPod('2', 'v2'), ownPod('3', 'v2')];
  const broken = (pods: WorkloadFacts['pods'], at: number) =>
    pods.map((pod, index) => (index === at ? ownPod(String(index), 'v2', { ready: false }) : pod));

  test.each([
    ['the highest go first', goingBack(three), 2, [`replace ${NAME} partition 3`]],
    ['all but the lowest', goingBack(three), 1, [`replace ${NAME} partition 2`]],
    ['every one', goingBack(three), 0, [`replace ${NAME} partition 0`]],
    ['what is asked for is not asked again', goingBack(three, { partition: 3 }), 2, undefined],
    ['none that may stay', goingBack(three, { partition: 4 }), 3, undefined],
    [
      'no more than was asked for once they are back',
      goingBack([...three.slice(0, 3), ownPod('3', 'v1')], { partition: 3 }),
      2,
      undefined,
    ],
    [
      'a gap between them is no matter',
      goingBack([ownPod('0', 'v2'), ownPod('1', 'v1'), ownPod('2', 'v2'), ownPod('3', 'v2')]),
      2,
      [`replace ${NAME} partition 3`],
    ],
    [
      'one that is not ready goes besides, wherever it is',
      goingBack(broken(three, 1), { partition: 4 }),
      2,
      [`delete ${NAME}-1`],
    ],
    [
      '…unless it would come back as it was',
      goingBack(broken(three, 1), { partition: 4, current: 'v2' }),
      3,
      undefined,
    ],
    [
      '…and also then from the partition on',
      goingBack(broken(three, 3), { partition: 3, current: 'v2' }),
      2,
      [`delete ${NAME}-3`],
    ],
    ['nothing before its controller has seen the newest spec', goingBack(three, { generation: 2 }), 1, []],
    [
      'a partition that somebody else set is put right',
      goingBack(three, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } }),
      2,
      [`replace ${NAME} partition 3`],
    ],
  ])('%s', (_title, given, left, asked) => {
    expect(back(given, left)).toEqual(asked);
  });
});

describe('taken back', () => {
  const held = (pods: WorkloadFacts['pods'], status = settled()) =>
    facts({ partition: 32_767, pods, status });

  test.each([
    [
      'the highest first',
      held([...PODS.slice(0, 2), ownPod('2', 'v2'), ownPod('3', 'v2')]),
      [`delete ${NAME}-3`],
    ],
    [
      'broken ones at once',
      held([...PODS.slice(0, 2), ownPod('2', 'v2', { ready: false }), ownPod('3', 'v2', { ready: false })]),
      [`delete ${NAME}-2`, `delete ${NAME}-3`],
    ],
    ['none while another is missing', held([...PODS.slice(0, 2), ownPod('2', 'v2')]), []],
    ['one that is going is waited for', held([...PODS.slice(0, 3), ownPod('3', 'v2', { going: true })]), []],
    ['nothing where every pod is stable', held(PODS), undefined],
    [
      'nothing where its controller knows no other version any more',
      held([ownPod('0', 'v2')], settled({ currentRevision: `${NAME}-v2` })),
      undefined,
    ],
  ])('%s', (_title, given, asked) => {
    expect(told(style.clear(given, order(0)))).toEqual(asked);
  });
});

test('pods that a larger workload left above what was granted are replaced one at a time', () => {
  const pods = [ownPod('0', 'v1'), ownPod('1', 'v2'), ownPod('2', 'v2'), ownPod('3', 'v2')];
  expect(told(style.grow(facts({ pods }), order(1)))).toEqual([`delete ${NAME}-2`]);
  const ordinals = facts({
    pods: pods.map((pod, index) => ({ ...pod, metadata: { ...pod.metadata, name: `${NAME}-${index + 5}` } })),
  });
  (ordinals.object as StatefulSet).spec.ordinals = { start: 5 };
  expect(told(style.grow(ordinals, order(1)))).toEqual([`delete ${NAME}-7`]);
  expect(style.grow(facts({ pods: pods.slice(1) }), order(1))).toBeUndefined();
});

test('a version is found where a newer Kubernetes writes the same template otherwise', () => {
  const object = statefulSet({
    version: 'v3',
    status: settled({ updateRevision: `${NAME}-v2`, updatedReplicas: 4 }),
  });
  const given = workloadOf(object, {
    revisions: REVISIONS,
    pods: PODS.map((_, index) => ownPod(String(index), 'v2')),
  });
  const version = { revision: revisionOf(template('v3')), hash: `${NAME}-v2` };
  expect(style.running(given)).toEqual(version);
  expect(style.version(given, version.revision)).toEqual(version);
});

test.each([
  ['every pod of one version', facts(), 'v1'],
  ['held between two', facts({ pods: [...PODS.slice(0, 3), ownPod('3', 'v2')] }), 'v1'],
  [
    'in the middle of an update of its own',
    workloadOf(statefulSet({ version: 'v2', status: settled() }), {
      revisions: REVISIONS,
      pods: [...PODS.slice(0, 3), ownPod('3', 'v2')],
    }),
    undefined,
  ],
])('%s runs %s', (_title, given, version) => {
  expect(style.running(given)?.hash).toBe(version && `${NAME}-${version}`);
});
