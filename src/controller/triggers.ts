import { ROLLOUT_LABEL } from '../api/annotations.ts';
import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutRecord } from '../api/rollout-record.ts';
import { routingOf } from '../rollout/plan.ts';
import { runNamePrefix } from '../rollout/runs.ts';
import { canaryIngressName } from '../traffic/nginx-ingress.ts';
import { canaryServiceName } from '../traffic/services.ts';

/** The Rollouts of a namespace, and the records that say which extra Deployments they have. */
export interface RolloutIndex {
  rollouts(namespace: string | undefined): readonly Rollout[];
  record(rollout: Rollout): RolloutRecord | undefined;
}

/** The keys of the Rollouts that a changed object may concern; too many costs a pass, too few costs a release. */
export function concernedRollouts(object: KubeObject, index: RolloutIndex): string[] {
  if (object.kind === resources.rolloutRecord.kind) return [keyOf(object)];
  if (object.kind === resources.rollout.kind) return [keyOf(object), ...rivalsOf(object as Rollout, index)];
  return index
    .rollouts(object.metadata.namespace)
    .filter((rollout) => concerns(object, rollout, index))
    .map(keyOf);
}

/** Other Rollouts of the same workload: one that stood by goes on when the older is gone. */
function rivalsOf({ metadata, spec }: Rollout, index: RolloutIndex): string[] {
  return index
    .rollouts(metadata.namespace)
    .filter((other) => other.metadata.uid !== metadata.uid)
    .filter((other) => other.spec.workloadRef.name === spec.workloadRef.name)
    .map(keyOf);
}

function concerns(object: KubeObject, rollout: Rollout, index: RolloutIndex): boolean {
  const { name, labels, ownerReferences = [] } = object.metadata;
  if (ownerReferences.some((ref) => ref.uid === rollout.metadata.uid)) return true;
  const routing = routingOf(rollout);
  const workload = rollout.spec.workloadRef.name;
  switch (object.kind) {
    case 'Deployment':
      return name === workload;
    case 'ReplicaSet':
    case 'Pod':
      return isPodOf(object, workload, index.record(rollout)?.status.release?.canary.name);
    case 'Service':
      return (
        routing !== undefined && (name === routing.service || name === canaryServiceName(routing.service))
      );
    case 'Ingress': {
      const stable = routing?.ingress?.name;
      return stable !== undefined && (name === stable || name === canaryIngressName(stable));
    }
    case 'AnalysisRun':
      return labels?.[ROLLOUT_LABEL] === rollout.metadata.name || name.startsWith(runNamePrefix(rollout));
    // A guard or a template may concern any Rollout of its namespace (a cluster template, of all), and changes rarely.
    case 'RolloutGuard':
    case 'AnalysisTemplate':
    case 'ClusterAnalysisTemplate':
    // So may the outage of a metric source.
    case 'ClusterMetricSource':
    case 'Rollout':
      return true;
    default:
      return false;
  }
}

/** Pods are only looked at where they are the canary's: those of the stable Deployment change all the time. */
function isPodOf(object: KubeObject, workload: string, canary: string | undefined): boolean {
  const owner = object.metadata.ownerReferences?.find((ref) => ref.controller)?.name ?? '';
  if (object.kind === 'ReplicaSet') return owner === workload || owner === canary;
  return canary !== undefined && owner.startsWith(`${canary}-`);
}
