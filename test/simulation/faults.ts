import type { Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { mergePatch } from '../world/patch.ts';
import { type Happening, unsettle } from './people.ts';

/** What breaks. */
export const FAULTS: readonly Happening[] = [
  async ({ world }) => {
    await world.killController();
    return 'the controller is killed';
  },
  async ({ world }, dice) => {
    let writes = dice.between(0, 6);
    const when = dice.oneOf(['before', 'after'] as const);
    world.faults.diesAtWrite = () => {
      writes -= 1;
      if (writes >= 0) return undefined;
      world.faults.diesAtWrite = () => undefined;
      return when;
    };
    return `the controller will die ${when} a write`;
  },
  async ({ world }, dice) => {
    const count = dice.between(1, 6);
    const kind = dice.oneOf(['Conflict', 'Unavailable'] as const);
    world.faults.refusals.push(...Array.from({ length: count }, () => kind));
    return `${count} writes are refused: ${kind}`;
  },
  async ({ world }) => {
    world.flushQueue();
    return 'the queue is flushed';
  },
  async ({ world }, dice) => {
    const probability = dice.throw() / 2;
    world.faults.losesJob = () => dice.happens(probability);
    world.faults.deliveries = () => dice.between(1, 3);
    return 'jobs are lost and results come twice';
  },
  async ({ world }, dice) => {
    const down = dice.happens(0.5);
    world.metrics.setDown(down);
    return `the metric source is ${down ? 'down' : 'up'}`;
  },
  async ({ world }, dice) => {
    world.faults.webhooksDown = dice.happens(0.3);
    return `webhooks are ${world.faults.webhooksDown ? 'down' : 'up'}`;
  },
  async ({ world }, dice) => {
    const ms = dice.between(-2_000, 2_000);
    world.clock.jumpWall(ms);
    return `the wall clock jumps by ${ms} ms, as from one leader to the next`;
  },
  async (stage, dice) => {
    const { world } = stage;
    const pods = world.memory.stores.of<Pod>(resources.pod).list();
    const dying = pods.filter(() => dice.happens(0.3));
    for (const { metadata } of dying) await world.user('node').delete(resources.pod, metadata);
    unsettle(stage);
    return `${dying.length} of ${pods.length} pods are evicted`;
  },
  async (stage, dice) => {
    const { world } = stage;
    const ready = world.memory.stores
      .of<Pod>(resources.pod)
      .list()
      .filter(({ status }) => status?.phase === 'Running');
    const failing = ready.filter(() => dice.happens(0.3));
    for (const { metadata } of failing) await setReady(stage, metadata, false);
    unsettle(stage, 20_000);
    world.clock.after(dice.between(500, 9_000), () => {
      for (const { metadata } of failing) void setReady(stage, metadata, true);
    });
    return `${failing.length} of ${ready.length} pods fail their probes for a while`;
  },
];

function setReady({ world }: Parameters<Happening>[0], ref: Pod['metadata'], ready: boolean) {
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  return world
    .user('node')
    .change(resources.pod, ref, (pod) => mergePatch(pod, { status: { conditions } }) as Pod, 'status');
}
