import { afterEach, describe, expect, test } from 'vitest';
import type { Deployment, Workload } from '../../src/api/kubernetes.ts';
import { deployment, template } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { runDeployments } from '../world/deployments.ts';
import { openStyleWorld, type StyleWorld } from './style-world.ts';

const { status: _status, ...plain } = deployment({ replicas: 4 });

let world: StyleWorld;
afterEach(() => world.stop());

async function open(spec: Partial<Deployment['spec']> = {}): Promise<StyleWorld> {
  world = await openStyleWorld({
    rollout: rollout({ blueGreen: true }),
    workload: { ...plain, spec: { ...plain.spec, ...spec } },
    run: runDeployments,
  });
  return world;
}

const withSpec =
  (change: Partial<Deployment['spec']>) =>
  (object: Workload): Workload => ({ ...object, spec: { ...object.spec, ...change } });

const pods = () => ({ v1: world.ready('v1'), v2: world.ready('v2') });

describe('a blue-green Deployment in the middle of a release', () => {
  test('keeps the pods of both versions when its former template is restored past admission', async () => {
    await open();
    await world.change('v2');
    await world.carryOut('100%');
    await world.change('v1', 'free');
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 4 });
  });

  test('keeps the pods of both versions when it is paused, and when a third version is held', async () => {
    await open();
    await world.change('v2');
    await world.carryOut('75%');
    await world.edit(withSpec({ paused: true }));
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 3 });
    await world.change('v3');
    await world.settle();
    expect(pods()).toEqual({ v1: 4, v2: 3 });
  });

  test.each([
    ['twice as large', 8, { v1: 8, v2: 4 }],
    ['half as large', 2, { v1: 2, v2: 1 }],
  ])(
    'scaled by hand to be %s has a stable pod for each, and the share of the new version',
    async (_how, size, then) => {
      await open();
      await world.change('v2');
      await world.carryOut('50%');
      await world.edit(withSpec({ replicas: size }));
      await world.carryOut('50%');
      expect(pods()).toEqual(then);
    },
  );

  test('takes over what slipped past admission: the stable pods that went come back', async () => {
    await open({ strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 2 } }, minReadySeconds: 60 });
    await world.change('v2', 'free');
    await world.settle();
    expect(world.ready('v1')).toBe(2);
    await world.carryOut('50%');
    expect(world.ready('v1')).toBe(4);
  });

  test('gets its settings again where somebody else changed them, and loses no pod', async () => {
    await open();
    await world.change('v2');
    await world.carryOut('50%');
    await world.edit(withSpec({ minReadySeconds: 0 }));
    await world.carryOut('50%', 'hold');
    expect(pods()).toEqual({ v1: 4, v2: 2 });
    expect((world.object() as Deployment).spec.minReadySeconds).toBe(2_147_483_646);
  });
});

describe('a blue-green Deployment', () => {
  test('that replaces all its pods at once has none to go back to, and is refused', async () => {
    const { style, facts, order, change } = await open({ strategy: { type: 'Recreate' } });
    await change('v2');
    expect(style.grow(facts(), order(2))).toEqual({
      fault: {
        reason: 'UnsupportedWorkload',
        message:
          'Deployment echoserver has strategy.type Recreate, which leaves no pods to go back to; set it to RollingUpdate',
      },
    });
  });

  test('whose stable version is gone keeps the pods that it has', async () => {
    const { style, facts, order, change, settle, ready } = await open();
    await change('v2', 'free');
    await settle();
    await world.edit((object) => style.still(object, rollout({ blueGreen: true })));
    const gone = { ...order(0), granted: undefined, stable: { revision: 'gone', hash: 'gone' } };
    expect(style.clear(facts(), gone)).toBeUndefined();
    expect(ready('v2')).toBe(4);
    expect(facts().object.spec.template).toEqual(template('v2'));
  });
});
