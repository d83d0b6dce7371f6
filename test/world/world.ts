import type { MeasureJob, MeasureResult } from '../../src/analysis/measure-job.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Cluster, ClusterFault } from '../../src/cluster/port.ts';
import type { EngineName } from '../../src/controller/engine.ts';
import { parseOnce } from '../../src/controller/parse-once.ts';
import { watchedParser } from '../../src/controller/watched-kinds.ts';
import type { Decision } from '../../src/rollout/decision.ts';
import { type User, userOf } from './admission.ts';
import { type VirtualClock, virtualClock } from './clock.ts';
import { runCloneSets } from './clone-sets.ts';
import { type MemoryCluster, memoryCluster, type WriteVerb } from './cluster.ts';
import { runDaemonSets } from './daemon-sets.ts';
import { runDeployments } from './deployments.ts';
import { admittedByKruise } from './kruise-admission.ts';
import { runKruise } from './kruise-loop.ts';
import type { KruiseOptions } from './kruise-manager.ts';
import { type Metrics, metricsOf, type SeriesByVersion } from './metrics.ts';
import { type Process, startProcess } from './process.ts';
import { worldQueue } from './queue.ts';
import { runStatefulSets } from './stateful-sets.ts';

/** One write by somebody, as the API server carried it out. */
export interface Write {
  at: number;
  actor: string;
  verb: WriteVerb;
  resource: Resource;
  object: KubeObject;
}

export interface WorldOptions {
  engine?: EngineName;
  /** How Kruise Rollouts behaves, where it moves the pods: with a cache that never lags unless told. */
  kruise?: Partial<KruiseOptions> & { beatMs?: number };
  objects: readonly KubeObject[];
  series: SeriesByVersion;
  seriesIntervalMs: number;
  podReadyMs?: number;
  /** How long the metric source takes to answer. */
  answerMs?: number;
  watchLagMs?: () => number;
  onWrite?(write: Write): void;
  onDecision?(decision: Decision): void;
  onMeasured?(result: MeasureResult): void;
}

/** What can be made to go wrong; read at each turn. */
export interface WorldFaults {
  /** The next writes of the controller are refused with this. */
  refusals: ClusterFault['kind'][];
  diesAtWrite(): 'before' | 'after' | undefined;
  losesJob(job: MeasureJob): boolean;
  deliveries(result: MeasureResult): number;
  webhooksDown: boolean;
}

export interface World {
  readonly clock: VirtualClock;
  readonly memory: MemoryCluster;
  readonly metrics: Metrics;
  readonly faults: WorldFaults;
  /** What went wrong that must not: a bug, or a world that does not fit. */
  readonly errors: string[];
  user(name: string): User;
  /** Starts a controller; there must be none. */
  startController(): Promise<void>;
  stopController(): Promise<void>;
  /** Ends it at this instant, in the middle of whatever it does, and starts another. */
  killController(): Promise<void>;
  /** Whether a query is under way. */
  isMeasuring(): boolean;
  flushQueue(): void;
  /** Ends everything; whoever still sleeps is named in the error. */
  close(): Promise<void>;
}

/** 2026-01-01T00:00:00Z, where every world begins. */
export const WORLD_START = Date.UTC(2026, 0, 1);

/** So many pods has a DaemonSet. */
const NODES = 5;

/** How long Kubernetes takes to start a controller again that died. */
const RESTART_MS = 1_000;

