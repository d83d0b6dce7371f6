import type { Act } from '../../src/api/act.ts';
import { CANARY_DEPLOYMENT_LABEL } from '../../src/api/annotations.ts';
import { sameJson } from '../../src/api/canonical.ts';
import { type Deployment, isControlledBy, keyOf, type ReplicaSet } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { Cluster, ObjectRef } from '../../src/cluster/port.ts';
import { reconcileKruise, type Sight } from './kruise.ts';

export interface KruiseOptions {
  cluster: Cluster;
  now(): number;
  /** Asked before each reconcile: whether it sees what the one before saw, as a cache that lags. */
  isStale(): boolean;
  /** Whether a reconcile writes its status also where it learned nothing new, as upstream's rewritten messages do. */
  alwaysWrites?: boolean;
  /** Told where a write put an older state in place of one that somebody else had written. */
  onOverwritten?(lost: Rollout): void;
}

export interface KruiseManager {
  /** One reconcile of one Rollout. */
  turn(ref: ObjectRef): Promise<void>;
}

/**
 * The outside of Kruise Rollouts' controller: reads, reconciles, and writes as upstream does it: the newest object
 * is read, its whole status replaced by what came from a copy that may be older, and a conflict answered by
 * reading again.
 */
export function kruiseManager(options: KruiseOptions): KruiseManager {
  const { cluster } = options;
  const copies = new Map<string, Sight>();

  async function look(ref: ObjectRef): Promise<Sight | undefined> {
    const { namespace } = ref;
    const rollout = await cluster.get<Rollout>(resources.rollout, ref);
    if (!rollout.ok) return undefined;
    const { name } = rollout.object.spec.workloadRef;
    const labelSelector = `${CANARY_DEPLOYMENT_LABEL}=${name}`;
    const [workload, extras] = await Promise.all([
      cluster.get<Deployment>(resources.deployment, { name, namespace }),
      list<Deployment>(cluster, resources.deployment, { namespace, labelSelector }),
    ]);
    if (!workload.ok) return undefined;
    const extra = extras.find(({ metadata }) => !metadata.deletionTimestamp);
    const labels = Object.entries(workload.object.spec.selector.matchLabels ?? {});
    const ofBoth = labels.map(([key, value]) => `${key}=${value}`).join(',');
    const sets = await list<ReplicaSet>(cluster, resources.replicaSet, { namespace, labelSelector: ofBoth });
    return {
      rollout: rollout.object,
      workload: workload.object,
      replicaSets: sets.filter((set) => isControlledBy(set, workload.object.metadata.uid)),
      extra,
      extraSets: extra ? sets.filter((set) => isControlledBy(set, extra.metadata.uid)) : [],
    };
  }

  async function apply(act: Act): Promise<void> {
    if (act.verb === 'create') await cluster.create(act.resource, act.object);
    if (act.verb === 'replace') await cluster.replace(act.resource, act.object);
    const { uid = '' } = act.object.metadata;
    if (act.verb === 'delete') await cluster.delete(act.resource, act.object.metadata, { uid });
  }

  async function replaceStatus(ref: ObjectRef, status: unknown, seen: Rollout): Promise<void> {
    for (;;) {
      const latest = await cluster.get<Rollout>(resources.rollout, ref);
      if (!latest.ok) return;
      const written = await cluster.replace(resources.rollout, { ...latest.object, status }, 'status');
      if (written.ok && !sameJson(latest.object.status, seen.status)) options.onOverwritten?.(latest.object);
      if (written.ok || written.fault.kind !== 'Conflict') return;
    }
  }

  return {
    turn: async (ref) => {
      const key = keyOf({ metadata: ref as { name: string; namespace?: string } });
      const before = copies.get(key);
      const sight = before && options.isStale() ? before : await look(ref);
      if (!sight) return;
      copies.set(key, sight);
      const { acts, status } = reconcileKruise(sight, options.now());
      for (const act of acts) await apply(act);
      const isNews = status !== undefined && !sameJson(status, sight.rollout.status);
      if (status && (isNews || options.alwaysWrites)) await replaceStatus(ref, status, sight.rollout);
    },
  };
}

async function list<T extends Deployment | ReplicaSet>(
  cluster: Cluster,
  resource: Parameters<Cluster['list']>[0],
  options: Parameters<Cluster['list']>[1],
): Promise<T[]> {
  const listed = await cluster.list<T>(resource, options);
  if (!listed.ok) throw new Error(listed.fault.message);
  return listed.object.items;
}
