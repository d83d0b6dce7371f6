import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import type { HttpRoute, Ingress, KubeObject, Service, VirtualService } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { mergePatch } from '../world/patch.ts';
import { resourceOf } from '../world/world.ts';
import type { Dice } from './dice.ts';
import { planPatch, plansOf } from './plans.ts';
import {
  apply,
  authoredOf,
  ofVersion,
  PART,
  patch,
  patchSteps,
  present,
  ROUTES,
  recordOf,
  release,
  type Stage,
  workloadOf,
} from './stage.ts';

/** Something that happens; answers what, in a few words. */
export type Happening = (stage: Stage, dice: Dice) => Promise<string>;

export const VERSIONS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'failed'];

/** Sizes at which Kubernetes' own rolling update leaves no pod more than 1.25 times its load. */
const SIZES = [2, 3, 5, 6, 7];
/** …and those where one pod of them may be missing meanwhile, or a fifth of them. A DaemonSet has the size of its cluster. */
const SIZES_WITHOUT_ONE = [5, 10];

/** What lets the workload of a release go, by its kind: what `kubectl` says of it in runbooks. */
const RESUMED: Readonly<Record<string, object>> = {
  Deployment: { paused: false },
  StatefulSet: { updateStrategy: { rollingUpdate: { partition: 0 } } },
  DaemonSet: { updateStrategy: { type: 'RollingUpdate' } },
  CloneSet: { updateStrategy: { paused: false } },
};

/** How long it takes at most until what a person did to the pods or to what leads to them is over. */
const SETTLES_MS = 12_000;
/** The pods of a StatefulSet come one after the other. */
const ORDERED_SETTLES_MS = 20_000;
/** Every pod is made anew. */
const EMPTIED_SETTLES_MS = 30_000;

export function unsettle(stage: Stage, ms = SETTLES_MS): void {
  const isOrdered = workloadOf(stage).kind === 'StatefulSet';
  const settlesMs = isOrdered ? Math.max(ms, ORDERED_SETTLES_MS) : ms;
  stage.unsettledUntil = Math.max(stage.unsettledUntil, stage.world.clock.monotonic() + settlesMs);
}

/** Past admission the workload's own controller may exchange a pod of it before anybody can look. */
export function releaseAnother(stage: Stage, version: string): Promise<string> {
  if (stage.world.faults.webhooksDown) unsettle(stage);
  return release(stage, version);
}

