import { CONTROLLER_REVISION_LABEL } from '../api/annotations.ts';
import type { ControllerRevision, PodTemplate, ReplicaSet } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { patchedTemplate } from '../workload/deployment-canary.ts';
import { authoredTemplate, podHashOf, revisionOf } from '../workload/pod-template.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import type { ForeignRelease } from './foreign-release.ts';

/** The template that the pods with this hash run, as far as the cluster still knows it. */
export function templateOf(workload: WorkloadFacts, hash: string): PodTemplate | undefined {
  if (hash === '') return undefined;
  if (workload.object.kind === 'Deployment') {
    const set = replicaSetOf(workload, hash);
    return set && authoredTemplate(set.spec.template);
  }
  const kept = workload.revisions.find((revision) => isCalled(revision, hash));
  return kept && templateIn(kept);
}

/** The version whose pods carry this hash; its revision is empty where the cluster has forgotten the template. */
export function versionOf(workload: WorkloadFacts, hash: string): StableRevision {
  const template = templateOf(workload, hash);
  const set = replicaSetOf(workload, hash);
  return {
    revision: template ? revisionOf(template) : '',
    hash,
    ...(set ? { replicaSet: set.metadata.name } : {}),
  };
}

/**
 * Whether the template that the workload has at this moment is the one that the pods of this release run: its author
 * may have written a newer one that Kruise Rollouts has not seen yet. Known only once those pods are there.
 */
export function runsPresentTemplate(
  rollout: Rollout,
  workload: WorkloadFacts,
  { podHash, revision }: ForeignRelease,
): boolean {
  const { object, canary } = workload;
  const { status } = object as { status?: { observedGeneration?: number; updateRevision?: string } };
  if ((status?.observedGeneration ?? 0) !== (object.metadata.generation ?? 0)) return false;
  switch (object.kind) {
    case 'Deployment': {
      const released = templateOf(workload, podHash);
      const isExtra = canary.replicaSets.some((set) => podHashOf(set) === podHash);
      const wanted = isExtra ? patchedTemplate(rollout, object.spec.template) : object.spec.template;
      return released !== undefined && revisionOf(released) === revisionOf(wanted);
    }
    case 'DaemonSet': {
      const newest = workload.revisions.toSorted((a, b) => b.revision - a.revision)[0];
      return newest !== undefined && isCalled(newest, revision);
    }
    default:
      return isNamed(status?.updateRevision ?? '', revision);
  }
}

function replicaSetOf({ replicaSets, canary }: WorkloadFacts, hash: string): ReplicaSet | undefined {
  return [...canary.replicaSets, ...replicaSets].find((set) => podHashOf(set) === hash);
}

/** Kruise names some revisions in full, and some by the hash that they end in. */
function isCalled({ metadata }: ControllerRevision, hash: string): boolean {
  return metadata.labels?.[CONTROLLER_REVISION_LABEL] === hash || isNamed(metadata.name, hash);
}

function isNamed(name: string, hash: string): boolean {
  return hash !== '' && (name === hash || name.endsWith(`-${hash}`));
}

/** Controllers keep a template as the patch that puts it in place. */
function templateIn({ data }: ControllerRevision): PodTemplate | undefined {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplate & { $patch?: string } } };
  if (!spec?.template) return undefined;
  const { $patch: _patch, ...template } = spec.template;
  return template;
}
