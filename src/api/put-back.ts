import { canonicalJson, sameJson } from './canonical.ts';
import { isRecord, type JsonRecord, withoutUndefined } from './json.ts';
import type { Translation, VersionedPart } from './rollout-versions.ts';

/** One place of an object in three states. */
interface Place {
  /** What translating there and back had left of `kept`. */
  base: unknown;
  /** As it was once written in this version. */
  kept: unknown;
  /** As the other version says it now. */
  now: unknown;
}

/**
 * Puts back what the other version could not say. A kept value returns only where the value that stood for it
 * is still there unchanged, and only if the other version would read the result as it reads `now`: an edit
 * always counts for more than what was kept.
 *
 * @param kept the part as it was once written in this version
 * @param now the part as translated from the other version
 * @param forth translates into this version
 * @param back translates into the other version
 */
export function putBack(
  kept: VersionedPart,
  now: VersionedPart,
  forth: Translation,
  back: Translation,
): VersionedPart {
  const base = forth.part(back.part(kept));
  const all = mergedRecord({ base: { ...base }, kept: { ...kept }, now: { ...now } }, [], back);
  // An annotation is put back together with the strategy that it belongs to, or not at all.
  const candidates = [all, { ...now, spec: all['spec'] }];
  return candidates.find((candidate) => sameJson(back.part(candidate), back.part(now))) ?? now;
}

/** Where a merge has to prove that the other version reads it as it reads `now`. */
const PROOFS = {
  'spec.strategy': 'strategy',
  'spec.strategy.canary.steps.*': 'step',
  'spec.strategy.canary.trafficRoutings.*': 'trafficRouting',
} as const satisfies Record<string, keyof Translation>;

/** An edited match is another match: nothing that was kept of the former one belongs to it. */
const WHOLE = 'spec.strategy.canary.steps.*.matches.*';

function merged(place: Place, path: readonly string[], back: Translation): unknown {
  const { base, kept, now } = place;
  if (sameJson(base, now)) return kept;
  if (sameJson(base, kept)) return now;
  const name = path.join('.');
  if (Array.isArray(base) && Array.isArray(kept) && Array.isArray(now)) {
    return base.length === kept.length ? mergedList(base, kept, now, path, back) : now;
  }
  if (!isRecord(base) || !isRecord(kept) || !isRecord(now) || name === WHOLE) return now;
  const candidate = mergedRecord({ base, kept, now }, path, back);
  if (!Object.hasOwn(PROOFS, name)) return candidate;
  const read = back[PROOFS[name as keyof typeof PROOFS]];
  return sameJson(read(candidate), read(now)) ? candidate : now;
}

function mergedRecord(
  { base, kept, now }: Record<keyof Place, JsonRecord>,
  path: readonly string[],
  back: Translation,
): JsonRecord {
  const fields = new Set([...Object.keys(kept), ...Object.keys(now)]);
  const entries = [...fields].map((field) => {
    const place = { base: own(base, field), kept: own(kept, field), now: own(now, field) };
    return [field, merged(place, [...path, field], back)];
  });
  return withoutUndefined(Object.fromEntries(entries));
}

function own(record: JsonRecord, field: string): unknown {
  return Object.hasOwn(record, field) ? record[field] : undefined;
}

/** Elements are found again by what they say, wherever they moved; an edited one by its place, in a list as long as before. */
function mergedList(
  base: readonly unknown[],
  kept: readonly unknown[],
  now: readonly unknown[],
  path: readonly string[],
  back: Translation,
): unknown[] {
  const origins = originsOf(base, now);
  return now.map((element, index) => {
    const origin = origins[index];
    if (origin === undefined) return element;
    return merged({ base: base[origin], kept: kept[origin], now: element }, [...path, '*'], back);
  });
}

/** For each element of `now` the index in `base` that it comes from, if any. */
function originsOf(base: readonly unknown[], now: readonly unknown[]): (number | undefined)[] {
  const texts = base.map(canonicalJson);
  const wanted = now.map(canonicalJson);
  const taken = new Set<number>();
  const claim = (index: number) => {
    if (index >= 0) taken.add(index);
    return index >= 0 ? index : undefined;
  };
  const inPlace = wanted.map((text, index) => claim(texts[index] === text ? index : -1));
  const moved = wanted.map(
    (text, index) => inPlace[index] ?? claim(texts.findIndex((from, at) => from === text && !taken.has(at))),
  );
  if (base.length !== now.length) return moved;
  return moved.map((origin, index) => origin ?? (taken.has(index) ? undefined : index));
}
