import { DEPLOYMENT_STRATEGY_ANNOTATION } from '../api/annotations.ts';
import {
  type Deployment,
  isControlledBy,
  type KubeObject,
  keyOf,
  type ReplicaSet,
} from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Log } from '../cluster/log.ts';
import { scaleReplicaSets } from '../workload/deployment-scaling.ts';
import { applyActs } from './apply.ts';
import type { Freshest } from './freshest.ts';
import type { Next } from './work-queue.ts';

/** A pass over one Deployment whose annotation leaves the scaling of its ReplicaSets to Assay. */
export function deploymentPass({ cache, log }: { cache: Freshest; log: Log }) {
  return async (key: string): Promise<Next> => {
    const [namespace = '', name = ''] = key.split('/');
    const deployment = cache.get<Deployment>(resources.deployment, { namespace, name });
    if (!deployment) return { kind: 'on change' };
    const own = cache
      .list<ReplicaSet>(resources.replicaSet, namespace)
      .filter((set) => isControlledBy(set, deployment.metadata.uid))
      .filter((set) => !set.metadata.deletionTimestamp);
    const applied = await applyActs(cache, scaleReplicaSets(deployment, own));
    if (applied.ok) return { kind: 'on change' };
    const { fault, what } = applied;
    if (fault.kind !== 'Conflict' && fault.kind !== 'NotFound')
      log.warn({ deployment: key, fault, what }, 'a write did not succeed');
    return { kind: 'retry' };
  };
}

/** The Deployment that a changed object asks to be looked at, if that has the annotation. */
export function concernedDeployment(object: KubeObject, cache: Pick<Freshest, 'get'>): string | undefined {
  const { namespace, ownerReferences = [] } = object.metadata;
  const owner = ownerReferences.find(({ controller }) => controller);
  const deployment =
    object.kind === resources.deployment.kind
      ? object
      : owner?.kind === resources.deployment.kind
        ? cache.get(resources.deployment, { namespace, name: owner.name })
        : undefined;
  return deployment?.metadata.annotations?.[DEPLOYMENT_STRATEGY_ANNOTATION] === undefined
    ? undefined
    : keyOf(deployment);
}
