import { ROLLOUT_LABEL } from '../api/annotations.ts';
import { type KubeObject, keyOf } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { RolloutRecord } from '../api/rollout-record.ts';
import { sharedRoutingOf } from '../api/traffic-routing.ts';
import { routingOf } from '../rollout/plan.ts';
import { runNamePrefix } from '../rollout/runs.ts';
import { providersOf } from '../traffic/providers.ts';
import { canaryServiceName } from '../traffic/services.ts';
import { styleOf } from '../workload/styles.ts';

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
    case rollout.spec.workloadRef.kind:
      return name === workload;
    case 'ReplicaSet':
    case 'Pod':
    case 'ControllerRevision':
      return isPodOf(object, rollout, index.record(rollout)?.status.release?.canary.name);
    case 'HorizontalPodAutoscaler':
      return true;
    case 'Service':
      return (
        routing !== undefined && (name === routing.service || name === canaryServiceName(routing.service))
      );
    case 'TrafficRouting':
      return name === sharedRoutingOf(rollout);
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
      return (routing ? providersOf(routing) : [])
        .flatMap(({ own, made }) => (made ? [own, made] : [own]))
        .some((route) => route.resource.kind === object.kind && route.name === name);
  }
}

/**
 * Where the canary has a Deployment of its own, only that one's pods are looked at: those of the stable Deployment change
 * all the time.
 */
function isPodOf(object: KubeObject, rollout: Rollout, canary: string | undefined): boolean {
  const workload = rollout.spec.workloadRef.name;
  const owner = object.metadata.ownerReferences?.find((ref) => ref.controller)?.name ?? '';
  if (object.kind !== 'Pod') return owner === workload || owner === canary;
  if (canary !== undefined && owner.startsWith(`${canary}-`)) return true;
  const style = styleOf(rollout);
  if (style?.hasExtraPods && !style.isBlueGreen) return false;
  return owner === workload || owner.startsWith(`${workload}-`);
}
