import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { Deployment, PodTemplate, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { isMarked, markedWorkload } from './marks.ts';
import { activeReplicaSets, authoredTemplate, podHashOf, replicaSetOf, revisionOf } from './pod-template.ts';
import type { Style, UpdateState, WorkloadFacts } from './style.ts';

/** What the styles of a Deployment have in common: its versions are its ReplicaSets. */

export function deploymentSize({ object }: WorkloadFacts): number {
  return object.spec.replicas ?? 1;
}

export function deploymentVersion(
  facts: Pick<WorkloadFacts, 'replicaSets'>,
  revision: string,
): StableRevision | undefined {
  const replicaSet = replicaSetOf(revision, facts.replicaSets);
  return replicaSet && { revision, hash: podHashOf(replicaSet), replicaSet: replicaSet.metadata.name };
}

export function deploymentTemplate(facts: WorkloadFacts, revision: string): PodTemplate | undefined {
  const replicaSet = replicaSetOf(revision, facts.replicaSets);
  return replicaSet && authoredTemplate(replicaSet.spec.template);
}

export function deploymentReady(facts: WorkloadFacts, { revision }: StableRevision): number {
  return replicaSetOf(revision, facts.replicaSets)?.status?.readyReplicas ?? 0;
}

/**
 * The one version that the Deployment runs. Where a release left it held between two, the older one is stable
 * (upstream's rule); while its own controller is in the middle of a rolling update there is none.
 */
export function deploymentRunning(
  facts: WorkloadFacts,
  isHeld = (facts.object as Deployment).spec.paused === true,
): StableRevision | undefined {
  const { object, replicaSets } = facts;
  const current = replicaSetOf(revisionOf(object.spec.template), replicaSets);
  const active = activeReplicaSets(replicaSets);
  const first = active.length === 0 || (active.length === 1 && active[0] === current);
  const running = isHeld
    ? (active[0] ?? current)
    : first || deploymentUpdate(facts).done
      ? current
      : undefined;
  return running && deploymentVersion(facts, revisionOf(running.spec.template));
}

export function deploymentUpdate({ object }: WorkloadFacts): UpdateState {
  const { metadata, spec, status = {} } = object as Deployment;
  const total = spec.replicas ?? 1;
  const { observedGeneration = 0, updatedReplicas = 0, replicas = 0, availableReplicas = 0 } = status;
  return {
    done:
      observedGeneration >= (metadata.generation ?? 0) &&
      updatedReplicas === total &&
      replicas === total &&
      availableReplicas === total,
    message: `${metadata.name}: ${updatedReplicas} of ${total} pods updated, ${availableReplicas} available`,
  };
}

/** The Deployment paused, and marked by the Rollout that releases it. The same object if it is so. */
export function pausedDeployment(rollout: Rollout, workload: Workload): Workload {
  const { spec } = workload as Deployment;
  if (spec.paused && isMarked(rollout, workload)) return workload;
  const paused: Deployment = { ...workload, spec: { ...spec, paused: true } };
  return markedWorkload(rollout, paused);
}

/** How every style reads a Deployment. */
export const deploymentReadings = {
  resource: resources.deployment,
  type: 'deployment',
  podLabel: POD_TEMPLATE_HASH_LABEL,
  size: deploymentSize,
  version: deploymentVersion,
  template: deploymentTemplate,
  running: deploymentRunning,
  ready: deploymentReady,
  update: deploymentUpdate,
} as const satisfies Partial<Style>;
