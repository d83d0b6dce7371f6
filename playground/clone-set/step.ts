import type { Act } from '../../src/api/act.ts';
import {
  CONTROLLER_REVISION_LABEL,
  POD_TEMPLATE_HASH_LABEL,
  SPECIFIED_DELETE_LABEL,
} from '../../src/api/annotations.ts';
import { sameJson, shortHash } from '../../src/api/canonical.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import { type ControllerRevision, controllerReference, type Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { parseTime } from '../../src/api/timestamp.ts';
import { keptTemplateOf } from '../../src/workload/controller-revisions.ts';
import { stableCount } from '../../src/workload/stable-count.ts';
import { isReadyPod } from '../../src/workload/version-pods.ts';
import { type Differences, differencesOf, type VersionCounts } from './pod-counts.ts';

/** One CloneSet with what belongs to it, read at one time. */
export interface CloneSetState {
  object: CloneSet;
  revisions: readonly ControllerRevision[];
  pods: readonly Pod[];
  now: number;
}

export interface CloneSetStep {
  /** To be written in this order, before the CloneSet is looked at again. */
  acts: Act[];
  status: NonNullable<CloneSet['status']>;
  /** When a pod becomes available by mere time. */
  wakeAt?: number;
}

/**
 * What OpenKruise's controller would do next about a CloneSet, as far as releases need it: revisions, replicas,
 * partition, maxUnavailable, maxSurge, paused, minReadySeconds, scaleStrategy.maxUnavailable, specified deletes and
 * status. Not here are updates in place (every update makes new pods, as of type ReCreate), volumes, lifecycle hooks,
 * the order of updates by priority, and the trimming of the history.
 */
export function cloneSetStep(state: CloneSetState): CloneSetStep {
  const { object, revisions } = state;
  const newest = revisions.toSorted((a, b) => b.revision - a.revision)[0];
  const wanted = revisions.find((kept) => sameJson(keptTemplateOf(kept), object.spec.template));
  const number = (newest?.revision ?? 0) + 1;
  if (!wanted) return only(state, 'create', revisionFor(object, number));
  if (wanted !== newest) return only(state, 'replace', { ...wanted, revision: number });
  const current =
    revisions.find(({ metadata }) => metadata.name === object.status?.currentRevision) ?? wanted;
  const facts = factsOf(state, wanted);
  const { wakeAt } = facts;
  return {
    acts: podActs(state, facts, { wanted, current }),
    status: statusOf(state, facts, { wanted, current }),
    ...(wakeAt === undefined ? {} : { wakeAt }),
  };
}

interface Versions {
  wanted: ControllerRevision;
  current: ControllerRevision;
}

/** The ControllerRevision comes first; the status is written when it is there. */
function only(
  { object }: CloneSetState,
  verb: 'create' | 'replace',
  revision: ControllerRevision,
): CloneSetStep {
  return {
    acts: [{ verb, resource: resources.controllerRevision, object: revision, why: 'a new template' }],
    status: object.status ?? {},
  };
}

interface Facts {
  new: Pod[];
  old: Pod[];
  isAvailable(pod: Pod): boolean;
  wakeAt: number | undefined;
}

function factsOf({ object, pods, now }: CloneSetState, wanted: ControllerRevision): Facts {
  const minReadyMs = (object.spec.minReadySeconds ?? 0) * 1_000;
  const active = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const availableAt = (pod: Pod) => (isReadyPod(pod) ? readySince(pod) + minReadyMs : undefined);
  const later = active.map(availableAt).filter((at) => at !== undefined && at > now) as number[];
  const isNew = ({ metadata }: Pod) => metadata.labels?.[CONTROLLER_REVISION_LABEL] === wanted.metadata.name;
  return {
    new: active.filter(isNew),
    old: active.filter((pod) => !isNew(pod)),
    isAvailable: (pod) => {
      const at = availableAt(pod);
      return at !== undefined && at <= now;
    },
    wakeAt: later.length === 0 ? undefined : Math.min(...later),
  };
}

function readySince({ status }: Pod): number {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return parseTime(ready?.lastTransitionTime) ?? 0;
}

function podActs(state: CloneSetState, facts: Facts, versions: Versions): Act[] {
  const { object } = state;
  const counts = { new: countsOf(facts.new, facts), old: countsOf(facts.old, facts) };
  const wanted = differencesOf(object, counts);
  if (wanted.create > 0) {
    return freeInstances(state, wanted.create).map((instance, index) => {
      const version = index < wanted.createOld ? versions.current : versions.wanted;
      const pod = podFor(object, version, instance);
      return { verb: 'create', resource: resources.pod, object: pod, why: version.metadata.name };
    });
  }
  // Nothing is deleted while pods are missing that may not be made yet.
  const going = wanted.missing > 0 ? [] : removals(facts, wanted);
  if (going.length > 0) return going;
  return object.spec.updateStrategy?.paused ? [] : exchanges(facts, wanted);
}

/** So many names that no pod has, not even one that is going. */
function freeInstances({ object, pods, now }: CloneSetState, count: number): string[] {
  const { name, uid } = object.metadata;
  const taken = new Set(pods.map(({ metadata }) => metadata.name.slice(name.length + 1)));
  const free = new Set<string>();
  for (let index = 0; free.size < count; index++) {
    const instance = shortHash([uid, now, index]).slice(0, 5);
    if (!taken.has(instance)) free.add(instance);
  }
  return [...free];
}

