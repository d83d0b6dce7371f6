import type { Deployment, KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { Cluster, ClusterResult } from '../../src/cluster/port.ts';
import { admitByKruise } from './kruise.ts';
import { jsonPatch } from './patch.ts';

/** The Deployment as the webhook of Kruise Rollouts lets it be stored; undefined where no Rollout names it. */
export async function seenByKruise(
  cluster: Cluster,
  before: KubeObject,
  after: KubeObject,
): Promise<KubeObject | undefined> {
  const { namespace, name } = after.metadata;
  const listed = await cluster.list<Rollout>(resources.rollout, { namespace });
  const rollout = (listed.ok ? listed.object.items : []).find(
    ({ spec }) => spec.workloadRef.kind === after.kind && spec.workloadRef.name === name,
  );
  return rollout && admitByKruise(rollout, before as Deployment, after as Deployment);
}

/** A cluster in which JSON patches of Deployments go through that webhook. */
export function admittedByKruise(cluster: Cluster): Cluster {
  return {
    ...cluster,
    patch: async <T extends KubeObject>(...args: Parameters<Cluster['patch']>): Promise<ClusterResult<T>> => {
      const [resource, ref, patch] = args;
      const before = await cluster.get<T>(resource, ref);
      if (resource !== resources.deployment || patch.type !== 'json' || !before.ok) {
        return cluster.patch<T>(...args);
      }
      const wanted = jsonPatch(before.object, patch.body) as T | undefined;
      if (!wanted) return cluster.patch<T>(...args);
      const stored = await seenByKruise(cluster, before.object, wanted);
      return cluster.replace<T>(resource, (stored ?? wanted) as T);
    },
  };
}
