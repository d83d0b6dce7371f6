import { afterEach, describe, expect, test } from 'vitest';
import {
  ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION,
  POD_TEMPLATE_HASH_LABEL,
} from '../../src/api/annotations.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import type { Pod, Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { cloneSetBlueGreen } from '../../src/workload/clone-set-blue-green.ts';
import { withBothVersions, withOwnSettings } from '../../src/workload/clone-set-settings.ts';
import { cloneSet, cloneSetRollout } from '../builders/clone-set.ts';
import { runCloneSetsAndPods } from '../world/clone-sets.ts';
import { openStyleWorld, type StyleWorld } from './style-world.ts';

const ROLLOUT = cloneSetRollout({ blueGreen: true });

let world: StyleWorld;
afterEach(() => world.stop());

async function open(spec: Partial<CloneSet['spec']> = {}): Promise<StyleWorld> {
  world = await openStyleWorld({
    rollout: ROLLOUT,
    workload: cloneSet({ replicas: 4, ...spec }),
    run: runCloneSetsAndPods,
  });
  return world;
}

/** In the middle of a release of v2, which has its pods of this step. */
async function inStep(granted: number | string, spec: Partial<CloneSet['spec']> = {}): Promise<StyleWorld> {
  const opened = await open(spec);
  await opened.change('v2');
  await opened.carryOut(granted);
  return opened;
}

const withSpec =
  (change: Partial<CloneSet['spec']>) =>
  (object: Workload): Workload => ({ ...object, spec: { ...object.spec, ...change } });

const specOf = () => (world.object() as CloneSet).spec;
const pods = () => ({ v1: world.ready('v1'), v2: world.ready('v2') });

/** A pod of this version is deleted, as a drained node does it. */
async function lose(version: string): Promise<void> {
  const { stable, revision } = world.order(1);
  const known = world.style.version(world.facts(), version === 'v1' ? stable.revision : revision);
  const lost = world
    .facts()
    .pods.find(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === known?.hash);
  await world.write({ verb: 'delete', resource: resources.pod, object: lost as Pod, why: 'drained' });
  await world.settle();
}

describe('a blue-green CloneSet in the middle of a release', () => {
  test('is larger by the pods of the new version, and keeps all former ones', async () => {
    await inStep('75%', { minReadySeconds: 2 });
    expect(specOf()).toMatchObject({
      replicas: 7,
      minReadySeconds: 2_147_483_646,
      updateStrategy: { partition: '57%', maxSurge: 1, maxUnavailable: 0 },
    });
    expect(world.style.size(world.facts())).toBe(4);
  });

  test('gets back of each version what it loses, and nothing of the other', async () => {
    await inStep('75%');
    await lose('v1');
    await lose('v2');
    expect(pods()).toEqual({ v1: 4, v2: 3 });
  });

  test('keeps the pods of both versions when its former template is restored past admission', async () => {
    await inStep('100%');
    await world.change('v1', 'free');
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 4 });
  });

  test('keeps them when another template comes past admission, which gets no request', async () => {
    await inStep('100%');
    await world.change('v3', 'free');
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 4 });
  });

  test('keeps them when it is paused, and when a third version is held', async () => {
    await inStep('75%');
    await world.edit(withSpec({ updateStrategy: { ...specOf().updateStrategy, paused: true } }));
    await world.settle();
    await world.carryOut('75%', 'hold');
    expect(pods()).toEqual({ v1: 4, v2: 3 });
    await world.change('v3');
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 3 });
  });

  test.each([
    ['twice as large', 8, { v1: 8, v2: 4 }],
    ['half as large', 2, { v1: 2, v2: 1 }],
  ])(
    'scaled past admission to be %s has a stable pod for each, and the share of the new version',
    async (_how, size, then) => {
      await inStep('50%');
      await world.edit(withSpec({ replicas: size }));
      await world.settle();
      expect(world.ready('v2')).toBe(2);
      expect(world.ready('v1')).toBeGreaterThanOrEqual(4);
      await world.carryOut('50%');
      expect(pods()).toEqual(then);
      expect(world.style.size(world.facts())).toBe(size);
      expect(specOf().minReadySeconds).toBe(2_147_483_646);
    },
  );

  test.each([
    ['by its author', true],
    ['past admission', false],
  ])('scaled to nothing %s has no pods, and knows its settings still', async (_how, isSeen) => {
    await inStep('50%', { minReadySeconds: 2 });
    const none = withSpec({ replicas: 0 });
    await world.edit((before) => (isSeen && world.style.keep?.(before, none(before))) || none(before));
    await world.carryOut('50%');
    expect(pods()).toEqual({ v1: 0, v2: 0 });
    expect(withOwnSettings(world.object() as CloneSet).spec).toMatchObject({
      replicas: 0,
      minReadySeconds: 2,
    });
  });

  test('takes over what slipped past admission: the stable pods that went come back', async () => {
    await open({ updateStrategy: { maxUnavailable: 2 }, minReadySeconds: 40 });
    // Until the pods are available, so that some are exchanged.
    await world.settle();
    await world.change('v2', 'free');
    await world.settle();
    expect(world.ready('v1')).toBe(2);
    await world.carryOut('50%');
    expect(world.ready('v1')).toBe(4);
    expect(world.ready('v2')).toBe(2);
  });

  test('gets its settings again where somebody else changed them, and loses no pod', async () => {
    await inStep('50%');
    await world.edit(withSpec({ minReadySeconds: 0 }));
    await world.carryOut('50%', 'hold');
    expect(pods()).toEqual({ v1: 4, v2: 2 });
    expect(specOf().minReadySeconds).toBe(2_147_483_646);
  });

  test('may be scaled by its author: the size is known at once, and both versions follow', async () => {
    await inStep('50%');
    await world.edit((before) => world.style.keep?.(before, withSpec({ replicas: 8 })(before)) ?? before);
    expect(specOf().replicas).toBe(6);
    expect(world.style.size(world.facts())).toBe(8);
    await world.carryOut('50%');
    expect(pods()).toEqual({ v1: 8, v2: 4 });
  });
});

