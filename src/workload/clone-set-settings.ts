import { ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import type { CloneSet } from '../api/clone-set.ts';
import type { IntOrString } from '../api/kubernetes.ts';
import { isTakenOver, NEVER_AVAILABLE_SECONDS, withoutUndefined } from './blue-green-settings.ts';
import { withoutAnnotation } from './marks.ts';

/**
 * How a CloneSet is made to run two versions side by side: it is made larger by the pods of the new one, and its
 * partition keeps as many of the former one as there were. Then both are what its own controller wants: it makes good
 * what either of them loses, and takes none away that is not ready. A surge, which is how a Deployment gets them, would
 * not do: a CloneSet's controller counts as one no more than the pods that are still to be exchanged, so that it stops
 * at half of them, and deletes stable pods that are not ready as those that are too many.
 *
 * No pod is ever available meanwhile, which keeps the controller from deleting any that is ready, also when somebody
 * scales the CloneSet past admission.
 */
interface OwnSettings {
  replicas?: number | undefined;
  maxSurge?: IntOrString | undefined;
  maxUnavailable?: IntOrString | undefined;
  minReadySeconds?: number | undefined;
  /** The one of scaleStrategy: with pods that are never available nothing would be made any more. */
  scaleMaxUnavailable?: IntOrString | undefined;
}

/** How many pods of each version a CloneSet is to have. */
interface BothVersions {
  former: number;
  present: number;
  /** Whether there are more pods than that, so that its controller may delete ready ones. */
  isTooMany: boolean;
}

/** What its author has of the settings, and what the release made of them last. */
interface SettingsNote extends OwnSettings {
  held?: BothVersions;
}

type Strategy = NonNullable<CloneSet['spec']['updateStrategy']>;

/** How many pods its author wants. Another number than the release wrote is one that came past admission. */
export function authoredSize(set: CloneSet): number {
  const { replicas = 1 } = set.spec;
  const { held, replicas: wanted = 1 } = noteOf(set);
  return held && settingsFor(held).replicas === replicas ? wanted : replicas;
}

/** Whether its controller may delete ready pods, by what the release wrote last. */
export function letsPodsGo(set: CloneSet): boolean {
  return noteOf(set).held?.isTooMany === true;
}

/** Whether the settings are as the release wrote them last, whatever became of the number of pods. */
export function hasHeldSettings(set: CloneSet): boolean {
  const { held } = noteOf(set);
  if (!held) return false;
  const { replicas: _replicas, ...present } = settingsOf(set);
  const { replicas: _held, ...wanted } = settingsFor(held);
  return sameJson(withoutUndefined(present), withoutUndefined(wanted));
}

/** The CloneSet with room for both versions. The same object if it is so. */
export function withBothVersions(set: CloneSet, held: BothVersions): CloneSet {
  const original = isTakenOver(set) ? originalOf(noteOf(set)) : settingsOf(set);
  const wanted = noted(withSettings(set, settingsFor(held)), { ...original, replicas: held.former }, held);
  return sameJson(wanted, set) ? set : wanted;
}

/**
 * Of the size that its author wants by now, with as many pods of the other version as before; with none at all where
 * that is the wish. Otherwise nothing is taken away: where its template is not the one that is released, its controller
 * does not know whose pods those are.
 */
export function withOwnSize(set: CloneSet): CloneSet {
  const { held } = noteOf(set);
  const former = authoredSize(set);
  if (!held || held.former === former) return set;
  const present = former === 0 ? 0 : held.present;
  return withBothVersions(set, { former, present, isTooMany: former === 0 });
}

/** The CloneSet with its author's settings, held by its partition or not as it was. The same object when it has them. */
export function withOwnSettings(set: CloneSet): CloneSet {
  if (!isTakenOver(set)) return set;
  const own = { ...originalOf(noteOf(set)), replicas: authoredSize(set) };
  return withSettings(withoutAnnotation(set, ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION), own);
}

/**
 * An author's write while the settings are the release's: what changed of them is noted, and they stay as they are. Of
 * the number of pods the release makes its own at once.
 */
export function admittedSettings(before: CloneSet, after: CloneSet): CloneSet {
  if (!isTakenOver(before)) return after;
  const note = noteOf(before);
  const [present, written] = [settingsOf(before), settingsOf(after)];
  const own: OwnSettings = { ...originalOf(note), replicas: authoredSize(before) };
  const changed = Object.entries(written).filter(
    ([name, value]) => !sameJson(value ?? null, present[name as keyof OwnSettings] ?? null),
  );
  const held = { ...present, replicas: note.held ? settingsFor(note.held).replicas : present.replicas };
  return noted(withSettings(after, held), { ...own, ...Object.fromEntries(changed) }, note.held);
}

/** No pod is taken away before one of the template is there in addition, should another come past admission. */
function settingsFor({ former, present, isTooMany }: BothVersions): OwnSettings {
  return {
    replicas: former + present,
    maxSurge: 1,
    maxUnavailable: 0,
    minReadySeconds: isTooMany ? 0 : NEVER_AVAILABLE_SECONDS,
    scaleMaxUnavailable: undefined,
  };
}

function settingsOf({ spec }: CloneSet): Required<OwnSettings> {
  const { replicas, minReadySeconds, updateStrategy = {}, scaleStrategy = {} } = spec;
  const { maxSurge, maxUnavailable } = updateStrategy;
  return {
    replicas,
    maxSurge,
    maxUnavailable,
    minReadySeconds,
    scaleMaxUnavailable: scaleStrategy.maxUnavailable,
  };
}

function withSettings(set: CloneSet, settings: OwnSettings): CloneSet {
  const { maxSurge, maxUnavailable, minReadySeconds, replicas, scaleMaxUnavailable } = settings;
  const { updateStrategy, scaleStrategy, ...spec } = set.spec;
  const update = withoutUndefined<Strategy>({ ...updateStrategy, maxSurge, maxUnavailable });
  const scale = withoutUndefined({ ...scaleStrategy, maxUnavailable: scaleMaxUnavailable });
  return {
    ...set,
    spec: withoutUndefined<CloneSet['spec']>({
      ...spec,
      replicas,
      minReadySeconds,
      ...(Object.keys(update).length > 0 && { updateStrategy: update }),
      ...(Object.keys(scale).length > 0 && { scaleStrategy: scale }),
    }),
  };
}

function originalOf({ held: _held, ...original }: SettingsNote): OwnSettings {
  return original;
}

/** A note that cannot be read leaves what OpenKruise takes where nothing is written. */
function noteOf({ metadata }: CloneSet): SettingsNote {
  try {
    const note = metadata.annotations?.[ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION] ?? '{}';
    return (JSON.parse(note) as SettingsNote | null) ?? {};
  } catch {
    return {};
  }
}

function noted(set: CloneSet, original: OwnSettings, held: SettingsNote['held']): CloneSet {
  const { replicas, maxSurge, maxUnavailable, minReadySeconds, scaleMaxUnavailable } = original;
  const note = { replicas, maxSurge, maxUnavailable, minReadySeconds, scaleMaxUnavailable, held };
  const annotations = {
    ...set.metadata.annotations,
    [ORIGINAL_DEPLOYMENT_STRATEGY_ANNOTATION]: JSON.stringify(note),
  };
  return { ...set, metadata: { ...set.metadata, annotations } };
}
