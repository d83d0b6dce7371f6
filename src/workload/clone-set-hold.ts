import { PARTITION_ANNOTATION } from '../api/annotations.ts';
import type { CloneSet, IntOrString } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { markedWorkload, unmarkedWorkload, withoutAnnotation } from './marks.ts';

/** What an author has in mind, and what the release made of it. */
interface HoldNote {
  /** None where the author has none. */
  original?: IntOrString;
  paused?: boolean;
  held: IntOrString;
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
  const own = note ?? { ...ownPartition(set), ...(paused === undefined ? {} : { paused }) };
  const held = withStrategy(marked, { partition, ...(paused === false && { paused }) });
  return noted(held, { ...own, held: partition });
}

/** Whether partition and paused are as the release set them last. */
export function isAsHeld(set: CloneSet): boolean {
  return noteOf(set)?.held === partitionOf(set) && set.spec.updateStrategy?.paused !== true;
}

/** As its author had it. The same object where nothing of the release is left. */
export function asAuthored(set: CloneSet): CloneSet {
  const note = noteOf(set);
  const own = withoutAnnotation(unmarkedWorkload(set), PARTITION_ANNOTATION);
  if (!note) return own;
  const { original: partition, paused } = note;
  return withStrategy(own, {
    ...(partition === undefined ? {} : { partition }),
    ...(paused === undefined ? {} : { paused }),
  });
}

function ownPartition(set: CloneSet): Pick<HoldNote, 'original'> {
  const original = partitionOf(set);
  return original === undefined ? {} : { original };
}

/** With these two fields of updateStrategy in place of those that it has. */
function withStrategy(
  set: CloneSet,
  wanted: Pick<NonNullable<CloneSet['spec']['updateStrategy']>, 'partition' | 'paused'>,
): CloneSet {
  const { updateStrategy: present, ...spec } = set.spec;
  const { partition: _partition, paused: _paused, ...others } = present ?? {};
  const updateStrategy = { ...others, ...wanted };
  return { ...set, spec: Object.keys(updateStrategy).length === 0 ? spec : { ...spec, updateStrategy } };
}

function noted(set: CloneSet, note: HoldNote): CloneSet {
  const annotations = { ...set.metadata.annotations, [PARTITION_ANNOTATION]: JSON.stringify(note) };
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