/** As long as somebody has marked pods, those are deleted and no others. */
function removals(facts: Facts, { remove, removeOld, mayDelete }: Differences): Act[] {
  const marked = [...facts.new, ...facts.old].filter(isMarked);
  if (marked.length > 0) return deletions(marked, mayDelete);
  const chosen = [
    ...facts.old.toSorted(leastServing(facts)).slice(0, removeOld),
    ...facts.new.toSorted(leastServing(facts)).slice(0, remove - removeOld),
  ];
  return deletions(chosen, mayDelete);
}

function countsOf(pods: readonly Pod[], { isAvailable }: Facts): VersionCounts {
  const marked = pods.filter(isMarked).length;
  return {
    all: pods.length,
    marked,
    unavailable: pods.filter((pod) => !isMarked(pod) && !isAvailable(pod)).length,
  };
}

/** Pods that are not ready cost nothing. */
function deletions(pods: readonly Pod[], mayDelete: number): Act[] {
  const ready = pods.filter(isReadyPod).slice(0, mayDelete);
  return [...pods.filter((pod) => !isReadyPod(pod)), ...ready].map((pod) => ({
    verb: 'delete',
    resource: resources.pod,
    object: pod,
    why: 'replaced or not needed',
  }));
}

/** Marks the next pods of a former template: one that is exchanged is deleted like one that somebody marked. */
function exchanges(facts: Facts, { exchange, mayMiss }: { exchange: number; mayMiss: number }): Act[] {
  const unavailable = (pods: readonly Pod[]) => pods.filter((pod) => !facts.isAvailable(pod)).length;
  const newMissing = unavailable(facts.new);
  let missing = newMissing + unavailable(facts.old);
  const chosen: Pod[] = [];
  for (const pod of facts.old.toSorted(leastServing(facts)).slice(0, exchange)) {
    if (newMissing + chosen.length >= mayMiss) break;
    if (facts.isAvailable(pod) && missing >= mayMiss) break;
    if (facts.isAvailable(pod)) missing += 1;
    chosen.push(pod);
  }
  return chosen
    .filter((pod) => !isMarked(pod))
    .map((pod) => {
      const labels = { ...pod.metadata.labels, [SPECIFIED_DELETE_LABEL]: 'true' };
      const object = { ...pod, metadata: { ...pod.metadata, labels } };
      return { verb: 'replace', resource: resources.pod, object, why: 'to be exchanged' };
    });
}

function isMarked({ metadata }: Pod): boolean {
  return metadata.labels?.[SPECIFIED_DELETE_LABEL] === 'true';
}

function leastServing({ isAvailable }: Facts): (a: Pod, b: Pod) => number {
  const rank = (pod: Pod) => Number(isReadyPod(pod)) + Number(isAvailable(pod));
  return (a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name);
}

function statusOf(
  { object }: CloneSetState,
  facts: Facts,
  { wanted, current }: Versions,
): CloneSetStep['status'] {
  const { metadata, spec } = object;
  const total = spec.replicas ?? 1;
  const pods = [...facts.new, ...facts.old];
  return {
    observedGeneration: metadata.generation ?? 0,
    replicas: pods.length,
    readyReplicas: pods.filter(isReadyPod).length,
    availableReplicas: pods.filter(facts.isAvailable).length,
    updatedReplicas: facts.new.length,
    updatedReadyReplicas: facts.new.filter(isReadyPod).length,
    updatedAvailableReplicas: facts.new.filter(facts.isAvailable).length,
    expectedUpdatedReplicas: total - stableCount(spec.updateStrategy?.partition, total),
    updateRevision: wanted.metadata.name,
    // Where every pod has the newest template it counts as the present one, ready or not.
    currentRevision: (facts.new.length === total && facts.old.length === 0 ? wanted : current).metadata.name,
    labelSelector: Object.entries(spec.selector.matchLabels ?? {})
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
  };
}

function revisionFor(object: CloneSet, revision: number): ControllerRevision {
  const { name, namespace } = object.metadata;
  const hash = shortHash(['clone-set', object.spec.template]);
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...object.spec.selector.matchLabels, 'controller.kubernetes.io/hash': hash },
      ownerReferences: [controllerReference(object)],
    },
    revision,
    data: { spec: { template: { ...object.spec.template, $patch: 'replace' } } },
  };
}

function podFor(object: CloneSet, version: ControllerRevision, instance: string): Pod {
  const { name, namespace } = object.metadata;
  const template = keptTemplateOf(version) ?? object.spec.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${instance}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...template.metadata?.labels,
        'apps.kruise.io/cloneset-instance-id': instance,
        [CONTROLLER_REVISION_LABEL]: version.metadata.name,
        [POD_TEMPLATE_HASH_LABEL]: version.metadata.name.slice(version.metadata.name.lastIndexOf('-') + 1),
      },
      ...(template.metadata?.annotations && { annotations: template.metadata.annotations }),
      ownerReferences: [controllerReference(object)],
    },
    spec: template.spec as unknown as Pod['spec'],
  };
}
