import { describe, expect, test } from 'vitest';
import {
  CONTROLLER_REVISION_LABEL,
  PARTITION_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
  SPECIFIED_DELETE_LABEL,
} from '../../src/api/annotations.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import type { ControllerRevision, Pod, Workload } from '../../src/api/kubernetes.ts';
import { asAuthored } from '../../src/workload/clone-set-hold.ts';
import { cloneSetPartition } from '../../src/workload/clone-set-partition.ts';
import { isMarked } from '../../src/workload/marks.ts';
import type { Asked, WorkloadFacts } from '../../src/workload/style.ts';
import { cloneSet } from '../builders/clone-set.ts';
import { NAME, template } from '../builders/deployment.ts';
import { order as orderFor } from '../builders/order.ts';
import { rollout } from '../builders/rollout.ts';
import { workloadOf } from '../builders/snapshot.ts';

type Strategy = CloneSet['spec']['updateStrategy'];

const still = (object: CloneSet) => cloneSetPartition.still(object, rollout()) as CloneSet;
const strategyOf = (object: Workload | undefined) => (object as CloneSet | undefined)?.spec.updateStrategy;
const noteOf = ({ metadata }: Workload): unknown =>
  JSON.parse(metadata.annotations?.[PARTITION_ANNOTATION] ?? 'null');

function kept(version: string, revision: number): ControllerRevision {
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: `${NAME}-${version}` },
    revision,
    data: { spec: { template: { ...template(version), $patch: 'replace' } } },
  };
}