describe('a blue-green CloneSet', () => {
  test('that may only be updated in place gets no pods beside others, and is refused', async () => {
    const { style, facts, order, change } = await open({ updateStrategy: { type: 'InPlaceOnly' } });
    await change('v2');
    expect(style.grow(facts(), order(2))).toEqual({
      fault: {
        reason: 'UnsupportedWorkload',
        message:
          'CloneSet echoserver has updateStrategy.type InPlaceOnly, with which OpenKruise makes no pods beside others; set it to InPlaceIfPossible',
      },
    });
  });

  test('whose stable version is gone keeps the pods that it has', async () => {
    const { style, facts, order, change, settle, ready } = await open();
    await change('v2', 'free');
    await settle();
    await world.edit((object) => style.still(object, ROLLOUT));
    const gone = { ...order(0), granted: undefined, stable: { revision: 'gone', hash: 'gone' } };
    expect(style.clear(facts(), gone)).toBeUndefined();
    expect(ready('v2')).toBe(4);
  });
});

describe('what its author writes of the settings in the middle', () => {
  const authored = cloneSet({
    replicas: 5,
    minReadySeconds: 3,
    scaleStrategy: { maxUnavailable: 1 },
    updateStrategy: { type: 'ReCreate', maxSurge: '20%', partition: 0 },
  });
  const held = withBothVersions(cloneSetBlueGreen.still(authored, ROLLOUT) as CloneSet, {
    former: 5,
    present: 5,
    isTooMany: false,
  });
  const keep = (spec: CloneSet['spec'], metadata = held.metadata) =>
    cloneSetBlueGreen.keep?.(held, { ...held, metadata, spec }) as CloneSet;
  const given = (set: CloneSet) => cloneSetBlueGreen.handBack?.(set) as CloneSet;

  test('is not noted where nothing of them has changed', () => {
    expect(keep(held.spec)).toEqual(held);
  });

  test('leaves them as they are, and comes into force at the end', () => {
    const { metadata, spec } = cloneSet({
      replicas: 8,
      updateStrategy: { type: 'ReCreate', maxUnavailable: 2 },
    });
    const kept = keep(spec, metadata);
    expect(kept.spec).toEqual(held.spec);
    expect(given(kept).spec).toEqual({
      ...spec,
      // Neither of the two writers has said anything of it.
      scaleStrategy: { maxUnavailable: 1 },
      updateStrategy: { type: 'ReCreate', maxUnavailable: 2, partition: '100%' },
    });
  });

  test('of the others leaves the size and the rest', () => {
    const kept = keep({ ...held.spec, minReadySeconds: 9 });
    expect(given(kept).spec).toEqual({
      ...authored.spec,
      minReadySeconds: 9,
      updateStrategy: { ...authored.spec.updateStrategy, partition: '100%' },
    });
  });

  test('cannot be given back from a note that somebody made unreadable', () => {
    const annotations = { ...held.metadata.annotations, [ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION]: '{' };
    const broken = { ...held, metadata: { ...held.metadata, annotations } };
    expect(given(broken).spec).toEqual({
      replicas: 10,
      selector: authored.spec.selector,
      template: authored.spec.template,
      updateStrategy: { type: 'ReCreate', partition: '100%' },
    });
  });
});
