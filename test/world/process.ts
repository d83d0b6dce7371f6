import type { Clock } from '../../src/clock.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Cluster, ClusterResult } from '../../src/cluster/port.ts';
import { type ControllerDeps, startController } from '../../src/controller/controller.ts';
import type { EngineName } from '../../src/controller/engine.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { watchedKindsOf } from '../../src/controller/watched-kinds.ts';
import type { JobQueue } from '../../src/queue/port.ts';
import type { Decision } from '../../src/rollout/decision.ts';
import { laggingStores } from './lagging-store.ts';

export interface ProcessDeps {
  engine: EngineName;
  cluster: Cluster;
  stores: Stores;
  queue: JobQueue;
  clock: Clock;
  log: Log;
  parse: ControllerDeps['parse'];
  watchLagMs: () => number;
  onDecision(decision: Decision): void;
  /** Asked before each write: whether the process dies now, before the write or right after it. */
  diesAtWrite(): 'before' | 'after' | undefined;
  /** Told when it died at a write. */
  onDeath(): void;
}

export interface Process {
  /** As by SIGTERM: resolves when the running passes have ended. */
  stop(): Promise<void>;
  /** As by SIGKILL: not one line runs any more. */
  kill(): void;
  readonly alive: boolean;
}

/** A controller process: the real controller with everything it has of the world cut off when it dies. */
export async function startProcess(deps: ProcessDeps): Promise<Process> {
  let alive = true;
  const never = new Promise<never>(() => undefined);
  const cancels = new Set<() => void>();
  const disconnects: (() => Promise<void>)[] = [];

  function kill(): void {
    if (!alive) return;
    alive = false;
    for (const cancel of cancels) cancel();
    stores.stop();
    for (const disconnect of disconnects) void disconnect();
  }

  function die(): void {
    kill();
    deps.onDeath();
  }

  const clock: Clock = {
    ...deps.clock,
    after: (ms, wake) => {
      if (!alive) return () => undefined;
      const cancel = deps.clock.after(ms, () => {
        cancels.delete(stop);
        wake();
      });
      const stop = () => {
        cancels.delete(stop);
        cancel();
      };
      cancels.add(stop);
      return stop;
    },
  };

  async function read<T>(ask: () => Promise<T>): Promise<T> {
    const answer = alive ? await ask() : await never;
    return alive ? answer : never;
  }

  async function write<T>(act: () => Promise<ClusterResult<T>>): Promise<ClusterResult<T>> {
    const death = alive ? deps.diesAtWrite() : undefined;
    if (death === 'before') die();
    const answer = await read(act);
    if (death === 'after') die();
    return alive ? answer : never;
  }

  const { cluster } = deps;
  const cutOff: Cluster = {
    get: (...args) => read(() => cluster.get(...args)),
    list: (...args) => read(() => cluster.list(...args)),
    create: (...args) => write(() => cluster.create(...args)),
    replace: (...args) => write(() => cluster.replace(...args)),
    patch: (...args) => write(() => cluster.patch(...args)),
    delete: (...args) => write(() => cluster.delete(...args)),
  };
  const queue: JobQueue = {
    ...deps.queue,
    addMeasure: (job) => read(() => deps.queue.addMeasure(job)),
    addAlert: (job) => read(() => deps.queue.addAlert(job)),
    onMeasured: async (listener) => connected(await deps.queue.onMeasured(listener)),
    onAlerted: async (listener) => connected(await deps.queue.onAlerted(listener)),
  };

  function connected(disconnect: () => Promise<void>): () => Promise<void> {
    disconnects.push(disconnect);
    return disconnect;
  }

  const stores = laggingStores(deps.stores, clock, deps.watchLagMs);
  // Every store is filled before the controller starts, as the real ones are.
  for (const { resource } of watchedKindsOf(deps.engine)) stores.of(resource);
  const stopController = await startController({
    engine: deps.engine,
    cluster: cutOff,
    stores,
    parse: deps.parse,
    queue,
    clock,
    log: deps.log,
    onDecision: deps.onDecision,
    onPass: () => undefined,
  });

  return {
    stop: async () => {
      await stopController();
      alive = false;
      stores.stop();
    },
    kill,
    get alive() {
      return alive;
    },
  };
}
