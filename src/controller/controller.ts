import type { AnalysisRun } from '../api/analysis-run.ts';
import { keyOf } from '../api/kubernetes.ts';
import { type Resource, resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutRecord } from '../api/rollout-record.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { Cluster } from '../cluster/port.ts';
import type { JobQueue } from '../queue/port.ts';
import type { Choice } from '../rollout/decision.ts';
import { analysisLoop } from './analysis-loop.ts';
import { concernedDeployment, deploymentPass } from './deployment-loop.ts';
import { type EngineName, engines } from './engine.ts';
import { eventRecorder } from './event-recorder.ts';
import { type Freshest, freshest, type Stores } from './freshest.ts';
import { guardPass } from './guard-loop.ts';
import type { Parse } from './parse-once.ts';
import { rolloutLoop } from './rollout-loop.ts';
import { concernedRoutings, concernsSharing, sharingPass } from './sharing-loop.ts';
import { sourceLoop } from './source-loop.ts';
import { concernedRollouts } from './triggers.ts';
import { type Turnstile, turnstile } from './turnstile.ts';
import { watchedKindsOf } from './watched-kinds.ts';
import { type Next, type WorkQueue, workQueue } from './work-queue.ts';

export interface ControllerDeps {
  engine: EngineName;
  cluster: Cluster;
  stores: Stores;
  /** Makes of a written object what the store of its kind would hold; undefined for one that is not valid. */
  parse: Parse;
  queue: JobQueue;
  clock: Clock;
  log: Log;
  onDecision(decision: Choice): void;
  onPass(loop: string, ms: number): void;
}

/** Kinds whose changes wake a pass over the Rollouts that they concern. */
const WATCHED: readonly Resource[] = [
  resources.rollout,
  resources.rolloutRecord,
  resources.rolloutGuard,
  resources.analysisTemplate,
  resources.clusterAnalysisTemplate,
  resources.clusterMetricSource,
  resources.analysisRun,
  resources.deployment,
  resources.replicaSet,
  resources.statefulSet,
  resources.daemonSet,
  resources.cloneSet,
  resources.controllerRevision,
  resources.pod,
  resources.autoscaler,
  resources.service,
  resources.ingress,
  resources.httpRoute,
  resources.virtualService,
  resources.destinationRule,
  resources.trafficRouting,
];

/** Kinds whose changes wake a pass over the TrafficRoutings that they concern. */
const SHARED: readonly Resource[] = [
  resources.trafficRouting,
  resources.service,
  resources.ingress,
  resources.httpRoute,
  resources.virtualService,
  resources.destinationRule,
];

/** Passes at a time: they wait for the API server most of the time. */
const CONCURRENCY = 16;
/** Runs have as many passes at a time as are due: one that waits for the API server keeps none from being measured. */
const RUN_CONCURRENCY = Number.POSITIVE_INFINITY;
/**
 * Their writes wait for each other instead. What came with them can wait until the run is due again, and a slow API
 * server gets no faster by being asked for more at once.
 */
const RUN_WRITES = 8;

/**
 * The work of the leader: from the moment it starts until it is stopped. Events only name a key; each pass
 * looks at everything anew. Answers how to stop, which resolves when the running passes have ended.
 */
