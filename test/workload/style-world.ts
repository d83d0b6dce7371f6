import type { Act } from '../../src/api/act.ts';
import type { Pod, Workload } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RecordStatus, StableRevision } from '../../src/api/rollout-record.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { applyActs } from '../../src/controller/apply.ts';
import { freshest, type Stores } from '../../src/controller/freshest.ts';
import { observeRollout } from '../../src/controller/observe-rollout.ts';
import { batchSize } from '../../src/workload/batch-size.ts';
import { canaryName } from '../../src/workload/deployment-canary.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import type { Order, Style, WorkloadFacts } from '../../src/workload/style.ts';
import { styleOf } from '../../src/workload/styles.ts';
import { NAMESPACE, template } from '../builders/deployment.ts';
import { virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';
import { imageTag } from '../world/kubelet.ts';

/** What runs a kind of workload in a small world: its own controller and a kubelet. Answers how to stop. */
export type RunControllers = (options: {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  podReadyMs: number;
}) => () => void;

export interface StyleWorldOptions {
  rollout: Rollout;
  /** The workload at rest, of version v1, as its author applied it. */
  workload: Workload;
  run: RunControllers;
}

/** One workload in a small world, and a style that upgrades it. */
export interface StyleWorld {
  style: Style;
  object(): Workload;
  facts(): WorkloadFacts;
  /** What release 1, to the workload's present template, wants once its steps have granted so many pods. */
  order(granted: number | string): Order;
  /** Asks, writes one act, lets the controllers do their part, and asks again, until nothing is asked any more. */
  carryOut(granted: number | string, ask?: 'all' | 'hold'): Promise<void>;
  write(act: Act): Promise<void>;
  /** Lets the controllers work until they are done. */
  settle(): Promise<void>;
  /** The author's change of the version, as admission lets it through: held from the same write on. */
  change(version: string, mode?: 'held' | 'free'): Promise<void>;
  edit(change: (object: Workload) => Workload): Promise<void>;
  /** Ready pods of a version, wherever they run. */
  ready(version: string): number;
  /** The fewest ready pods of all versions at any moment so far. */
  fewest(): number;
  stop(): void;
}

/** Far longer than the controllers of a small world need after a change. */
const SETTLE_MS = 30_000;
const START = Date.UTC(2026, 0, 1);
const ROUNDS_AT_MOST = 200;

export async function openStyleWorld({ rollout, workload, run }: StyleWorldOptions): Promise<StyleWorld> {
  const clock = virtualClock(START);
  const { cluster, stores } = memoryCluster({ now: clock.now });
  const style = styleOf(rollout);
  if (!style) throw new Error(`no style for ${rollout.spec.workloadRef.kind}`);
  const { resource } = style;
  const stop = run({ cluster, stores, clock, podReadyMs: 800 });
  const pods = stores.of<Pod>(resources.pod);
  let fewest = Number.POSITIVE_INFINITY;
  let watched = false;
  pods.subscribe(() => {
    if (watched) fewest = Math.min(fewest, pods.list().filter(isReady).length);
  });
  const { uid: _uid, resourceVersion: _version, ...metadata } = workload.metadata;
  const made = await cluster.create(resource, { ...workload, metadata });
  if (!made.ok) throw new Error(made.fault.message);
  await clock.advance(SETTLE_MS);
  watched = true;
  const cache = freshest(cluster, stores, (_resource, raw) => raw, clock);
  const release = canaryName(workload.metadata.name, rollout.metadata.uid ?? '', 1);
  const record = { releaseId: 1, stepEntry: 1, release: { canary: { name: release } } } as RecordStatus;
  const stable = style.running(facts()) as StableRevision;

  function facts(): WorkloadFacts {
    const { workload: found } = observeRollout(cache, rollout, record);
    if (!found) throw new Error('the workload is gone');
    return found;
  }

  function order(granted: number | string): Order {
    const seen = facts();
    const goal = batchSize(granted, (style as Style).size(seen));
    const revision = revisionOf(seen.object.spec.template);
    return { rollout, releaseId: 1, revision, stable, canaryName: release, goal, granted };
  }

  async function write(act: Act): Promise<void> {
    const applied = await applyActs(cache, [act]);
    if (!applied.ok) throw new Error(`${applied.what}: ${applied.fault.message}`);
  }

  async function edit(change: (object: Workload) => Workload): Promise<void> {
    const edited = await cluster.replace(resource, change(facts().object));
    if (!edited.ok) throw new Error(edited.fault.message);
  }

  const world: StyleWorld = {
    style,
    facts,
    order,
    write,
    edit,
    object: () => facts().object,
    settle: () => clock.advance(SETTLE_MS),
    carryOut: async (granted, ask = 'all') => {
      for (let round = 0; round < ROUNDS_AT_MOST; round++) {
        const wanted =
          style.hold(facts(), order(granted)) ??
          (ask === 'all' ? style.grow(facts(), order(granted)) : undefined);
        if (!wanted) return clock.advance(SETTLE_MS);
        if ('fault' in wanted) throw new Error(wanted.fault.message);
        const [first] = wanted.acts;
        if (first) await write(first);
        await clock.advance(first ? 1_000 : SETTLE_MS);
      }
      throw new Error('the style never stops asking');
    },
    change: (version, mode = 'held') =>
      edit((object) => {
        const changed = { ...object, spec: { ...object.spec, template: template(version) } };
        return mode === 'held' ? style.still(changed, rollout) : changed;
      }),
    ready: (version) =>
      pods
        .list()
        .filter((pod) => isReady(pod) && imageTag(pod.spec as unknown as Record<string, unknown>) === version)
        .length,
    fewest: () => fewest,
    stop,
  };
  if (workload.metadata.namespace !== NAMESPACE) throw new Error(`the workload must be in ${NAMESPACE}`);
  return world;
}

function isReady(pod: Pod): boolean {
  return (
    !pod.metadata.deletionTimestamp &&
    (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}
