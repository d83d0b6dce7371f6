import {
  CONVERSION_ANNOTATION,
  ROLLING_STYLE_ANNOTATION,
  TRAFFIC_ROUTING_ANNOTATION,
} from './annotations.ts';
import { canonicalJson, sameJson } from './canonical.ts';
import { KRUISE_GROUP } from './group.ts';
import { isRecord, type JsonRecord, withoutUndefined } from './json.ts';
import type { KubeObject } from './kubernetes.ts';
import { putBack } from './put-back.ts';
import { type Translation, toV1alpha1, toV1beta1, type VersionedPart } from './rollout-versions.ts';

export type Conversion = { ok: true; object: KubeObject } | { ok: false; message: string };

/** How to come from a version to the other one and back. */
const ROUTES = {
  v1alpha1: { other: 'v1beta1', forth: toV1beta1, back: toV1alpha1 },
  v1beta1: { other: 'v1alpha1', forth: toV1alpha1, back: toV1beta1 },
} as const satisfies Record<string, { other: string; forth: Translation; back: Translation }>;

/** A Rollout's own fields nest about ten levels. */
const DEPTH_MAX = 40;

type Version = keyof typeof ROUTES;

/**
 * Converts a Rollout between v1alpha1 and v1beta1 as Kruise Rollouts does, but without its losses: what the
 * target version cannot say is kept in an annotation and put back by the conversion in the other direction,
 * except where it was edited in the meantime. The status is the same in both versions.
 *
 * Takes any JSON and never throws; the message of a failure says what cannot be converted.
 *
 * @see https://github.com/openkruise/rollouts/blob/1e8af4a4c177bc77b1b6842c2730d1a84beb22eb/api/v1alpha1/conversion.go
 */
export function convertRollout(object: unknown, toApiVersion: string): Conversion {
  if (!isRecord(object)) return refuse('only an object can be converted');
  const { apiVersion, kind, metadata } = object;
  if (kind !== 'Rollout')
    return refuse(`only the kind Rollout can be converted, not ${JSON.stringify(kind)}`);
  const from = versionOf(apiVersion);
  const to = versionOf(toApiVersion);
  if (!from || !to) {
    return refuse(`a Rollout cannot be converted from ${JSON.stringify(apiVersion)} to ${toApiVersion}`);
  }
  if (!isRecord(metadata)) return refuse('a Rollout without metadata cannot be converted');
  const written = metadata['annotations'] ?? {};
  if (!isRecord(written)) return refuse('the annotations of the Rollout are not a map');
  if (from === to) return { ok: true, object: object as JsonRecord & KubeObject };

  const { [CONVERSION_ANNOTATION]: note, ...annotations } = written;
  const source = partOf(object, annotations);
  if (!isWithin(DEPTH_MAX, source.spec)) return refuse('the spec of the Rollout is nested too deeply');
  const kept = keptPart(note, to);
  const { forth, back } = ROUTES[from];
  const plain = forth.part(source);
  const target = kept ? putBack(kept, plain, forth, back) : plain;
  const isComplete = sameJson({ ...back.part(target) }, { ...source });
  return {
    ok: true,
    object: withPart(object, metadata, toApiVersion, target, {
      ...annotations,
      [CONVERSION_ANNOTATION]: isComplete ? undefined : canonicalJson({ [from]: source }),
    }),
  };
}

function refuse(message: string): Conversion {
  return { ok: false, message };
}

function versionOf(apiVersion: unknown): Version | undefined {
  const versions = Object.keys(ROUTES) as Version[];
  return versions.find((version) => apiVersion === `${KRUISE_GROUP}/${version}`);
}

function partOf(object: JsonRecord, annotations: JsonRecord): VersionedPart {
  return withoutUndefined({
    spec: object['spec'],
    rollingStyle: annotations[ROLLING_STYLE_ANNOTATION],
    trafficRouting: annotations[TRAFFIC_ROUTING_ANNOTATION],
  });
}

/**
 * What the annotation keeps of this version. Anybody who may write the object may write the annotation: text
 * that no conversion made keeps nothing, and must not make the object, and with it every list, unreadable.
 */
function keptPart(note: unknown, version: Version): VersionedPart | undefined {
  const notes = parsedNote(note);
  const part = isRecord(notes) && Object.hasOwn(notes, version) ? notes[version] : undefined;
  if (!isRecord(part) || !isWithin(DEPTH_MAX, part)) return undefined;
  const { spec, rollingStyle, trafficRouting } = part;
  if ([rollingStyle, trafficRouting].some((text) => text !== undefined && typeof text !== 'string'))
    return undefined;
  return withoutUndefined({ spec, rollingStyle, trafficRouting });
}

function parsedNote(note: unknown): unknown {
  if (typeof note !== 'string') return undefined;
  try {
    return JSON.parse(note);
  } catch {
    return undefined;
  }
}

/** Whether a value is nested no deeper than this many levels: recursion over it then ends in time. */
function isWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isWithin(levels - 1, inner));
}

function withPart(
  object: JsonRecord,
  metadata: JsonRecord,
  apiVersion: string,
  part: VersionedPart,
  annotations: JsonRecord,
): KubeObject {
  const all = withoutUndefined({
    ...annotations,
    [ROLLING_STYLE_ANNOTATION]: part.rollingStyle,
    [TRAFFIC_ROUTING_ANNOTATION]: part.trafficRouting,
  });
  const { annotations: _, ...rest } = metadata;
  return withoutUndefined({
    ...object,
    apiVersion,
    metadata: Object.keys(all).length > 0 ? { ...rest, annotations: all } : rest,
    spec: part.spec,
  }) as JsonRecord & KubeObject;
}
