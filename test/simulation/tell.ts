import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { IN_PROGRESSING_ANNOTATION, TRAFFIC_ROUTING_FINALIZER } from '../../src/api/annotations.ts';
import { type KubeObject, keyOf, type Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { SharedRouting } from '../../src/api/traffic-routing.ts';
import { styleOf } from '../../src/workload/styles.ts';
import { imageTag } from '../world/kubelet.ts';
import { mergePatch } from '../world/patch.ts';
import { openTrace } from '../world/trace.ts';
import { openWorld, resourceOf, type World, type Write } from '../world/world.ts';
import { type Cast, goesInBatches, objectsOf } from './casts.ts';
import { type Dice, dice } from './dice.ts';
import { FAULTS } from './faults.ts';
import { watchman } from './invariants.ts';
import { type Happening, PEOPLE } from './people.ts';
import { withPlan } from './plans.ts';
import {
  apply,
  authoredOf,
  LAST_VERSION,
  ofVersion,
  PART,
  patch,
  patchSteps,
  present,
  ROUTES,
  readyPods,
  recordOf,
  release,
  type Stage,
  sizeOf,
  workloadOf,
} from './stage.ts';
import { PEOPLE_IN_BATCHES, stableVersion } from './withdrawals.ts';

/** What happens between the beginning and the mending of a story. */
const HAPPENINGS = 6;

/** No release takes longer, once all is mended. */
const ENDING_S = 150;

/**
 * So much later after a full second does each next thing happen in a story that is told twice: whatever follows from
 * one of them, seconds later, is not at the instant of another, where nothing says which of the two comes first.
 */
const OFF_THE_BEAT_MS = 70;

/** What the metrics say of the versions: good, bad, turning, or nothing. */
const SERIES = {
  v1: { 'success-rate': '0.99', health: '1' },
  v2: { 'success-rate': '0.99', health: '1x2 _x5 1' },
  v3: { 'success-rate': '0.99x3 0.5', health: '1' },
  v4: { 'success-rate': '0.5', health: '1' },
  v5: { 'success-rate': '_ _ 0.99 _ 0.99x20', health: '1x4 0' },
  v6: { 'success-rate': '0.99', health: '1x3 0' },
  v7: { 'success-rate': '0.99', health: '1x1 _x30' },
  [LAST_VERSION]: { 'success-rate': '1', health: '1' },
};

export interface StoryOptions {
  /** Nothing breaks: people alone make the story. */
  isPeaceful?: boolean;
  /** What may happen beside what people do in every story. */
  more?: readonly Happening[];
  /** Asked after each second: whether the controller is killed. */
  kills?: () => boolean;
}

export interface Story {
  /** What was broken, in plain words. */
  broken: string[];
  trace: string[];
  end: ReturnType<typeof endOf>;
  /** The end that every story must come to: all is as its owners wrote it, and runs the last version. */
  goodEnd: Story['end'];
}

/** Plays the story of one seed: what was broken, what was seen, and what there is at its end. */
export async function tell(cast: Cast, seed: number, options: StoryOptions = {}): Promise<Story> {
  const chance = dice(seed);
  const rules = watchman();
  const trace = openTrace(0);
  const made = new Map<string, KubeObject>();
  const authored = objectsOf(cast).map((object) => withPlan(object, chance.oneOf));
  let stage: Stage | undefined;
  const world = await openWorld({
    objects: withJudges(authored, chance),
    series: SERIES,
    seriesIntervalMs: 4_000,
    podReadyMs: chance.between(200, 3_000),
    ...(options.isPeaceful ? {} : { watchLagMs: lagOf(chance) }),
    onWrite: (write) => {
      trace.record(write);
      noteMade(made, write);
      if (stage) rules.onWrite(stage, write);
    },
  });
  stage = { world, authored, unsettledUntil: 0 };
  const look = async () => {
    // To lose an answer changes no outcome, but costs the time until it is asked for again.
    if (options.kills?.() && !world.isMeasuring()) await world.killController();
    rules.atRest(stage as Stage);
  };
  // Until the last pod of a StatefulSet is ready.
  await world.clock.advance(16_000);
  await world.startController();
  await world.clock.advance(1_000);
  const people = goesInBatches(cast) ? PEOPLE_IN_BATCHES : [...PEOPLE, ...(options.more ?? [])];
  for (let count = 0; count < HAPPENINGS; count++) {
    if (options.isPeaceful) await world.clock.advance(OFF_THE_BEAT_MS);
    const happenings = options.isPeaceful || chance.happens(0.6) ? people : FAULTS;
    const what = await chance.oneOf(happenings)(stage, chance);
    trace.note(world.clock.monotonic(), { subject: 'story', act: what });
    await pass(world, look, chance.between(1, 10));
  }
  if (options.isPeaceful) await world.clock.advance(OFF_THE_BEAT_MS);
  await mend(stage, look);
  trace.note(world.clock.monotonic(), { subject: 'story', act: 'everything is mended' });
  await finish(stage, look);
  const end = endOf(stage, made);
  await world.close();
  const broken = [...rules.broken, ...world.errors];
  return { broken, trace: trace.lines(), end, goodEnd: goodEndOf(stage) };
}

function lagOf(chance: Dice): () => number {
  return () => (chance.happens(0.1) ? chance.between(50, 400) : chance.between(1, 10));
}

const template = { kind: 'AnalysisTemplate', name: 'success-rate' };
const STEP = { name: 'success-rate', template };
const BACKGROUND = { name: 'health', template: { ...template, name: 'health' }, mode: 'Background' };
const AFTERWARDS = { name: 'afterwards', template, mode: 'PostPromotion' };
const ANALYSES = [[STEP], [STEP, BACKGROUND], [STEP, AFTERWARDS], [STEP, BACKGROUND, AFTERWARDS]];

/** With a guard of some kind, or, in every fifth story, with none; and the templates that it names. */
function withJudges(objects: readonly KubeObject[], chance: Dice): KubeObject[] {
  const guard = {
    onFailure: chance.oneOf(['Rollback', 'Abort', 'Pause']),
    onSuccess: chance.oneOf(['Promote', 'Promote', 'Hold']),
    onTimeout: chance.oneOf(['Rollback', 'Abort', 'Pause']),
    holdTimeout: `${chance.between(10, 90)}s`,
    progressDeadlineSeconds: chance.between(5, 40),
    onInconclusive: chance.oneOf(['Pause', 'Retry']),
    onError: chance.oneOf(['Pause', 'Retry']),
    retry: { attempts: chance.between(1, 3), delay: `${chance.between(1, 20)}s` },
    analyses: chance.oneOf(ANALYSES),
  };
  const isGuarded = chance.happens(0.8);
  const noData = chance.oneOf(['Inconclusive', 'Wait']);
  return objects.flatMap((object): KubeObject[] => {
    if (object.kind === 'RolloutGuard')
      return isGuarded ? [mergePatch(object, { spec: guard }) as KubeObject] : [];
    if (object.kind !== 'AnalysisTemplate') return [object];
    const health = {
      name: 'health',
      query: 'health{pod=~"{{canary.pods}}"}',
      interval: '5s',
      noData,
      successCondition: 'value >= 1',
    };
    const [metric] = (object as unknown as { spec: { metrics: object[] } }).spec.metrics;
    return [
      mergePatch(object, { spec: { metrics: [{ ...metric, interval: '4s', count: 2 }] } }) as KubeObject,
      mergePatch(object, {
        metadata: { name: 'health' },
        spec: { args: null, metrics: [health] },
      }) as KubeObject,
    ];
  });
}

/** Mends everything that was broken, and releases a version that must get through. */
async function mend(stage: Stage, look: () => Promise<void>): Promise<void> {
  const { world } = stage;
  world.faults.refusals.length = 0;
  world.faults.diesAtWrite = () => undefined;
  world.faults.losesJob = () => false;
  world.faults.deliveries = () => 1;
  world.faults.webhooksDown = false;
  world.metrics.setDown(false);
  // One that goes is made again once it is gone.
  for (let second = 0; second < ENDING_S && isGoing(stage); second++) await world.clock.advance(1_000);
  for (const object of stage.authored.filter(({ metadata }) => metadata.name === PART.name)) {
    if (present(stage, resourceOf(object))) continue;
    const isWorkload = object.kind === workloadOf(stage).kind;
    await apply(stage, isWorkload ? ofVersion(object, 'v1') : object);
  }
  await patch(stage, resources.rollout, { spec: { disabled: false, strategy: { paused: false } } });
  // In time for pods that are exchanged one by one.
  const guard = { suspend: false, onSuccess: 'Promote', progressDeadlineSeconds: 120 };
  await patch(stage, resources.rolloutGuard, { spec: guard });
  // A release begins under the guard as the controller knows it then.
  await world.clock.advance(2_000);
  if (styleOf(authoredOf(stage, 'Rollout') as Rollout)?.isBlueGreen) await takeBack(stage, look);
  await releaseLast(stage);
}

async function releaseLast(stage: Stage): Promise<void> {
  const { world } = stage;
  await release(stage, LAST_VERSION);
  // A StatefulSet that was stopped by a pod that never got ready makes the others now, one after the other.
  const missing = sizeOf(present<Workload>(stage, workloadOf(stage))) - readyPods(stage).length;
  const settlesMs = workloadOf(stage) === resources.statefulSet ? 4_000 * missing : 0;
  stage.unsettledUntil = Math.max(stage.unsettledUntil, world.clock.monotonic() + 3_000 + settlesMs);
}

function isGoing(stage: Stage): boolean {
  return present<Rollout>(stage, resources.rollout)?.metadata.deletionTimestamp !== undefined;
}

/** Where a newer version has no room, or waits for it, its author takes the one under way back first. */
async function takeBack(stage: Stage, look: () => Promise<void>): Promise<void> {
  const { release: present } = recordOf(stage)?.status ?? {};
  const stable = stableVersion(stage);
  if (!present || present.outcome === 'Promoted' || !stable) return;
  await release(stage, stable);
  for (let second = 0; second < ENDING_S; second++) {
    await pass(stage.world, look, 1);
    if (recordOf(stage)?.status.release?.outcome === 'RolledBack') return;
  }
}

/** Lets the last release come to its end; a person approves where no guard does, and does what a message asks for. */
async function finish(stage: Stage, look: () => Promise<void>): Promise<void> {
  const isGuarded = present(stage, resources.rolloutGuard) !== undefined;
  for (let second = 0; second < ENDING_S; second++) {
    await pass(stage.world, look, 1);
    const rollout = present<Rollout>(stage, resources.rollout);
    if (!isGuarded && rollout?.status?.currentStepState === 'StepPaused')
      await patchSteps(stage, { currentStepState: 'StepReady' });
    const shared = authoredOf(stage, 'TrafficRouting');
    if (shared && !present(stage, resources.trafficRouting)) await apply(stage, shared);
    // Whoever reads it looks in now and then: words are written when there is time.
    if (second % 15 === 14 && rollout?.status?.message?.includes('to go on, restore the template')) {
      await takeBack(stage, look);
      await releaseLast(stage);
    }
    if (second > 10 && isOver(stage)) break;
  }
  // What is told, or tidied up, after the end.
  await pass(stage.world, look, 2);
}

function isOver(stage: Stage): boolean {
  const { phase, conditions } = present<Rollout>(stage, resources.rollout)?.status ?? {};
  const isJudged = conditions?.every(({ type, status }) => type !== 'PostPromotion' || status === 'True');
  const workload = present<Workload>(stage, workloadOf(stage));
  const version = workload && imageTag(workload.spec.template.spec);
  const isMarked = workload?.metadata.annotations?.[IN_PROGRESSING_ANNOTATION] !== undefined;
  return phase === 'Healthy' && version === LAST_VERSION && !isMarked && isJudged === true;
}

/** Lets seconds pass; whoever looks at each of them sees what has settled. */
async function pass(world: World, look: () => Promise<void>, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.clock.advance(1_000);
    await look();
  }
}