export async function startController(deps: ControllerDeps): Promise<() => Promise<void>> {
  const { clock, log, queue, stores } = deps;
  const cache = freshest(deps.cluster, stores, deps.parse, clock);
  const kept = new Set(watchedKindsOf(deps.engine).map(({ resource }) => resource));
  const watched = WATCHED.filter((resource) => kept.has(resource));
  // Before anybody is woken by these stores: a pass would still see what the change that woke it has taken away.
  for (const resource of watched) cache.watch(resource);
  const recordEvent = eventRecorder(deps.cluster, log);

  const rollouts = rolloutLoop({
    engine: engines[deps.engine],
    cache,
    queue,
    recordEvent,
    clock,
    log,
    onDecision: deps.onDecision,
  });
  const runs = analysisLoop({
    cache: withTurns(cache, turnstile(RUN_WRITES)),
    queue,
    recordEvent,
    clock,
    log,
    wake: (key) => runQueue.add(key),
  });

  const sources = sourceLoop({ cache, queue, clock, log });

  const rolloutQueue = queueOf('rollout', rollouts.pass);
  const runQueue = queueOf('analysis', runs.pass, RUN_CONCURRENCY);
  const sourceQueue = queueOf('source', sources.pass);
  const deploymentQueue = queueOf('deployment', deploymentPass({ cache, log }));
  const sharingQueue = queueOf('sharing', sharingPass({ cache, recordEvent, clock, log }));
  const guardQueue = queueOf('guard', guardPass({ engine: deps.engine, cache, recordEvent, clock }));

  function queueOf(loop: string, pass: (key: string) => Promise<Next>, concurrency = CONCURRENCY): WorkQueue {
    const onError = (key: string, error: unknown) =>
      log.error({ loop, key, err: error }, 'a pass failed; it is tried again');
    return workQueue({ clock, concurrency, onError }, async (key) => {
      const startedAt = clock.monotonic();
      try {
        return await pass(key);
      } finally {
        deps.onPass(loop, clock.monotonic() - startedAt);
      }
    });
  }

  const index = {
    rollouts: (namespace: string | undefined) => cache.list<Rollout>(resources.rollout, namespace),
    record: (rollout: Rollout) => cache.get<RolloutRecord>(resources.rolloutRecord, rollout.metadata),
  };
  // Another engine scales the ReplicaSets of its Deployments itself.
  const scaled = deps.engine === 'builtin' ? [resources.deployment, resources.replicaSet] : [];
  const shared = deps.engine === 'builtin' ? SHARED : [];
  const subscriptions = [
    ...watched.map((resource) =>
      stores.of(resource).subscribe(({ before, after }) => {
        const versions = [before, after].filter((object) => object !== undefined);
        const keys = new Set(versions.flatMap((object) => concernedRollouts(object, index)));
        for (const key of keys) rolloutQueue.add(key);
      }),
    ),
    ...scaled.map((resource) =>
      stores.of(resource).subscribe(({ before, after }) => {
        const object = after ?? before;
        const key = object && concernedDeployment(object, cache);
        if (key !== undefined) deploymentQueue.add(key);
      }),
    ),
    ...shared.map((resource) =>
      stores.of(resource).subscribe(({ before, after }) => {
        const object = after ?? before;
        if (object) for (const key of concernedRoutings(object, cache)) sharingQueue.add(key);
      }),
    ),
    stores.of(resources.rollout).subscribe(({ before, after }) => {
      const rollout = after ?? before;
      if (deps.engine !== 'builtin' || !rollout || !concernsSharing(before, after)) return;
      for (const key of concernedRoutings(rollout, cache)) sharingQueue.add(key);
    }),
    stores.of(resources.analysisRun).subscribe(({ before, after }) => {
      const run = (after ?? before) as AnalysisRun | undefined;
      if (run && !(after && runs.isOwn(run))) runQueue.add(keyOf(run));
      if (after) for (const source of sources.concerned(after as AnalysisRun)) sourceQueue.add(source);
    }),
    stores.of(resources.clusterMetricSource).subscribe(({ after }) => {
      if (after) sourceQueue.add(keyOf(after));
    }),
    ...[
      resources.rolloutGuard,
      resources.analysisTemplate,
      resources.clusterAnalysisTemplate,
      resources.clusterMetricSource,
    ].map((resource) =>
      stores.of(resource).subscribe(() => {
        for (const guard of cache.list(resources.rolloutGuard)) guardQueue.add(keyOf(guard));
      }),
    ),
    // Which steps can be guarded follows from their plans where another engine goes through them.
    stores.of(resources.rollout).subscribe(({ before, after }) => {
      const isSamePlan = before?.metadata.generation === after?.metadata.generation;
      if (deps.engine !== 'kruise' || isSamePlan) return;
      const { namespace } = (after ?? before)?.metadata ?? {};
      for (const guard of cache.list(resources.rolloutGuard, namespace)) guardQueue.add(keyOf(guard));
    }),
  ];
  const stopMeasured = await queue.onMeasured(async (result) => runs.measured(result));
  const stopAlerted = await queue.onAlerted(async (result) => {
    if (result.job.holder === 'source') {
      sources.alertAnswered(result);
      sourceQueue.add(result.job.record);
      return;
    }
    rollouts.alertAnswered(result);
    rolloutQueue.add(`${result.job.namespace}/${result.job.record}`);
  });

  return async () => {
    for (const unsubscribe of subscriptions) unsubscribe();
    await Promise.all([
      rolloutQueue.stop(),
      runQueue.stop(),
      sourceQueue.stop(),
      guardQueue.stop(),
      deploymentQueue.stop(),
      sharingQueue.stop(),
      stopMeasured(),
      stopAlerted(),
    ]);
  };
}

/** The same, each write when its turn has come. */
function withTurns(cache: Freshest, turn: Turnstile): Freshest {
  return {
    ...cache,
    create: (resource, object) => turn(() => cache.create(resource, object)),
    replace: (resource, object, subresource) => turn(() => cache.replace(resource, object, subresource)),
    delete: (resource, object) => turn(() => cache.delete(resource, object)),
  };
}
