import { join } from 'node:path';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { IN_PROGRESSING_ANNOTATION, POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import type { Deployment, KubeObject, Service } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { readObjects } from '../scenarios/scenario.ts';
import { mergePatch } from '../world/patch.ts';
import { openTrace } from '../world/trace.ts';
import { openWorld, type World } from '../world/world.ts';
import { dice } from './dice.ts';
import { watchman } from './invariants.ts';
import { happen, mend, SERIES } from './story.ts';

const HAPPENINGS = 25;
const manifests = readObjects(
  ['echoserver', 'rollout', 'source-and-template', 'guard'].map((name) =>
    join(import.meta.dirname, '../scenarios/manifests', `${name}.yaml`),
  ),
);

const template = { kind: 'AnalysisTemplate', name: 'success-rate' };
const STEP = { name: 'success-rate', template };
const BACKGROUND = { name: 'health', template: { ...template, name: 'health' }, mode: 'Background' };
const AFTERWARDS = { name: 'afterwards', template, mode: 'PostPromotion' };
const ANALYSES = [[STEP], [STEP, BACKGROUND], [STEP, AFTERWARDS], [STEP, BACKGROUND, AFTERWARDS]];

/** Plays the story of one seed: what was broken, what was seen, and what there is at its end. */
export async function tell(seed: number) {
  const chance = dice(seed);
  const rules = watchman();
  const trace = openTrace(0);
  let world: World | undefined;
  const opened = await openWorld({
    objects: withHealth(chance.oneOf(['Inconclusive', 'Wait'])).concat(
      withGuard({
        onFailure: chance.oneOf(['Rollback', 'Abort', 'Pause']),
        onSuccess: chance.oneOf(['Promote', 'Promote', 'Hold']),
        onTimeout: chance.oneOf(['Rollback', 'Abort', 'Pause']),
        holdTimeout: `${chance.between(10, 90)}s`,
        progressDeadlineSeconds: chance.between(5, 40),
        onInconclusive: chance.oneOf(['Pause', 'Retry']),
        onError: chance.oneOf(['Pause', 'Retry']),
        retry: { attempts: chance.between(1, 3), delay: `${chance.between(1, 20)}s` },
        analyses: chance.oneOf(ANALYSES),
      }),
    ),
    series: SERIES,
    seriesIntervalMs: 10_000,
    podReadyMs: chance.between(200, 4_000),
    watchLagMs: () => (chance.happens(0.1) ? chance.between(50, 400) : chance.between(1, 10)),
    onWrite: (write) => {
      trace.record(write);
      if (world) rules.onWrite(world, write);
    },
  });
  world = opened;
  await opened.clock.advance(8_000);
  await opened.startController();
  await opened.clock.advance(5_000);
  for (let count = 0; count < HAPPENINGS; count++) {
    const what = await happen(opened, chance);
    trace.note(opened.clock.monotonic(), { subject: 'story', act: what });
    await pass(opened, rules.atRest, chance.between(1, 20));
  }
  await mend(opened);
  trace.note(opened.clock.monotonic(), { subject: 'story', act: 'everything is mended' });
  await pass(opened, rules.atRest, 240);
  const end = endOf(opened);
  await opened.close();
  return { broken: [...rules.broken, ...opened.errors], trace: trace.lines(), end };
}

/** A template for Background analyses, whose metric turns bad or silent apart from that of the steps. */
function withHealth(noData: string): KubeObject[] {
  const metric = {
    name: 'health',
    query: 'health{pod=~"{{canary.pods}}"}',
    interval: '5s',
    noData,
    successCondition: 'value >= 1',
  };
  const base = manifests.find(({ kind }) => kind === 'AnalysisTemplate');
  if (!base) throw new Error('there is a template');
  return [
    { ...base, metadata: { ...base.metadata, name: 'health' }, spec: { metrics: [metric] } } as KubeObject,
  ];
}

function withGuard(spec: object): KubeObject[] {
  return manifests.map((object) =>
    object.kind === 'RolloutGuard' ? (mergePatch(object, { spec }) as KubeObject) : object,
  );
}

/** Lets seconds pass; whoever looks at each of them sees what has settled. */
async function pass(world: World, look: (world: World) => void, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await world.clock.advance(1_000);
    look(world);
  }
}

function endOf({ memory }: World) {
  const ref = { name: 'echoserver', namespace: 'shop' };
  const list = <T extends KubeObject>(resource: Resource) => memory.stores.of<T>(resource).list();
  const workload = memory.stores.of<Deployment>(resources.deployment).get(ref);
  const service = memory.stores.of<Service>(resources.service).get(ref);
  const phases = list<AnalysisRun>(resources.analysisRun).map(({ status }) => status?.phase);
  const running = phases.filter((phase) => !phase || phase === 'Pending' || phase === 'Running').length;
  const containers = workload?.spec.template.spec['containers'] as { image: string }[] | undefined;
  return {
    phase: memory.stores.of<Rollout>(resources.rollout).get(ref)?.status?.phase,
    version: containers?.[0]?.image.split(':')[1],
    paused: workload?.spec.paused ?? false,
    marked: workload?.metadata.annotations?.[IN_PROGRESSING_ANNOTATION] !== undefined,
    pinned: service?.spec.selector?.[POD_TEMPLATE_HASH_LABEL] !== undefined,
    canaryObjects: [resources.deployment, resources.service, resources.ingress].flatMap((resource) =>
      list(resource)
        .filter(({ metadata }) => metadata.name !== ref.name)
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    ),
    kept: list(resources.controllerRevision).length,
    finishedRunsAreFew: phases.length <= 10,
    runningRuns: running,
  };
}
