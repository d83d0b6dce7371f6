import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import type { CloneSet } from '../api/clone-set.ts';
import type { ControllerRevision, Pod, PodTemplate, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { StableRevision } from '../api/rollout-record.ts';
import { keptTemplateOf, revisionIn, revisionWith } from './controller-revisions.ts';
import { stableCount } from './stable-count.ts';
import type { CanaryState, Order, Style, UpdateState, WorkloadFacts } from './style.ts';
import { isReadyPod, stayingPods } from './version-pods.ts';

/** What the styles of a CloneSet have in common: its versions are its ControllerRevisions, all pods are its own. */

export function cloneSetIn({ object }: Pick<WorkloadFacts, 'object'>): CloneSet {
  return object as CloneSet;
}

export function cloneSetSize({ object }: WorkloadFacts): number {
  return object.spec.replicas ?? 1;
}

export function cloneSetVersion(facts: WorkloadFacts, revision: string): StableRevision | undefined {
  const kept = revisionWith(revision, facts.revisions);
  return kept && versionOf(kept, revision);
}

export function cloneSetTemplate({ revisions }: WorkloadFacts, revision: string): PodTemplate | undefined {
  const kept = revisionWith(revision, revisions);
  return kept && keptTemplateOf(kept);
}

/** `echoserver-7d9f` gives its pods the pod-template-hash `7d9f`. */
function versionOf({ metadata }: ControllerRevision, revision: string): StableRevision {
  return { revision, hash: metadata.name.slice(metadata.name.lastIndexOf('-') + 1) };
}

export function cloneSetReady(facts: WorkloadFacts, { hash }: StableRevision): number {
  return podsOf(facts, hash).filter(isReadyPod).length;
}

function podsOf(facts: WorkloadFacts, hash: string): Pod[] {
  return stayingPods(facts).filter(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] === hash);
}

/** Whether the CloneSet's own controller has seen its newest spec, so that its status counts. */
export function isSettled({ object }: Pick<WorkloadFacts, 'object'>): boolean {
  const { metadata, status } = object as CloneSet;
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** The version that new pods get as long as the partition keeps back the present template. */
export function currentVersion(facts: WorkloadFacts): StableRevision | undefined {
  const name = cloneSetIn(facts).status?.currentRevision;
  const kept = facts.revisions.find(({ metadata }) => metadata.name === name);
  const revision = kept && revisionIn(kept);
  return kept && revision !== undefined ? versionOf(kept, revision) : undefined;
}

/** Once every pod had another version, its controller makes no pod of this one any more. */
export function isGivenUp(facts: WorkloadFacts, { hash }: StableRevision): boolean {
  return currentVersion(facts)?.hash !== hash;
}

/**
 * The one version that the CloneSet runs. Where a release left it held between two, that is the older one; while its
 * own controller goes from one to another there is none.
 */
export function cloneSetRunning(facts: WorkloadFacts): StableRevision | undefined {
  if (!isSettled(facts)) return undefined;
  const {
    currentRevision,
    updateRevision,
    updatedReplicas = 0,
    replicas = 0,
  } = cloneSetIn(facts).status ?? {};
  const isOne = currentRevision === updateRevision && updatedReplicas === replicas;
  return isOne || keepsEveryPod(facts.object) ? currentVersion(facts) : undefined;
}

/** Whether its own controller brings the present template to no pod, not even to those that a new size adds. */
export function keepsEveryPod(object: Workload): boolean {
  const { replicas = 1, updateStrategy } = (object as CloneSet).spec;
  return updateStrategy?.partition === '100%' || stableCount(updateStrategy?.partition, replicas) >= replicas;
}

export function cloneSetUpdate(facts: WorkloadFacts): UpdateState {
  const { metadata, spec, status = {} } = cloneSetIn(facts);
  const total = cloneSetSize(facts);
  const { updatedReplicas = 0, updatedReadyReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  const paused = spec.updateStrategy?.paused ? '; it is paused by spec.updateStrategy.paused' : '';
  return {
    done: isSettled(facts) && updatedReplicas === total && replicas === total && availableReplicas === total,
    message: `${metadata.name}: ${updatedReplicas} of ${total} pods updated, ${updatedReadyReplicas} of them ready${paused}`,
  };
}

export function cloneSetCanary(facts: WorkloadFacts, { revision }: Order): CanaryState {
  const version = cloneSetVersion(facts, revision);
  return {
    version,
    settled: isSettled(facts),
    pods: version ? podsOf(facts, version.hash).length : 0,
    ready: version ? cloneSetReady(facts, version) : 0,
  };
}

/** How every style reads a CloneSet that it has not made larger. */
export const cloneSetReadings = {
  resource: resources.cloneSet,
  type: 'cloneset',
  podLabel: POD_TEMPLATE_HASH_LABEL,
  size: cloneSetSize,
  version: cloneSetVersion,
  template: cloneSetTemplate,
  running: cloneSetRunning,
  ready: cloneSetReady,
  update: cloneSetUpdate,
  isGivenUp,
  canary: cloneSetCanary,
} as const satisfies Partial<Style>;
