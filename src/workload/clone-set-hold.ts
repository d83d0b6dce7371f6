import { PARTITION_ANNOTATION } from '../api/annotations.ts';
import type { CloneSet } from '../api/clone-set.ts';
import type { IntOrString } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { markedWorkload, unmarkedWorkload, withoutAnnotation } from './marks.ts';

/** What an author has in mind, and what the release made of it. */
interface HoldNote {
  /** None where the author has none. */
  original?: IntOrString;
  paused?: boolean;
  held: IntOrString;
}

/** The fields of updateStrategy that a release takes. */
interface OwnStrategy {
  partition?: IntOrString | undefined;
  paused?: boolean | undefined;
}

export function partitionOf({ spec }: CloneSet): IntOrString | undefined {
  return spec.updateStrategy?.partition;
}

/**
 * Marked, with this partition and not paused, since a paused CloneSet exchanges no pods at all. What its author has of
 * both is noted with the first of them. The same object if it is so.
 */
export function withPartition(set: CloneSet, rollout: Rollout, partition: IntOrString): CloneSet {
  const marked = markedWorkload(rollout, set);
  const note = noteOf(set);
  const { paused } = set.spec.updateStrategy ?? {};
  if (note?.held === partition && partitionOf(set) === partition && !paused) return marked;
  const own = note
    ? { partition: note.original, paused: note.paused }
    : { partition: partitionOf(set), paused };
  return noted(
    withStrategy(marked, { partition, paused: paused === true ? undefined : paused }),
    own,
    partition,
  );
}

/** Whether partition and paused are as the release set them last. */
export function isAsHeld(set: CloneSet): boolean {
  return noteOf(set)?.held === partitionOf(set) && set.spec.updateStrategy?.paused !== true;
}

/**
 * An author's write while a release holds the CloneSet: what was written of partition and paused is noted for the end of
 * the release, and they stay as they are.
 */
export function admittedSet(before: CloneSet, after: CloneSet): CloneSet {
  const note = noteOf(before);
  if (!note) return after;
  const [held, written] = [before.spec.updateStrategy ?? {}, after.spec.updateStrategy ?? {}];
  const own: OwnStrategy = {
    partition: written.partition === held.partition ? note.original : written.partition,
    paused: written.paused === held.paused ? note.paused : written.paused,
  };
  return noted(withStrategy(after, held), own, note.held);
}

/** As its author had it. The same object where nothing of the release is left. */
export function asAuthored(set: CloneSet): CloneSet {
  const note = noteOf(set);
  const own = withoutAnnotation(unmarkedWorkload(set), PARTITION_ANNOTATION);
  if (!note) return own;
  const { paused } = set.spec.updateStrategy ?? {};
  // What says that it is not paused is its author's, also where it came past admission: no release writes that.
  return withStrategy(own, {
    partition: note.original,
    paused: note.paused ?? (paused ? undefined : paused),
  });
}

/** With these two fields of updateStrategy in place of those that it has. */
function withStrategy(set: CloneSet, { partition, paused }: OwnStrategy): CloneSet {
  const { updateStrategy: present, ...spec } = set.spec;
  const { partition: _partition, paused: _paused, ...others } = present ?? {};
  const updateStrategy = {
    ...others,
    ...(partition === undefined ? {} : { partition }),
    ...(paused === undefined ? {} : { paused }),
  };
  return { ...set, spec: Object.keys(updateStrategy).length === 0 ? spec : { ...spec, updateStrategy } };
}

function noted(set: CloneSet, { partition: original, paused }: OwnStrategy, held: IntOrString): CloneSet {
  const note = JSON.stringify({ original, paused, held });
  const annotations = { ...set.metadata.annotations, [PARTITION_ANNOTATION]: note };
  return { ...set, metadata: { ...set.metadata, annotations } };
}

/** undefined also for what somebody else made of it: nothing is given back then but what is there. */
function noteOf({ metadata }: CloneSet): HoldNote | undefined {
  try {
    const note = JSON.parse(metadata.annotations?.[PARTITION_ANNOTATION] ?? 'null') as HoldNote | null;
    return note && ['number', 'string'].includes(typeof note.held) ? note : undefined;
  } catch {
    return undefined;
  }
}
