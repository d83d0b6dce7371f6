import { PARTITION_ANNOTATION } from '../api/annotations.ts';
import type { StatefulSet } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { markedWorkload, unmarkedWorkload, withoutAnnotation } from './marks.ts';

/** A partition that no ordinal reaches, so that no pod gets a new template; upstream's number. */
export const HELD_PARTITION = 32_767;

/** What an author has in mind, and what the release made of it. */
interface PartitionNote {
  original: number;
  held: number;
}

/** Pods from this index on get the new template. */
export function partitionOf({ spec }: StatefulSet): number {
  return spec.updateStrategy?.rollingUpdate?.partition ?? 0;
}

/** Whether its own controller replaces no pod, whatever the partition is: only who deletes a pod gets a new one. */
export function isOnDelete({ spec }: StatefulSet): boolean {
  return spec.updateStrategy?.type === 'OnDelete';
}

/** Whether its own controller has seen its newest spec, so that its status counts. */
export function isSettled({ metadata, status }: StatefulSet): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
}

/** Marked and with this partition; the author's own is noted with the first of them. The same object if it is so. */
export function withPartition(set: StatefulSet, rollout: Rollout, partition: number): StatefulSet {
  const marked = markedWorkload(rollout, set);
  // Under this strategy the API server takes no partition.
  if (isOnDelete(set)) return marked;
  const note = noteOf(set);
  if (note?.held === partition && partitionOf(set) === partition) return marked;
  return noted(partitioned(marked, partition), {
    original: note?.original ?? partitionOf(set),
    held: partition,
  });
}

/** Whether the partition is the one that the release set last. */
export function isPartitionKept(set: StatefulSet): boolean {
  return noteOf(set)?.held === partitionOf(set);
}

/** As its author had it. The same object where nothing of the release is left. */
export function withOwnPartition(set: StatefulSet): StatefulSet {
  const note = noteOf(set);
  const own = withoutAnnotation(unmarkedWorkload(set), PARTITION_ANNOTATION);
  return note && !isOnDelete(set) && partitionOf(set) !== note.original
    ? partitioned(own, note.original)
    : own;
}

/** Whether a release set the partition, or still has its mark on the workload. */
export function isUnderRelease(set: StatefulSet): boolean {
  return withOwnPartition(set) !== set;
}

function partitioned(set: StatefulSet, partition: number): StatefulSet {
  const { updateStrategy } = set.spec;
  const rollingUpdate = { ...updateStrategy?.rollingUpdate, partition };
  return {
    ...set,
    spec: { ...set.spec, updateStrategy: { type: 'RollingUpdate', ...updateStrategy, rollingUpdate } },
  };
}

function noted(set: StatefulSet, note: PartitionNote): StatefulSet {
  const annotations = { ...set.metadata.annotations, [PARTITION_ANNOTATION]: JSON.stringify(note) };
  return { ...set, metadata: { ...set.metadata, annotations } };
}

/** undefined also for what somebody else made of it: nothing is given back then but what is there. */
function noteOf({ metadata }: StatefulSet): PartitionNote | undefined {
  try {
    const note = JSON.parse(metadata.annotations?.[PARTITION_ANNOTATION] ?? 'null') as PartitionNote | null;
    return typeof note?.original === 'number' && typeof note.held === 'number' ? note : undefined;
  } catch {
    return undefined;
  }
}
