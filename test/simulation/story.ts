import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { mergePatch } from '../world/patch.ts';
import type { World } from '../world/world.ts';
import type { Dice } from './dice.ts';

const NAMESPACE = 'shop';
const NAME = 'echoserver';

export const VERSIONS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'failed'];

/** The version that ends every story well: nobody has tried it before, and its metrics are good. */
export const LAST_VERSION = 'v9';

/** What the metrics say of the versions: good, bad, turning, or nothing. */
export const SERIES = {
  v1: { 'success-rate': '0.99', health: '1' },
  v2: { 'success-rate': '0.99', health: '1x2 _x5 1' },
  v3: { 'success-rate': '0.99x3 0.5', health: '1' },
  v4: { 'success-rate': '0.5', health: '1' },
  v5: { 'success-rate': '_ _ 0.99 _ 0.99x20', health: '1x4 0' },
  v6: { 'success-rate': '0.99', health: '1x3 0' },
  v7: { 'success-rate': '0.99', health: '1x1 _x30' },
  [LAST_VERSION]: { 'success-rate': '1', health: '1' },
};

/** Something that happens; answers what, in a few words. */
type Happening = (world: World, dice: Dice) => Promise<string>;

/** What people do. */
const PEOPLE: Happening[] = [
  (world, dice) => release(world, dice.oneOf(VERSIONS)),
  (world, dice) => release(world, dice.oneOf(['v2', 'v3', 'v6', 'v7'])),
  (world) => approve(world),
  (world) => approve(world),
  async (world, dice) => {
    const paused = dice.happens(0.5);
    await patch(world, resources.rollout, { spec: { strategy: { paused } } });
    return `strategy.paused ${paused}`;
  },
  async (world, dice) => {
    const traffic = `${dice.between(1, 20)}%`;
    await patch(world, resources.rollout, {
      spec: {
        strategy: {
          canary: {
            steps: [
              { replicas: '20%', traffic, pause: {} },
              { replicas: '60%', traffic: '50%', pause: {} },
            ],
          },
        },
      },
    });
    return `the plan has ${traffic} in its first step`;
  },
  async (world, dice) => {
    const disabled = dice.happens(0.3);
    await patch(world, resources.rollout, { spec: { disabled } });
    return `disabled ${disabled}`;
  },
  async (world, dice) => {
    const suspend = dice.happens(0.5);
    await patch(world, resources.rolloutGuard, { spec: { suspend } });
    return `suspend ${suspend}`;
  },
  async (world) => {
    const releaseId = recordOf(world)?.status.releaseId ?? 0;
    await patch(world, resources.rollout, {
      metadata: { annotations: { [RETRY_ANNOTATION]: String(releaseId) } },
    });
    return `retry ${releaseId}`;
  },
  async (world, dice) => {
    const replicas = dice.between(2, 7);
    await patch(world, resources.deployment, { spec: { replicas } });
    return `${replicas} replicas`;
  },
  async (world) => {
    await patch(world, resources.deployment, { spec: { paused: false } });
    return 'the workload is resumed by hand';
  },
];

/** What breaks. */
const FAULTS: Happening[] = [
  async (world) => {
    await world.killController();
    return 'the controller is killed';
  },
  async (world, dice) => {
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
  async (world, dice) => {
    const count = dice.between(1, 6);
    const kind = dice.oneOf(['Conflict', 'Unavailable'] as const);
    world.faults.refusals.push(...Array.from({ length: count }, () => kind));
    return `${count} writes are refused: ${kind}`;
  },
  async (world) => {
    world.flushQueue();
    return 'the queue is flushed';
  },
  async (world, dice) => {
    const probability = dice.throw() / 2;
    world.faults.losesJob = () => dice.happens(probability);
    world.faults.deliveries = () => dice.between(1, 3);
    return 'jobs are lost and results come twice';
  },
  async (world, dice) => {
    const down = dice.happens(0.5);
    world.metrics.setDown(down);
    return `the metric source is ${down ? 'down' : 'up'}`;
  },
  async (world, dice) => {
    world.faults.webhooksDown = dice.happens(0.3);
    return `webhooks are ${world.faults.webhooksDown ? 'down' : 'up'}`;
  },
  async (world, dice) => {
    const ms = dice.between(-2_000, 2_000);
    world.clock.jumpWall(ms);
    return `the wall clock jumps by ${ms} ms, as from one leader to the next`;
  },
  async (world) => {
    await remove(world, resources.ingress);
    return 'somebody deletes the canary Ingress';
  },
];

/** Lets something happen. */
export function happen(world: World, dice: Dice): Promise<string> {
  return dice.oneOf(dice.happens(0.6) ? PEOPLE : FAULTS)(world, dice);
}

/** Mends everything that was broken, and releases a version that must get through. */
export async function mend(world: World): Promise<void> {
  world.faults.refusals.length = 0;
  world.faults.diesAtWrite = () => undefined;
  world.faults.losesJob = () => false;
  world.faults.deliveries = () => 1;
  world.faults.webhooksDown = false;
  world.metrics.setDown(false);
  await patch(world, resources.rollout, { spec: { disabled: false, strategy: { paused: false } } });
  await patch(world, resources.rolloutGuard, { spec: { suspend: false, onSuccess: 'Promote' } });
  // A release begins under the guard as the controller knows it then.
  await world.clock.advance(2_000);
  await release(world, LAST_VERSION);
}

async function release(world: World, version: string): Promise<string> {
  await change(world, resources.deployment, (object) => {
    const { spec } = object as Deployment;
    const containers = spec.template.spec['containers'] as { image: string }[];
    for (const container of containers) container.image = `example/echoserver:${version}`;
    return object;
  });
  return `release ${version}`;
}

async function approve(world: World): Promise<string> {
  const result = await change(
    world,
    resources.rollout,
    (object) =>
      mergePatch(object, {
        status: { ...(object as Rollout).status, canaryStatus: { currentStepState: 'StepReady' } },
      }) as KubeObject,
    'status',
  );
  return result.ok ? 'approve' : 'approve, denied';
}

function patch(world: World, resource: Resource, merge: object) {
  return change(world, resource, (object) => mergePatch(object, merge) as KubeObject);
}

function change(
  world: World,
  resource: Resource,
  to: (object: KubeObject) => KubeObject,
  subresource?: 'status',
) {
  return world.user('alice').change(resource, { name: NAME, namespace: NAMESPACE }, to, subresource);
}

async function remove(world: World, resource: Resource): Promise<void> {
  await world.user('alice').delete(resource, { name: `${NAME}-canary`, namespace: NAMESPACE });
}

export function recordOf(world: World): RolloutRecord | undefined {
  return world.memory.stores
    .of<RolloutRecord>(resources.rolloutRecord)
    .get({ name: NAME, namespace: NAMESPACE });
}