/**
 * What the engine makes and leaves on purpose: records of what was, beside the release itself, and the ReplicaSets by
 * which `kubectl rollout undo` knows a version.
 */
const LEFT = ['Event', 'AnalysisRun', 'RolloutRecord', 'ReplicaSet'];

function noteMade(made: Map<string, KubeObject>, { actor, verb, object }: Write): void {
  const key = `${object.kind} ${keyOf(object)}`;
  if (verb === 'create' && actor === 'assay' && !LEFT.includes(object.kind)) made.set(key, object);
}

function endOf(stage: Stage, made: ReadonlyMap<string, KubeObject>) {
  const { memory } = stage.world;
  const workload = present<Workload>(stage, workloadOf(stage));
  const runs = memory.stores.of<AnalysisRun>(resources.analysisRun).list();
  const isRunning = ({ status }: AnalysisRun) => !status || ['Pending', 'Running'].includes(status.phase);
  const left = [...made.values()].filter((object) =>
    memory.stores.of(resourceOf(object)).get(object.metadata),
  );
  const routes = stage.authored.filter(({ kind }) => ROUTES.includes(kind));
  const pods = readyPods(stage).map(({ spec }) => imageTag(spec as unknown as Record<string, unknown>));
  return {
    phase: present<Rollout>(stage, resources.rollout)?.status?.phase,
    isReleased: imageTag(workload?.spec.template.spec ?? {}) === LAST_VERSION,
    pods: [...new Set(pods)],
    missingPods: sizeOf(workload) - pods.length,
    workload: workload && withoutTemplate(workload),
    left: left.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    routes: Object.fromEntries(
      routes.map(({ kind }) => [kind, specOf(present(stage, resourceOf({ kind })))]),
    ),
    finishedRunsAreFew: runs.filter((run) => !isRunning(run)).length <= 10,
    runningRuns: runs.filter(isRunning).length,
    sharing: sharingOf(present<SharedRouting>(stage, resources.trafficRouting)),
  };
}

