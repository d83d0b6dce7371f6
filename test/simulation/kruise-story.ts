import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { toObject } from '../scenarios/scenario.ts';
import { kruiseRevision } from '../world/kruise.ts';
import { openWorld, type World, type Write } from '../world/world.ts';
import { type Dice, dice } from './dice.ts';

const NAMESPACE = 'shop';
const ROLLOUTS = 5;
const STEPS = 10;
const VERSIONS = ['v1', 'v2', 'v3'] as const;
/** By then even a story with much bad luck is over. */
const LONGEST_MS = 900_000;
const CHUNK_MS = 5_000;

export interface KruiseStory {
  /** Stays at a step of a revision under a plan that Assay approved, each counted once. */
  approved: number;
  /** Approvals that Kruise Rollouts had put an older state in place of. */
  overwritten: number;
  /** Approvals given without a verdict for exactly what they were given to. */
  wrong: string[];
  /** How each Rollout stands at the end. */
  ends: string[];
  errors: string[];
}

/**
 * Five Rollouts of ten steps go from v1 to v2, and some to v3 in the middle, under a Kruise Rollouts whose cache lags
 * half of the time and which rewrites its whole status at every turn. People edit plans and pause, the controller is
 * killed, and the API server refuses.
 */
export async function tellKruise(seed: number): Promise<KruiseStory> {
  const chance = dice(seed);
  const approved = new Set<string>();
  const wrong: string[] = [];
  let overwritten = 0;
  const world = await openWorld({
    engine: 'kruise',
    objects: objects().map(toObject),
    series: Object.fromEntries(VERSIONS.map((version) => [version, { good: '1' }])),
    seriesIntervalMs: 10_000,
    podReadyMs: 100,
    watchLagMs: () => chance.between(1, 60),
    kruise: {
      beatMs: 400,
      isStale: () => chance.happens(0.5),
      alwaysWrites: true,
      onOverwritten: ({ status }) => {
        if (status?.canaryStatus?.currentStepState === 'StepReady') overwritten += 1;
      },
    },
    onWrite: (write) => {
      const approval = approvalIn(write);
      if (!approval) return;
      approved.add(placeOf(approval));
      if (!hasVerdict(world, approval)) wrong.push(placeOf(approval));
    },
  });
  await world.clock.advance(2_000);
  await world.startController();
  await world.clock.advance(2_000);
  for (const name of names()) await release(world, name, 'v2');
  const disturbed = chance.between(20_000, 40_000);
  for (let elapsed = 0; elapsed < LONGEST_MS && !isOver(world); elapsed += CHUNK_MS) {
    if (elapsed < disturbed) await disturb(world, chance);
    else await letGo(world);
    await world.clock.advance(CHUNK_MS);
  }
  const ends = names().map((name) => endOf(world, name));
  await world.close();
  return { approved: approved.size, overwritten, wrong, ends, errors: world.errors };
}

function names(): string[] {
  return Array.from({ length: ROLLOUTS }, (_, index) => `shop-${index + 1}`);
}

async function disturb(world: World, chance: Dice): Promise<void> {
  const name = chance.oneOf(names());
  switch (chance.between(1, 5)) {
    case 1:
      await release(world, name, 'v3');
      break;
    case 2:
      await edit(world, name, (rollout) => {
        // One pod more or less is another plan.
        const steps = rollout.spec.strategy.canary?.steps ?? [];
        const step = steps[chance.between(0, steps.length - 1)];
        if (step) step.replicas = chance.between(1, 2);
      });
      break;
    case 3:
      await edit(world, name, ({ spec }) => {
        spec.strategy.paused = !spec.strategy.paused;
      });
      break;
    case 4:
      await world.killController();
      break;
    default:
      world.faults.refusals.push(chance.oneOf(['Conflict', 'Unavailable']));
  }
}

async function letGo(world: World): Promise<void> {
  for (const name of names()) {
    if (!rolloutOf(world, name).spec.strategy.paused) continue;
    await edit(world, name, ({ spec }) => {
      spec.strategy.paused = false;
    });
  }
}

async function release(world: World, name: string, version: string): Promise<void> {
  await world.user('alice').change(resources.deployment, { name, namespace: NAMESPACE }, (object) => {
    const { template } = (object as Deployment).spec;
    template.spec['containers'] = [{ name: 'shop', image: `example/shop:${version}` }];
    return object;
  });
}