/** `v1`, or `v1 marked` or `v1 starting`. */
function pod(text: string, index: number): Pod {
  const [version = '', how] = text.split(' ');
  const labels = {
    [CONTROLLER_REVISION_LABEL]: `${NAME}-${version}`,
    [POD_TEMPLATE_HASH_LABEL]: version,
    ...(how === 'marked' && { [SPECIFIED_DELETE_LABEL]: 'true' }),
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${version}-${index}`, labels },
    spec: { containers: [] },
    status: { conditions: [{ type: 'Ready', status: how === 'starting' ? 'False' : 'True' }] },
  };
}

/** A CloneSet in the middle of the release of v2, which v1 is the current revision of unless it says otherwise. */
function facts(
  updateStrategy: Strategy,
  pods: string[],
  { replicas = 5, current = 'v1', seen = true, wanted = 'v2' } = {},
): WorkloadFacts {
  const object = still(
    cloneSet({ replicas, template: template(wanted), ...(updateStrategy && { updateStrategy }) }),
  );
  const status = {
    observedGeneration: seen ? 1 : 0,
    replicas: pods.length,
    updatedReplicas: pods.filter((text) => text.startsWith(wanted)).length,
    availableReplicas: pods.filter((text) => !text.endsWith('starting')).length,
    currentRevision: `${NAME}-${current}`,
    updateRevision: `${NAME}-${wanted}`,
  };
  return workloadOf({ ...object, status } as Workload, {
    revisions: [kept('v1', 1), kept('v2', 2)],
    pods: pods.map(pod),
  });
}

/** With this partition, as the release set it last. */
function held(of: WorkloadFacts, goal: number): WorkloadFacts {
  const object = actedOn(cloneSetPartition.hold(of, order(goal))) ?? of.object;
  return { ...of, object };
}

function order(goal: number) {
  return orderFor(goal, { stable: { ...orderFor(goal).stable, hash: 'v1' } });
}

function actedOn(asked: Asked | undefined): Workload | undefined {
  return asked && 'acts' in asked ? (asked.acts[0]?.object as Workload) : undefined;
}

function marks(asked: Asked | undefined): string[] {
  if (!asked || !('acts' in asked)) return [];
  return asked.acts
    .filter(({ object }) => object.metadata.labels?.[SPECIFIED_DELETE_LABEL] === 'true')
    .map(({ object }) => object.metadata.name);
}

describe('held at admission', () => {
  test.each<[string, Strategy, unknown]>([
    ['nothing', undefined, { held: '100%' }],
    ['a partition', { partition: 2, maxSurge: 1 }, { original: 2, held: '100%' }],
    ['a partition of 100 %', { partition: '100%' }, { original: '100%', held: '100%' }],
    ['a pause', { paused: true }, { paused: true, held: '100%' }],
    ['no pause', { paused: false }, { paused: false, held: '100%' }],
  ])('%s of its author is noted, and every pod stays', (_title, updateStrategy, note) => {
    const object = still(cloneSet(updateStrategy && { updateStrategy }));
    expect(noteOf(object)).toEqual(note);
    expect(strategyOf(object)?.partition).toBe('100%');
    expect(strategyOf(object)?.paused).not.toBe(true);
    expect(strategyOf(object)?.maxSurge).toBe(updateStrategy?.maxSurge);
    expect(isMarked(rollout(), object)).toBe(true);
    expect(still(object)).toBe(object);
  });
});

describe('a write in the middle of a release', () => {
  const before = still(cloneSet({ updateStrategy: { partition: 2 } }));
  const admitted = (updateStrategy: Strategy) => {
    const { annotations: _lost, ...metadata } = before.metadata;
    const after = {
      ...before,
      metadata,
      spec: { ...cloneSet().spec, ...(updateStrategy && { updateStrategy }) },
    };
    return cloneSetPartition.keep?.(before, after) as CloneSet;
  };

  test.each<[string, Strategy, unknown]>([
    ['that leaves the partition alone', { partition: '100%' }, { original: 2, held: '100%' }],
    ['of another partition', { partition: 1 }, { original: 1, held: '100%' }],
    ['without one', undefined, { held: '100%' }],
    ['that pauses', { partition: '100%', paused: true }, { original: 2, paused: true, held: '100%' }],
  ])('%s is noted for its end, and what is held stays', (_title, updateStrategy, note) => {
    const object = admitted(updateStrategy);
    expect(noteOf(object)).toEqual(note);
    expect(strategyOf(object)).toEqual({ partition: '100%' });
  });

  test('of any other field is its author’s', () => {
    expect(strategyOf(admitted({ partition: '100%', maxSurge: 3 }))).toEqual({
      partition: '100%',
      maxSurge: 3,
    });
  });
});

describe('the hold', () => {
  test.each<[number, number, unknown]>([
    [0, 5, '100%'],
    [1, 5, '80%'],
    [2, 5, '60%'],
    [5, 5, '0%'],
    [1, 150, '99%'],
    [149, 150, 1],
  ])('of %i granted pods of %i is the partition %s', (goal, replicas, partition) => {
    const of = facts(undefined, [], { replicas });
    const object = actedOn(cloneSetPartition.hold(of, order(goal))) ?? of.object;
    expect(strategyOf(object)?.partition).toBe(partition);
    expect(cloneSetPartition.hold({ ...of, object }, order(goal))).toBeUndefined();
  });

  test('follows a step and a new size, and says so', () => {
    const of = held(facts(undefined, []), 2);
    expect(cloneSetPartition.hold(of, order(3))).toMatchObject({ follows: true });
    const scaled = { ...of, object: { ...of.object, spec: { ...of.object.spec, replicas: 9 } } };
    expect(cloneSetPartition.hold(scaled, order(2))).toMatchObject({ follows: true });
    expect(strategyOf(actedOn(cloneSetPartition.hold(scaled, order(2))))?.partition).toBe('77%');
  });

  test.each<[string, Strategy]>([
    ['the partition', { partition: 0 }],
    ['the partition altogether', {}],
    ['the pause', { partition: '60%', paused: true }],
  ])('is repaired where somebody else changed %s', (_title, updateStrategy) => {
    const of = held(facts(undefined, []), 2);
    const { spec } = of.object as CloneSet;
    const undone = { ...of, object: { ...of.object, spec: { ...spec, updateStrategy } } as Workload };
    const repair = cloneSetPartition.hold(undone, order(2));
    expect(repair).not.toMatchObject({ follows: true });
    expect(strategyOf(actedOn(repair))).toEqual({ partition: '60%' });
  });
});

describe('pods that have to go back', () => {
  const five = ['v1', 'v1', 'v1', 'v2', 'v2'];
  const clear = (of: WorkloadFacts) => cloneSetPartition.clear(of, order(0));

  test('are marked one after the other where one is a fifth of all', () => {
    expect(marks(clear(facts(undefined, five)))).toEqual(['v2-3']);
    expect(clear(facts(undefined, ['v1', 'v1', 'v1', 'v2 marked', 'v2']))).toMatchObject({ acts: [] });
    expect(clear(facts(undefined, ['v1', 'v1', 'v1', 'v1', 'v2']))).toMatchObject({ acts: [{}] });
    expect(clear(facts(undefined, ['v1', 'v1', 'v1', 'v1', 'v1']))).toBeUndefined();
  });

  test('are marked together as far as the others carry their load', () => {
    const twenty = [...Array(10).fill('v1'), ...Array(10).fill('v2')] as string[];
    expect(marks(clear(facts(undefined, twenty, { replicas: 20 }))).length).toBe(4);
  });

  test('are marked at once where they do not serve', () => {
    const broken = ['v1', 'v1', 'v1', 'v2 starting', 'v2 starting'];
    expect(marks(clear(facts(undefined, broken)))).toEqual(['v2-3', 'v2-4']);
  });

  test('wait until the hold has been seen', () => {
    expect(clear(facts(undefined, five, { seen: false }))).toMatchObject({ acts: [] });
  });

  test('stay where their controller would make the same again', () => {
    const every = facts(undefined, ['v2', 'v2', 'v2', 'v2', 'v2'], { current: 'v2' });
    expect(clear(every)).toBeUndefined();
    expect(cloneSetPartition.isGivenUp?.(every, order(0).stable)).toBe(true);
    expect(cloneSetPartition.isGivenUp?.(facts(undefined, five), order(0).stable)).toBe(false);
  });

  test('are those that a new size brought beyond the grant', () => {
    expect(marks(cloneSetPartition.grow(facts(undefined, five), order(1)))).toEqual(['v2-4']);
    expect(cloneSetPartition.grow(facts(undefined, five), order(2))).toBeUndefined();
  });
});

describe('given back', () => {
  const release = (of: WorkloadFacts) => cloneSetPartition.release(of, { rollout: rollout() });

  test('the partition goes first, and its author’s comes back with the last pod', () => {
    const of = held(facts({ partition: 2 }, ['v1', 'v1', 'v1', 'v2', 'v2']), 2);
    expect(strategyOf(actedOn(release(of)))).toEqual({ partition: '0%' });
    const done = facts({ partition: 2 }, ['v2', 'v2', 'v2', 'v2', 'v2'], { current: 'v2' });
    const back = actedOn(release(done)) as Workload;
    expect(strategyOf(back)).toEqual({ partition: 2 });
    expect(back.metadata.annotations).toEqual({});
    expect(release({ ...done, object: back })).toBeUndefined();
  });

  test('with the former template no pod goes before requests can be drained from it', () => {
    const of = facts(undefined, ['v1', 'v1', 'v1', 'v2', 'v2'], { wanted: 'v1' });
    expect(strategyOf(actedOn(release(of)))).toEqual({ partition: 1 });
    const later = facts(undefined, ['v1', 'v1', 'v1', 'v1 starting', 'v2'], { wanted: 'v1' });
    const kept1 = {
      ...later,
      object: { ...later.object, ...{ spec: { ...later.object.spec, updateStrategy: { partition: 1 } } } },
    };
    expect(release(kept1 as WorkloadFacts)).toBeUndefined();
  });

  test('with the former template pods that are not ready wait for no room', () => {
    const of = facts(undefined, ['v1', 'v1', 'v1', 'v1', 'v2 starting'], { wanted: 'v1' });
    expect(strategyOf(actedOn(release(of)))).toEqual({ partition: '0%' });
  });

  test('a CloneSet that nothing holds is nobody’s to give back', () => {
    expect(release(workloadOf(cloneSet({ updateStrategy: { partition: 2 } }) as Workload))).toBeUndefined();
  });
});

describe('going back in batches', () => {
  const back = (of: WorkloadFacts, left: number) =>
    cloneSetPartition.bringBack?.(of, { rollout: rollout(), stable: order(0).stable, left });
  const partition = (of: WorkloadFacts, left: number) => strategyOf(actedOn(back(of, left)))?.partition;
  const three = ['v1', 'v1', 'v2', 'v2', 'v2'];

  test.each<[string, string[], number, unknown]>([
    ['the partition keeps those that stay', three, 2, 2],
    ['no more go at a time than leave the others with what they can carry', three, 0, 2],
    ['one that goes already leaves no room for another', ['v1', 'v1', 'v2 marked', 'v2', 'v2'], 0, 2],
    ['those that are not ready need no room', ['v1', 'v1', 'v1', 'v1', 'v2 starting'], 0, '0%'],
    ['those that are not ready go whatever is asked for', ['v1', 'v1', 'v1', 'v1', 'v2 starting'], 1, '0%'],
  ])('%s', (_title, pods, left, expected) => {
    expect(partition(facts(undefined, pods, { wanted: 'v1' }), left)).toBe(expected);
  });

  test('what is let go is not held again, except where somebody else let it go', () => {
    const of = facts(undefined, three, { wanted: 'v1' });
    const moved = { ...of, object: actedOn(back(of, 2)) as Workload };
    expect(back(moved, 2)).toBeUndefined();
    expect(back(moved, 3)).toBeUndefined();
    const undone = {
      ...moved,
      object: { ...moved.object, spec: { ...moved.object.spec, updateStrategy: {} } },
    };
    expect(partition(undone as WorkloadFacts, 2)).toBe(2);
  });

  test('nothing is asked before its controller has seen the newest spec', () => {
    expect(back(facts(undefined, three, { wanted: 'v1', seen: false }), 1)).toMatchObject({ acts: [] });
  });
});

test('the command that lets it go names the kind in full', () => {
  expect(cloneSetPartition.resumeCommand?.(cloneSet())).toBe(
    `kubectl patch clonesets.apps.kruise.io/echoserver --type=merge -p '{"spec":{"updateStrategy":{"partition":0}}}'`,
  );
});

test('that it is not paused, which its author said past admission, stays said', () => {
  const { spec, ...held } = still(cloneSet());
  const written = { ...held, spec: { ...spec, updateStrategy: { ...spec.updateStrategy, paused: false } } };
  expect(asAuthored(written).spec.updateStrategy).toEqual({ paused: false });
});