function goodEndOf(stage: Stage): Story['end'] {
  const workload = stage.authored.find(({ kind }) => kind === workloadOf(stage).kind) as Workload;
  const routes = stage.authored.filter(({ kind }) => ROUTES.includes(kind));
  return {
    phase: 'Healthy',
    isReleased: true,
    pods: [LAST_VERSION],
    missingPods: 0,
    workload: withoutTemplate(workload),
    left: [],
    routes: Object.fromEntries(routes.map((object) => [object.kind, specOf(object)])),
    finishedRunsAreFew: true,
    runningRuns: 0,
    sharing: undefined,
  };
}

/** What keeps a TrafficRouting from being at rest; one that was deleted in the middle may be gone by then. */
function sharingOf(routing: SharedRouting | undefined): string | undefined {
  const told = routing && `${routing.status?.phase}, kept by ${routing.metadata.finalizers?.join()}`;
  return told === `Healthy, kept by ${TRAFFIC_ROUTING_FINALIZER}` ? undefined : told;
}

function withoutTemplate({ metadata, spec }: Workload) {
  const { template: _template, replicas: _replicas, ...rest } = spec;
  return { mark: metadata.annotations?.[IN_PROGRESSING_ANNOTATION], ...rest };
}

function specOf(object: KubeObject | undefined): unknown {
  return (object as { spec?: unknown } | undefined)?.spec;
}