/** What people do. */
export const PEOPLE: readonly Happening[] = [
  (stage, dice) => releaseAnother(stage, dice.oneOf(VERSIONS)),
  (stage, dice) => releaseAnother(stage, dice.oneOf(['v2', 'v3', 'v6', 'v7'])),
  approve,
  approve,
  async (stage, dice) => {
    const nextStepIndex = dice.between(0, 3);
    const sent = await patchSteps(stage, { nextStepIndex });
    return `send it to step ${nextStepIndex}${sent.ok ? '' : ', denied'}`;
  },
  async (stage, dice) => {
    const paused = dice.happens(0.5);
    await patch(stage, resources.rollout, { spec: { strategy: { paused } } });
    return `strategy.paused ${paused}`;
  },
  async (stage, dice) => {
    const rollout = authoredOf(stage, 'Rollout') as Rollout;
    const steps = dice.oneOf(plansOf(rollout));
    const changed = await patch(stage, resources.rollout, planPatch(rollout, steps));
    return `the plan is ${JSON.stringify(steps)}${changed.ok ? '' : ', denied'}`;
  },
  async (stage, dice) => {
    const disabled = dice.happens(0.4);
    await patch(stage, resources.rollout, { spec: { disabled } });
    return `disabled ${disabled}`;
  },
  async (stage, dice) => {
    const suspend = dice.happens(0.5);
    await patch(stage, resources.rolloutGuard, { spec: { suspend } });
    return `suspend ${suspend}`;
  },
  async (stage) => {
    const releaseId = String(recordOf(stage)?.status.releaseId ?? 0);
    await patch(stage, resources.rollout, { metadata: { annotations: { [RETRY_ANNOTATION]: releaseId } } });
    return `retry ${releaseId}`;
  },
  async (stage, dice) => {
    const { kind } = workloadOf(stage);
    if (kind === 'DaemonSet') return 'a DaemonSet cannot be scaled';
    const replicas = dice.oneOf(kind === 'Deployment' ? SIZES : SIZES_WITHOUT_ONE);
    const isEmptied = dice.happens(0.3);
    if (isEmptied) {
      await patch(stage, workloadOf(stage), { spec: { replicas: 0 } });
      await stage.world.clock.advance(dice.between(0, 9) * 1_000);
    }
    await patch(stage, workloadOf(stage), { spec: { replicas } });
    unsettle(stage, isEmptied ? EMPTIED_SETTLES_MS : SETTLES_MS);
    return `${replicas} replicas${isEmptied ? ', after none' : ''}`;
  },
  async (stage) => {
    const { kind } = workloadOf(stage);
    const resumed = { spec: RESUMED[kind] };
    await patch(stage, workloadOf(stage), resumed);
    // A Deployment forgets that it was not paused; what was written of the others stays as their author's.
    if (kind !== 'Deployment') {
      stage.authored = stage.authored.map((object) =>
        object.kind === kind ? (mergePatch(object, resumed) as KubeObject) : object,
      );
    }
    return 'the workload is resumed by hand';
  },
  async (stage, dice) => {
    const rollout = authoredOf(stage, 'Rollout') as Rollout;
    await stage.world.user('alice').delete(resources.rollout, PART);
    await stage.world.clock.advance(dice.between(0, 6) * 1_000);
    const made = await stage.world.user('alice').create(resources.rollout, rollout);
    return `the Rollout is deleted and made again${made.ok ? '' : ', too soon'}`;
  },
  async (stage, dice) => {
    const workload = authoredOf(stage, workloadOf(stage).kind) as KubeObject;
    unsettle(stage, 20_000);
    await stage.world.user('alice').delete(workloadOf(stage), PART);
    await stage.world.clock.advance(dice.between(1, 5) * 1_000);
    await stage.world.user('alice').create(workloadOf(stage), ofVersion(workload, dice.oneOf(['v1', 'v2'])));
    return 'the workload is deleted and made again';
  },
  async (stage, dice) => {
    const written = dice.oneOf(stage.authored.filter(({ kind }) => ROUTES.includes(kind)));
    const edited = withMorePaths(written);
    stage.authored = stage.authored.map((object) => (object === written ? edited : object));
    await apply(stage, edited);
    unsettle(stage, 3_000);
    return `${written.kind} is applied by its owner, with one more path`;
  },
  async (stage, dice) => {
    const { kind } = dice.oneOf(stage.authored.filter((object) => ROUTES.includes(object.kind)));
    const resource = resourceOf({ kind });
    unsettle(stage, 20_000);
    await stage.world.user('alice').delete(resource, PART);
    await stage.world.clock.advance(dice.between(1, 5) * 1_000);
    await apply(stage, authoredOf(stage, kind) as KubeObject);
    return `${kind} is deleted and made again`;
  },
  async (stage) => {
    for (const resource of [resources.ingress, resources.service]) {
      await stage.world.user('alice').delete(resource, { ...PART, name: `${PART.name}-canary` });
    }
    unsettle(stage, 3_000);
    return 'somebody deletes the canary’s Service and Ingress';
  },
];

export async function approve(stage: Stage): Promise<string> {
  const rollout = present<Rollout>(stage, resources.rollout);
  if (!rollout?.status) return 'approve nothing';
  const approved = await patchSteps(stage, { currentStepState: 'StepReady' });
  return approved.ok ? 'approve' : 'approve, denied';
}

/** The object with one more path, or label, that leads to the same Service. */
function withMorePaths(object: KubeObject): KubeObject {
  const [copy] = [structuredClone(object)];
  const more = <T>(list: T[] | undefined): T[] => [
    ...(list ?? []),
    ...structuredClone((list ?? []).slice(-1)),
  ];
  if (copy.kind === 'Ingress') {
    for (const rule of (copy as Ingress).spec.rules ?? [])
      if (rule.http) rule.http.paths = more(rule.http.paths);
  } else if (copy.kind === 'HTTPRoute') {
    (copy as HttpRoute).spec.rules = more((copy as HttpRoute).spec.rules);
  } else if (copy.kind === 'VirtualService') {
    (copy as VirtualService).spec.http = more((copy as VirtualService).spec.http);
  } else if (copy.kind === 'Service') {
    (copy as Service).spec['ports'] = more((copy as Service).spec['ports'] as object[]);
  }
  return copy;
}
