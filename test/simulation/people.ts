import { RETRY_ANNOTATION } from '../../src/api/annotations.ts';
import type { HttpRoute, Ingress, KubeObject, Service, VirtualService } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { resourceOf } from '../world/world.ts';
import type { Dice } from './dice.ts';
import {
  apply,
  authoredOf,
  ofVersion,
  PART,
  patch,
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

/** Plans that people change to in the middle; each has two steps, as no other number is let through then. */
export const PLANS = [
  [
    { replicas: '20%', traffic: '5%', pause: {} },
    { replicas: '60%', traffic: '50%', pause: {} },
  ],
  [
    { replicas: 1, traffic: '15%', pause: { duration: 4 } },
    { replicas: '100%', traffic: '60%', pause: { duration: 0 } },
  ],
  [
    { replicas: '40%', pause: {} },
    { replicas: '50%', traffic: '40%', pause: {} },
  ],
  [
    { replicas: 1, matches: [{ headers: [{ name: 'x-user', value: 'alice' }] }], pause: {} },
    { replicas: 2, traffic: '20%', pause: { duration: 2 } },
  ],
];

/** Sizes at which Kubernetes' own rolling update leaves no pod more than 1.25 times its load. */
const SIZES = [2, 3, 5, 6, 7];

/** How long it takes at most until what a person did to the pods or to what leads to them is over. */
const SETTLES_MS = 12_000;

export function unsettle(stage: Stage, ms = SETTLES_MS): void {
  stage.unsettledUntil = Math.max(stage.unsettledUntil, stage.world.clock.monotonic() + ms);
}

/** What people do. */
export const PEOPLE: readonly Happening[] = [
  (stage, dice) => release(stage, dice.oneOf(VERSIONS)),
  (stage, dice) => release(stage, dice.oneOf(['v2', 'v3', 'v6', 'v7'])),
  approve,
  approve,
  async (stage, dice) => {
    const nextStepIndex = dice.between(0, 3);
    const sent = await patch(
      stage,
      resources.rollout,
      { status: { canaryStatus: { nextStepIndex } } },
      'status',
    );
    return `send it to step ${nextStepIndex}${sent.ok ? '' : ', denied'}`;
  },
  async (stage, dice) => {
    const paused = dice.happens(0.5);
    await patch(stage, resources.rollout, { spec: { strategy: { paused } } });
    return `strategy.paused ${paused}`;
  },
  async (stage, dice) => {
    const steps = dice.oneOf(PLANS);
    const changed = await patch(stage, resources.rollout, { spec: { strategy: { canary: { steps } } } });
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
    const replicas = dice.oneOf(SIZES);
    await patch(stage, workloadOf(stage), { spec: { replicas } });
    unsettle(stage);
    return `${replicas} replicas`;
  },
  async (stage) => {
    await patch(stage, workloadOf(stage), { spec: { paused: false } });
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

async function approve(stage: Stage): Promise<string> {
  const rollout = present<Rollout>(stage, resources.rollout);
  if (!rollout?.status) return 'approve nothing';
  const to = { status: { canaryStatus: { currentStepState: 'StepReady' } } };
  const approved = await patch(stage, resources.rollout, to, 'status');
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
