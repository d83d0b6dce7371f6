import type { Act } from '../api/act.ts';
import { POD_TEMPLATE_HASH_LABEL, SPECIFIED_DELETE_LABEL } from '../api/annotations.ts';
import type { Pod } from '../api/kubernetes.ts';
import { cloneSetSize } from './clone-set.ts';
import { relabelled } from './pod-labels.ts';
import type { WorkloadFacts } from './style.ts';
import { isReadyPod, stayingPods } from './version-pods.ts';

/** What part of the pods is ready at least while others are exchanged: one pod then has 1.25 times its load. */
const READY_LEAST = 0.8;

/** The pods that are not of the version with this hash. */
export function podsOfOthers({ pods }: Pick<WorkloadFacts, 'pods'>, hash: string): Pod[] {
  return pods.filter(({ metadata }) => metadata.labels?.[POD_TEMPLATE_HASH_LABEL] !== hash);
}

/**
 * How many more ready pods may be exchanged now. At least one at a time: with few pods even that is more than a fifth
 * of them.
 */
export function spareReadyPods(facts: WorkloadFacts): number {
  const size = cloneSetSize(facts);
  const serving = stayingPods(facts).filter((pod) => isReadyPod(pod) && !isGoing(pod)).length;
  return Math.max(serving - Math.ceil(size * READY_LEAST), serving >= size ? 1 : 0);
}

/**
 * Gives pods to the CloneSet's own controller to be replaced: a partition that rises does not take them back
 * (OpenKruise's feature gate CloneSetPartitionRollback is off by default). It heeds maxUnavailable and maxSurge.
 */
export function replacementActs(facts: WorkloadFacts, pods: readonly Pod[], why: string): Act[] {
  const open = pods.filter((pod) => !isGoing(pod));
  const ready = open.filter(isReadyPod).slice(0, spareReadyPods(facts));
  return deletionActs([...open.filter((pod) => !isReadyPod(pod)), ...ready], why);
}

/** Gives pods to the CloneSet's own controller to be deleted, those that are not given to it yet. */
export function deletionActs(pods: readonly Pod[], why: string): Act[] {
  return pods
    .filter((pod) => !isGoing(pod))
    .map((pod) => relabelled(pod, { ...pod.metadata.labels, [SPECIFIED_DELETE_LABEL]: 'true' }, why));
}

export function isGoing({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || metadata.labels?.[SPECIFIED_DELETE_LABEL] === 'true';
}
