import type { CloneSet } from '../../src/api/clone-set.ts';
import type { DaemonSet, KubeObject, Pod, Service, Workload } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutRecord } from '../../src/api/rollout-record.ts';
import { subStatusField } from '../../src/api/rollout-sub-status.ts';
import { workloadResource } from '../../src/api/rollout-workload.ts';
import { authoredSize } from '../../src/workload/clone-set-settings.ts';
import type { UserResult } from '../world/admission.ts';
import { mergePatch } from '../world/patch.ts';
import { resourceOf, type World } from '../world/world.ts';

/** Every object of a story that has a part in it bears this name. */
export const PART = { name: 'echoserver', namespace: 'shop' };

/** The version that ends every story well: nobody has tried it before, and its metrics are good. */
export const LAST_VERSION = 'v9';

/** A story under way: its world, and what its people know of it. */
export interface Stage {
  world: World;
  /** The objects as their owners wrote them last; what is not there any more is missing. */
  authored: KubeObject[];
  /** Until when (monotonic) what just happened may be felt: pods come up, routes are set again. */
  unsettledUntil: number;
}

/** Routes and Services that belong to people, by their kind. */
export const ROUTES = ['Service', 'Ingress', 'HTTPRoute', 'VirtualService'];

export function authoredOf(stage: Stage, kind: string): KubeObject | undefined {
  return stage.authored.find((object) => object.kind === kind);
}

export function present<T extends KubeObject>(stage: Stage, resource: Resource): T | undefined {
  return stage.world.memory.stores.of<T>(resource).get(PART);
}

export function workloadOf(stage: Stage): Resource {
  const rollout = authoredOf(stage, 'Rollout') as Rollout | undefined;
  return (rollout && workloadResource(rollout.spec.workloadRef)) ?? resources.deployment;
}

export function recordOf({ world }: Stage): RolloutRecord | undefined {
  return world.memory.stores.of<RolloutRecord>(resources.rolloutRecord).get(PART);
}

export function patch(stage: Stage, resource: Resource, merge: object, subresource?: 'status') {
  const to = (object: KubeObject) => mergePatch(object, merge) as KubeObject;
  return stage.world.user('alice').change(resource, PART, to, subresource);
}

/** Changes what a Rollout's status says of its steps, as kubectl-kruise does. */
export function patchSteps(stage: Stage, change: object): Promise<UserResult> {
  const { status } = present<Rollout>(stage, resources.rollout) ?? {};
  return patch(stage, resources.rollout, { status: { [subStatusField(status ?? {})]: change } }, 'status');
}

/** How many pods the workload is to have. */
export function sizeOf(workload: Workload | undefined): number {
  if (workload?.kind === 'CloneSet') return authoredSize(workload as CloneSet);
  const { desiredNumberScheduled } = (workload as DaemonSet | undefined)?.status ?? {};
  return workload?.spec.replicas ?? desiredNumberScheduled ?? 0;
}

/** Writes an object as its owner has it, whatever became of it; makes it where it is not there. */
export async function apply(stage: Stage, object: KubeObject): Promise<UserResult> {
  const resource = resourceOf(object);
  const user = stage.world.user('alice');
  const { spec } = object as KubeObject & { spec: unknown };
  const replaced = await user.change(resource, object.metadata, (was) => ({ ...was, spec }) as KubeObject);
  return replaced.ok ? replaced : user.create(resource, object);
}

export async function release(stage: Stage, version: string): Promise<string> {
  await stage.world
    .user('alice')
    .change(workloadOf(stage), PART, (object) => ofVersion(object as Workload, version));
  return `release ${version}`;
}

/** The workload with this image tag in its template. */
export function ofVersion<W extends KubeObject>(workload: W, version: string): W {
  const { template } = (workload as unknown as Workload).spec;
  const containers = (template.spec['containers'] as { image: string }[]).map((container) => ({
    ...container,
    image: `example/echoserver:${version}`,
  }));
  return mergePatch(workload, { spec: { template: { spec: { containers } } } }) as W;
}

export function readyPods({ world }: Stage): Pod[] {
  return world.memory.stores.of<Pod>(resources.pod).list().filter(isReady);
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

export function selectedBy({ spec }: Service, pods: readonly Pod[]): Pod[] {
  return pods.filter(({ metadata }) =>
    Object.entries(spec.selector ?? {}).every(([name, value]) => metadata.labels?.[name] === value),
  );
}