/** A small cluster with people, pods, metrics and the real controller, on a clock that a test turns. */
export async function openWorld(options: WorldOptions): Promise<World> {
  const clock = virtualClock(WORLD_START);
  const errors: string[] = [];
  const log = logInto(errors);
  const parse = parseOnce(watchedParser(log));
  let actor = 'nobody';
  const memory = memoryCluster({
    now: clock.now,
    parse,
    onWrite: (verb, resource, object) =>
      options.onWrite?.({ at: clock.monotonic(), actor, verb, resource, object }),
  });
  const faults: WorldFaults = {
    refusals: [],
    diesAtWrite: () => undefined,
    losesJob: () => false,
    deliveries: () => 1,
    webhooksDown: false,
  };

  /** The cluster as one of its clients has it. Writes of the memory happen while they are asked for. */
  function clientOf(name: string): Cluster {
    function as<T>(ask: () => T): T {
      const before = actor;
      actor = name;
      try {
        return ask();
      } finally {
        actor = before;
      }
    }
    const { cluster } = memory;
    return {
      get: cluster.get,
      list: cluster.list,
      create: (...args) => as(() => cluster.create(...args)),
      replace: (...args) => as(() => cluster.replace(...args)),
      patch: (...args) => as(() => cluster.patch(...args)),
      delete: (...args) => as(() => cluster.delete(...args)),
    };
  }

  for (const object of options.objects) {
    const created = await clientOf('setup').create(resourceOf(object), object);
    if (!created.ok) throw new Error(created.fault.message);
  }
  const { stores } = memory;
  const stopDeployments = runDeployments({
    cluster: clientOf('kubernetes'),
    stores,
    clock: clock.named('kubernetes'),
    podReadyMs: options.podReadyMs ?? 800,
  });
  const stopCloneSets = runCloneSets({
    cluster: clientOf('openkruise'),
    stores,
    clock: clock.named('openkruise'),
  });
  const kubernetes = { cluster: clientOf('kubernetes'), stores, clock: clock.named('kubernetes') };
  const stopStatefulSets = runStatefulSets(kubernetes);
  const stopDaemonSets = runDaemonSets({ ...kubernetes, nodes: NODES });
  const stopKruise =
    options.engine === 'kruise'
      ? runKruise({
          stores,
          clock: clock.named('kruise'),
          log,
          beatMs: options.kruise?.beatMs ?? 200,
          manager: { cluster: clientOf('kruise'), now: clock.now, isStale: () => false, ...options.kruise },
        })
      : () => undefined;
  const metrics = metricsOf({
    stores,
    clock,
    series: options.series,
    intervalMs: options.seriesIntervalMs,
  });
  const queueClock = clock.named('queue');
  const sleep = (ms: number) => new Promise<void>((wake) => queueClock.after(ms, wake));
  const queue = worldQueue(
    { sleep, onGivenUp: (name, error) => errors.push(`${name} gave up: ${String(error)}`) },
    {
      losesJob: (job) => faults.losesJob(job),
      deliveries: (result) => {
        options.onMeasured?.(result);
        return faults.deliveries(result);
      },
    },
  );
  let measuring = 0;
  queue.serve(
    async (job) => {
      const startedAt = clock.now();
      measuring += 1;
      await sleep(options.answerMs ?? 20);
      measuring -= 1;
      return { job, startedAt, finishedAt: clock.now(), answers: metrics.answer(job) };
    },
    async (job) => ({ job, finishedAt: clock.now(), delivered: true, message: 'delivered' }),
  );

  /** Kruise's webhook sees what Assay writes into a workload as it sees what a person does. */
  function admitted(cluster: Cluster): Cluster {
    return options.engine === 'kruise' ? admittedByKruise(cluster) : cluster;
  }

  let process: Process | undefined;
  async function startController(): Promise<void> {
    if (process?.alive) throw new Error('a controller runs already');
    process = await startProcess({
      engine: options.engine ?? 'builtin',
      cluster: refusing(admitted(clientOf('assay')), faults),
      stores,
      queue: queue.queue,
      clock: clock.named('controller'),
      log,
      parse,
      watchLagMs: options.watchLagMs ?? (() => 5),
      onDecision: (decision) => options.onDecision?.(decision),
      diesAtWrite: () => faults.diesAtWrite(),
      onDeath: () =>
        clock.named('restart').after(RESTART_MS, () => {
          if (!process?.alive) void startController();
        }),
    });
  }

  return {
    clock,
    memory,
    metrics,
    faults,
    errors,
    user: (username) =>
      userOf({
        cluster: clientOf(username),
        clock,
        username,
        admitted: () => !faults.webhooksDown,
        engine: options.engine,
      }),
    startController,
    stopController: async () => {
      if (process?.alive) await process.stop();
    },
    killController: async () => {
      process?.kill();
      await startController();
    },
    isMeasuring: () => measuring > 0,
    flushQueue: queue.flush,
    close: async () => {
      if (process?.alive) await process.stop();
      stopKruise();
      stopDeployments();
      stopCloneSets();
      stopStatefulSets();
      stopDaemonSets();
      metrics.stop();
      // Queries under way end on their own.
      await clock.advance(options.answerMs ?? 20);
      void queue.queue.close();
      const left = clock.sleepers();
      if (left.length > 0) {
        throw new Error(
          `somebody still sleeps: ${left.map(({ label, inMs }) => `${label} for ${inMs} ms`).join(', ')}`,
        );
      }
    },
  };
}

function refusing(cluster: Cluster, faults: WorldFaults): Cluster {
  const refusal = (name: string) => {
    const kind = faults.refusals.shift();
    return kind && { ok: false as const, fault: { kind, message: `${name}: refused for the test` } };
  };
  return {
    ...cluster,
    create: async (resource, object) =>
      refusal(object.metadata.name) ?? (await cluster.create(resource, object)),
    replace: async (resource, object, subresource) =>
      refusal(object.metadata.name) ?? (await cluster.replace(resource, object, subresource)),
    patch: async (resource, ref, patch, subresource) =>
      refusal(ref.name) ?? (await cluster.patch(resource, ref, patch, subresource)),
    delete: async (resource, ref, preconditions) =>
      refusal(ref.name) ?? (await cluster.delete(resource, ref, preconditions)),
  };
}

/** The resource that an object belongs to, by its kind. */
export function resourceOf({ kind }: Pick<KubeObject, 'kind'>): Resource {
  const resource = Object.values(resources).find((each) => each.kind === kind);
  if (!resource) throw new Error(`the world has no ${kind}`);
  return resource;
}

function logInto(errors: string[]): Log {
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (fields, message) => {
      const { err } = fields as { err?: unknown };
      errors.push(
        err instanceof Error ? `${message}: ${err.stack}` : `${message}: ${JSON.stringify(fields)}`,
      );
    },
  };
}