async function edit(world: World, name: string, change: (rollout: Rollout) => void): Promise<void> {
  await world.user('alice').change(resources.rollout, { name, namespace: NAMESPACE }, (object) => {
    change(object as Rollout);
    return object;
  });
}

interface Approval {
  rollout: Rollout;
  revision: string;
  step: number;
  planHash: string;
  since: string;
}

function approvalIn({ actor, verb, resource, object }: Write): Approval | undefined {
  if (actor !== 'assay' || verb !== 'patch' || resource !== resources.rollout) return undefined;
  const rollout = object as Rollout;
  const status = rollout.status?.canaryStatus;
  if (status?.currentStepState !== 'StepReady') return undefined;
  return {
    rollout,
    revision: status.canaryRevision,
    step: status.currentStepIndex,
    planHash: status.rolloutHash ?? '',
    since: status.lastUpdateTime ?? '',
  };
}

function placeOf({ rollout, revision, step, planHash, since }: Approval): string {
  return [rollout.metadata.name, revision, step, planHash, since].join(' ');
}

/** Whether a run has passed that judged exactly this revision at this stay at this step of this plan. */
function hasVerdict(world: World, { rollout, revision, step, planHash, since }: Approval): boolean {
  const template = VERSIONS.map((version) => templateOf(rollout.metadata.name, version)).find(
    (each) => kruiseRevision(each) === revision,
  );
  return world.memory.stores
    .of<AnalysisRun>(resources.analysisRun)
    .list(NAMESPACE)
    .some(
      ({ spec, status }) =>
        status?.phase === 'Successful' &&
        spec.key?.rolloutUid === rollout.metadata.uid &&
        template !== undefined &&
        spec.key?.revision === revisionOf(template) &&
        spec.key?.step === step &&
        spec.key?.planHash === planHash &&
        spec.target?.windowStart === since,
    );
}

function rolloutOf(world: World, name: string): Rollout {
  const rollout = world.memory.stores.of<Rollout>(resources.rollout).get({ name, namespace: NAMESPACE });
  if (!rollout) throw new Error(`Rollout ${name} is gone`);
  return rollout;
}

function endOf(world: World, name: string): string {
  const { status } = rolloutOf(world, name);
  const workload = world.memory.stores
    .of<Deployment>(resources.deployment)
    .get({ name, namespace: NAMESPACE });
  const succeeded = status?.conditions?.find(({ type }) => type === 'Succeeded')?.status;
  const wanted = workload && kruiseRevision(workload.spec.template);
  const isWanted = wanted === status?.canaryStatus?.canaryRevision;
  return `${status?.phase}, succeeded ${succeeded}, ${isWanted ? 'the wanted version' : 'another version'}`;
}

export const GOOD_END = 'Healthy, succeeded True, the wanted version';

function isOver(world: World): boolean {
  return names().every((name) => endOf(world, name) === GOOD_END);
}

function templateOf(name: string, version: string) {
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [{ name: 'shop', image: `example/shop:${version}` }] },
  };
}

function objects(): KubeObject[] {
  const each = names().flatMap((name) => [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { replicas: 2, selector: { matchLabels: { app: name } }, template: templateOf(name, 'v1') },
    },
    {
      apiVersion: 'rollouts.kruise.io/v1beta1',
      kind: 'Rollout',
      metadata: { name, labels: { team: 'shop' } },
      spec: {
        workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        strategy: {
          canary: {
            enableExtraWorkloadForCanary: true,
            steps: Array.from({ length: STEPS }, (_, index) => ({ replicas: index < 5 ? 1 : 2, pause: {} })),
          },
        },
      },
    },
  ]);
  return [
    ...each,
    {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'ClusterMetricSource',
      metadata: { name: 'default' },
      spec: { prometheus: { address: 'http://prometheus.example.com' } },
    },
    {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: { name: 'good' },
      spec: {
        metrics: [{ name: 'good', query: 'good{pod=~"{{canary.pods}}"}', successCondition: 'value == 1' }],
      },
    },
    {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'RolloutGuard',
      metadata: { name: 'shops' },
      spec: {
        selector: { matchLabels: { team: 'shop' } },
        runHistoryLimit: 100,
        analyses: [{ name: 'good', template: { kind: 'AnalysisTemplate', name: 'good' } }],
      },
    },
  ] as KubeObject[];
}
