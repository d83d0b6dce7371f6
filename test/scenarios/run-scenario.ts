import type { KubeObject, Workload } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { subStatusField } from '../../src/api/rollout-sub-status.ts';
import { mergePatch } from '../world/patch.ts';
import { openTrace, type Trace } from '../world/trace.ts';
import { openWorld, resourceOf, type World, type Write } from '../world/world.ts';
import { actsOf, NAMESPACE, type Scenario, type ScenarioEvent, toObject } from './scenario.ts';

export interface Played {
  trace: string[];
  world: World;
  writes: Write[];
}

export interface PlayOptions {
  /** The controller is killed and started again this often, beside what the scenario says. */
  killEveryMs?: number;
  /** Asked before each write of the controller: whether it dies at it, and is started again a second later. */
  diesAtWrite?(): 'before' | 'after' | undefined;
}

/** Before the scenario begins, pods become ready and the controller takes the workload into care. */
export const WARM_UP_MS = 10_000;

/** Plays a scenario to its end. The world is closed then and can still be looked at. */
export async function playScenario(scenario: Scenario, options: PlayOptions = {}): Promise<Played> {
  const trace = openTrace(WARM_UP_MS);
  const writes: Write[] = [];
  const world = await openWorld({
    ...(scenario.engine === undefined ? {} : { engine: scenario.engine }),
    objects: scenario.objects,
    series: Object.fromEntries(
      Object.entries(scenario.metrics).map(([version, series]) => [
        version,
        Object.fromEntries(Object.entries(series).map(([metric, text]) => [metric, String(text)])),
      ]),
    ),
    seriesIntervalMs: scenario.sampleInterval,
    podReadyMs: scenario.podReady,
    onWrite: (write) => {
      if (write.at < WARM_UP_MS) trace.learn(write);
      else trace.record(write);
      writes.push(write);
    },
  });
  await world.clock.advance(WARM_UP_MS / 2);
  await world.startController();
  await world.clock.advance(WARM_UP_MS / 2);
  if (options.diesAtWrite) world.faults.diesAtWrite = options.diesAtWrite;
  await playEvents(world, trace, withKills(scenario, options));
  await world.close();
  if (world.errors.length > 0) throw new Error(world.errors.join('\n'));
  return { trace: trace.lines(), world, writes };
}

type Timed = { at: number; act: (world: World, trace: Trace) => Promise<void> };

function withKills({ events, end }: Scenario, { killEveryMs }: PlayOptions): Timed[] {
  const kills: Timed[] = [];
  for (let at = killEveryMs ?? end; at < end; at += killEveryMs ?? end) {
    kills.push({ at, act: (world) => world.killController() });
  }
  const told = events.map((event) => ({
    at: event.at,
    act: (world: World, trace: Trace) => happen(world, trace, event),
  }));
  const over = { at: end, act: async () => undefined };
  return [...told, ...kills, over].toSorted((a, b) => a.at - b.at);
}

async function playEvents(world: World, trace: Trace, events: readonly Timed[]): Promise<void> {
  let now = 0;
  for (const { at, act } of events) {
    await world.clock.advance(at - now);
    now = at;
    await act(world, trace);
  }
}

async function happen(world: World, trace: Trace, event: ScenarioEvent): Promise<void> {
  const at = WARM_UP_MS + event.at;
  const note = (subject: string, act: string, message?: string) => trace.note(at, { subject, act, message });
  if (event.source) {
    note('metric source', event.source);
    world.metrics.setDown(event.source === 'down');
  } else if (event.webhooks) {
    note('webhooks', event.webhooks);
    world.faults.webhooksDown = event.webhooks === 'down';
  } else if (event.controller) {
    note('controller', event.controller);
    if (event.controller === 'kill') await world.killController();
    else if (event.controller === 'stop') await world.stopController();
    else await world.startController();
  } else if (event.queue) {
    note('queue', event.queue);
    disturbQueue(world, event.queue);
  } else if (event.refuse) {
    const { fault, count } = event.refuse;
    note('API server', 'refuse', `the next ${count} writes of the controller: ${fault}`);
    world.faults.refusals.push(...Array.from({ length: count }, () => fault));
  } else {
    const { act, message } = await byPerson(world, event);
    if (message !== '') note(event.by, act, message);
  }
}

function disturbQueue(world: World, how: 'flush' | 'duplicate' | 'lose'): void {
  if (how === 'flush') world.flushQueue();
  if (how === 'duplicate') world.faults.deliveries = () => 2;
  if (how === 'lose') {
    let left = 1;
    world.faults.losesJob = () => left-- > 0;
  }
}

/** Does what a person does; answers what the API server said to it. */
async function byPerson(
  world: World,
  event: ScenarioEvent,
): Promise<{ act: 'warned' | 'denied'; message: string }> {
  const user = world.user(event.by);
  const result = await (() => {
    if (event.release) {
      const resource = workloadIn(world);
      const ref = only(world, resource.kind, undefined);
      return user.change(resource, ref, (object) => withTag(object, event.release ?? ''));
    }
    if (event.approve) {
      const ref = only(world, 'Rollout', event.approve === true ? undefined : event.approve);
      return user.change(resources.rollout, ref, approved, 'status');
    }
    if (event.create) return user.create(resourceOf(event.create), toObject(event.create));
    if (event.delete) {
      return user.delete(resourceOf(event.delete), only(world, event.delete.kind, event.delete.name));
    }
    if (event.patch) {
      const { kind, name, merge, status } = event.patch;
      const change = (object: KubeObject) => mergePatch(object, merge) as KubeObject;
      return user.change(resourceOf({ kind }), only(world, kind, name), change, status && 'status');
    }
    throw new Error(`nothing is known of ${actsOf(event).join()}`);
  })();
  return result.ok
    ? { act: 'warned', message: result.warnings.join('; ') }
    : { act: 'denied', message: result.message };
}

/** The kind of workload that there is; Deployments first. */
function workloadIn(world: World): Resource {
  const kinds = [resources.deployment, resources.cloneSet, resources.statefulSet, resources.daemonSet];
  const found = kinds.find((resource) => world.memory.stores.of(resource).list(NAMESPACE).length > 0);
  if (!found) throw new Error('there is no workload to release');
  return found;
}

/** The one object of this kind with this name, in which `*` stands for anything; the oldest where none is asked for. */
function only(world: World, kind: string, name: string | undefined) {
  const resource = resourceOf({ kind });
  const pattern = new RegExp(`^${(name ?? '*').replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const found = world.memory.stores
    .of(resource)
    .list(resource.namespaced ? NAMESPACE : undefined)
    .filter(({ metadata }) => pattern.test(metadata.name));
  const [object] = found;
  if (!object || (name !== undefined && found.length > 1)) {
    throw new Error(`${found.length} objects are ${kind} ${name}, and one must be`);
  }
  return object.metadata;
}

function withTag(object: KubeObject, tag: string): KubeObject {
  const { spec } = object as Workload;
  const containers = spec.template.spec['containers'] as { image: string }[];
  for (const container of containers) container.image = container.image.replace(/:[^:]*$/, `:${tag}`);
  return object;
}

/** What kubectl-kruise patches into the status. */
function approved(object: KubeObject): KubeObject {
  const { status } = object as Rollout;
  const field = subStatusField(status ?? {});
  return mergePatch(object, {
    status: { ...status, [field]: { currentStepState: 'StepReady' } },
  }) as KubeObject;
}
