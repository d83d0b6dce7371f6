import { afterEach, describe, expect, test } from 'vitest';
import type { Workload } from '../../src/api/kubernetes.ts';
import { isMarked } from '../../src/workload/marks.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { styleOf } from '../../src/workload/styles.ts';
import { template } from '../builders/deployment.ts';
import { openStyleWorld, type StyleWorld, type StyleWorldOptions } from './style-world.ts';

export interface StyleContract extends StyleWorldOptions {
  /** How many pods the workload has; at least 4. */
  size: number;
  /** How many pods may be missing while versions are exchanged one for another; 0 where new ones come first. */
  mayMiss: number;
}

/** What every style must do, whatever the kind: run against the workload's own controller in a small world. */
export function styleContract(name: string, contract: StyleContract): void {
  const { size, mayMiss, rollout } = contract;
  let world: StyleWorld;
  const open = async () => {
    world = await openStyleWorld(contract);
    return world;
  };
  const released = async () => {
    const opened = await open();
    await opened.change('v2');
    await opened.settle();
    return opened;
  };
  const giveBack = async () => {
    for (let round = 0; round < 100; round++) {
      const asked = world.style.release(world.facts(), { rollout });
      if (!asked) break;
      if ('fault' in asked) throw new Error(asked.fault.message);
      for (const act of asked.acts) await world.write(act);
      await world.settle();
    }
    await world.settle();
  };
  const clear = async () => {
    for (let round = 0; round < 100; round++) {
      const asked =
        world.style.hold(world.facts(), { ...world.order(0), granted: undefined }) ??
        world.style.clear(world.facts(), { ...world.order(0), granted: undefined });
      if (!asked) break;
      if ('fault' in asked) throw new Error(asked.fault.message);
      for (const act of asked.acts) await world.write(act);
      await world.settle();
    }
  };

  describe(`${name}: the contract of every style`, () => {
    afterEach(() => world.stop());

    test('knows size and version of a workload at rest', async () => {
      const { style, facts } = await open();
      expect(style.size(facts())).toBe(size);
      expect(style.running(facts())).toMatchObject({ revision: revisionOf(template('v1')) });
      expect(style.running(facts())?.hash).not.toBe('');
      expect(style.version(facts(), revisionOf(template('v1')))).toEqual(style.running(facts()));
      expect(style.template(facts(), revisionOf(template('v1')))).toEqual(template('v1'));
      expect(style.version(facts(), 'unknown')).toBeUndefined();
      expect(style.ready(facts(), style.running(facts()) as never)).toBe(size);
      expect(style.update(facts()).done).toBe(true);
    });

    test('held at admission, its own controller brings a new template to no pod', async () => {
      const { style, facts, ready, object } = await released();
      expect(ready('v1')).toBe(size);
      expect(ready('v2')).toBe(0);
      expect(style.isStill(object())).toBe(true);
      expect(isMarked(rollout, object())).toBe(true);
      expect(style.still(object(), rollout)).toBe(object());
      expect(style.running(facts())).toMatchObject({ revision: revisionOf(template('v1')) });
    });

    test('keeps the label that tells its pods apart on every pod', async () => {
      const { style, facts, order, carryOut } = await released();
      await carryOut(2);
      const { version } = style.canary(facts(), order(2));
      const stable = style.version(facts(), revisionOf(template('v1')));
      expect(version?.revision).toBe(revisionOf(template('v2')));
      const pods = [...facts().pods, ...facts().canary.pods];
      const counted = pods.filter(({ metadata }) => metadata.labels?.[style.podLabel] === version?.hash);
      expect(counted.length).toBe(2);
      expect(stable?.hash).not.toBe(version?.hash);
    });

    for (const granted of [1, 2, '50%', '100%'] as const) {
      test(`brings the new version to ${granted} of ${size} pods and no more`, async () => {
        const { style, facts, order, carryOut, ready } = await released();
        await carryOut(granted);
        const { goal } = order(granted);
        expect(ready('v2')).toBe(goal);
        expect(ready('v1')).toBe(style.hasExtraPods ? size : size - goal);
        expect(style.canary(facts(), order(granted))).toMatchObject({
          settled: true,
          pods: goal,
          ready: goal,
        });
      });
    }

    test('goes from step to step and never has fewer pods than it may', async () => {
      const { carryOut, ready, fewest } = await released();
      for (const granted of [1, '50%', '75%', '100%']) await carryOut(granted);
      expect(ready('v2')).toBe(size);
      expect(fewest()).toBeGreaterThanOrEqual(size - mayMiss);
    });

    test('asks for nothing once all is as it should be', async () => {
      const { style, facts, order, carryOut } = await released();
      await carryOut(2);
      expect(style.hold(facts(), order(2))).toBeUndefined();
      expect(style.grow(facts(), order(2))).toBeUndefined();
    });

    test('follows a change of scale in the middle of a step', async () => {
      const { style, facts, order, carryOut, edit, ready } = await released();
      await carryOut('50%');
      if (style.type === 'daemonset') return expect(style.size(facts())).toBe(size);
      await edit((object) => ({ ...object, spec: { ...object.spec, replicas: size * 2 } }));
      await world.settle();
      await carryOut('50%');
      expect(order('50%').goal).toBe(size);
      expect(ready('v2')).toBe(size);
      expect(ready('v1') + (style.hasExtraPods ? 0 : size)).toBe(size * 2);
    });

    test('given to its own controller, every pod gets the new version, and nothing else of it has changed', async () => {
      const before = (await open()).object();
      await world.change('v2');
      await world.carryOut('50%');
      await giveBack();
      expect(world.style.update(world.facts()).done).toBe(true);
      expect(world.style.running(world.facts())).toMatchObject({ revision: revisionOf(template('v2')) });
      await clear();
      await giveBack();
      expect(world.ready('v2')).toBe(size);
      expect(world.ready('v1')).toBe(0);
      expect(authored(world.object())).toEqual({ ...authored(before), template: template('v2') });
    });

    test('with the former template back, every pod gets that again, and nothing of it has changed', async () => {
      const before = (await open()).object();
      await world.change('v2');
      await world.carryOut('50%');
      await world.edit((object) => ({ ...object, spec: { ...object.spec, template: template('v1') } }));
      await giveBack();
      await clear();
      await giveBack();
      expect(world.ready('v1')).toBe(size);
      expect(world.ready('v2')).toBe(0);
      expect(world.style.update(world.facts()).done).toBe(true);
      expect(authored(world.object())).toEqual({ ...authored(before), template: template('v1') });
    });

    test('aborted, the pods of the new version go and the workload stays held on its stable pods', async () => {
      const { carryOut, ready, style, object } = await released();
      await carryOut('50%');
      // Where Abort acts as Rollback nothing goes as long as its template is there: every pod would come back with it.
      if (style.abortRestores && !style.isBlueGreen) {
        const before = ready('v2');
        await clear();
        expect([before, ready('v2'), ready('v1')]).toEqual([size / 2, size / 2, size / 2]);
        return expect(style.isStill(object())).toBe(true);
      }
      await clear();
      await world.settle();
      expect(ready('v2')).toBe(0);
      expect(ready('v1')).toBe(size);
      expect(style.isStill(object())).toBe(true);
      expect(object().spec.template).toEqual(template('v2'));
    });

    if (styleOf(rollout)?.bringBack) {
      const bringBack = async (left: number) => {
        const stable = { revision: revisionOf(template('v1')), hash: '' };
        for (let round = 0; round < 100; round++) {
          const known = world.style.version(world.facts(), stable.revision) ?? stable;
          const asked = world.style.bringBack?.(world.facts(), { rollout, stable: known, left });
          if (!asked) break;
          if ('fault' in asked) throw new Error(asked.fault.message);
          for (const act of asked.acts) await world.write(act);
          await world.settle();
        }
        await world.settle();
      };

      for (const granted of ['75%', '100%'] as const) {
        test(`with the former template back, ${granted} of the pods go back some at a time, and no more than are asked for`, async () => {
          const before = (await open()).object();
          await world.change('v2');
          await world.settle();
          await world.carryOut(granted);
          await world.change('v1');
          await world.settle();
          const gone = world.ready('v2');
          expect(gone).toBe(granted === '100%' ? size : size - 1);
          for (let left = gone - 1; left >= 0; left--) {
            await bringBack(left);
            expect([world.ready('v2'), world.ready('v1')]).toEqual([left, size - left]);
            expect(isMarked(rollout, world.object())).toBe(true);
          }
          await giveBack();
          expect(world.ready('v1')).toBe(size);
          expect(world.style.update(world.facts()).done).toBe(true);
          expect(world.fewest()).toBeGreaterThanOrEqual(size - mayMiss);
          expect(authored(world.object())).toEqual({ ...authored(before), template: template('v1') });
        });
      }

      test('on the way back pods that are not ready go whatever is asked for', async () => {
        await open();
        await world.change('failed');
        await world.settle();
        await world.carryOut(1);
        await world.change('v1');
        await world.settle();
        await bringBack(1);
        expect(world.ready('v1')).toBe(size);
      });

      test('what a new size adds on the way back has the stable version', async () => {
        await released();
        await world.carryOut('50%');
        await world.change('v1');
        await world.settle();
        await bringBack(1);
        await world.edit((object) => ({ ...object, spec: { ...object.spec, replicas: size * 2 } }));
        await world.settle();
        await bringBack(1);
        expect([world.ready('v2'), world.ready('v1')]).toEqual([1, size * 2 - 1]);
      });
    }

    test('a third version in the middle is held as the second was', async () => {
      const { carryOut, change, ready, settle, style, object } = await released();
      await carryOut(1);
      await change('v3');
      await settle();
      expect(ready('v3')).toBe(0);
      expect(style.isStill(object())).toBe(true);
      // The engine makes room before it goes on.
      await clear();
      await carryOut('100%');
      expect(ready('v3')).toBe(size);
    });
  });
}

/** Everything that its author wrote: the spec, without what the API server and Assay note in the metadata. */
function authored({ spec }: Workload): Record<string, unknown> {
  return JSON.parse(JSON.stringify(spec)) as Record<string, unknown>;
}
