import { ORIGINAL_UPDATE_STRATEGY_ANNOTATION } from '../api/annotations.ts';
import type { CloneSet, IntOrString } from '../api/kubernetes.ts';
import { withoutAnnotation } from './marks.ts';

/** The fields of updateStrategy that a release takes for itself. */
export interface OwnStrategy {
  partition?: IntOrString | undefined;
  paused?: boolean | undefined;
}

/** Those fields as their author has them; undefined where nothing holds the CloneSet. */
export function ownStrategy({ metadata }: CloneSet): OwnStrategy | undefined {
  const text = metadata.annotations?.[ORIGINAL_UPDATE_STRATEGY_ANNOTATION];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as OwnStrategy;
  } catch {
    return {};
  }
}

/** The CloneSet with a note of those fields. The same object when it has one: what is there now is the release's. */
export function withOwnStrategy(object: CloneSet): CloneSet {
  if (ownStrategy(object)) return object;
  const { partition, paused } = object.spec.updateStrategy ?? {};
  const note = JSON.stringify({ partition, paused } satisfies OwnStrategy);
  const annotations = { ...object.metadata.annotations, [ORIGINAL_UPDATE_STRATEGY_ANNOTATION]: note };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export function withoutOwnStrategy(object: CloneSet): CloneSet {
  return withoutAnnotation(object, ORIGINAL_UPDATE_STRATEGY_ANNOTATION);
}

/** The CloneSet with these fields in place of those that it has. The same object when it has them already. */
export function withStrategy(object: CloneSet, { partition, paused }: OwnStrategy): CloneSet {
  const { updateStrategy = {}, ...spec } = object.spec;
  const { partition: partitionNow, paused: pausedNow, ...others } = updateStrategy;
  if (partition === partitionNow && paused === pausedNow) return object;
  const wanted = {
    ...others,
    ...(partition === undefined ? {} : { partition }),
    ...(paused === undefined ? {} : { paused }),
  };
  return { ...object, spec: Object.keys(wanted).length === 0 ? spec : { ...spec, updateStrategy: wanted } };
}
