import { sameJson, shortHash } from '../api/canonical.ts';
import type { RouteNotes } from './route-notes.ts';

/** A backend of a rule that shares requests out by weights. */
export interface Weighted {
  weight?: number;
}

/** How one kind of route names its backends, and what it makes of their weights. */
export interface Weighing<B extends Weighted> {
  isStable(backend: B): boolean;
  isCanary(backend: B): boolean;
  /** The canary's backend that goes beside this stable one. */
  canaryOf(stable: B): B;
  /** The stable backend while there is a canary. */
  pinned(stable: B): B;
  /** The user's backend of a pinned one; of a canary's the stable one that it stands for. */
  unpinned(backend: B): B;
  /** What a weight that is not written means. */
  unset: number;
  /** What is written for a backend that is alone, where nothing else was noted; undefined for nothing. */
  alone: number | undefined;
}

/** Weights are multiplied by this, so that a percentage of any of them is a whole number. */
const SCALE = 100;

/** The highest weight that can be split: the Gateway API allows a million. */
export const SPLITTABLE_WEIGHT = 10_000;

/** Names backends by what they are, so that a note finds its backend again when others come or go around it. */
export type BackendKeys = (rule: unknown, backend: Weighted) => string;

export function backendKeys(): BackendKeys {
  const seen = new Map<string, number>();
  return (rule, { weight: _weight, ...backend }) => {
    const hash = shortHash({ rule, backend });
    const count = seen.get(hash) ?? 0;
    seen.set(hash, count + 1);
    return count === 0 ? hash : `${hash}-${count}`;
  };
}

/**
 * The backends of a rule with the canary's beside the stable ones, which gives it `percent` of their requests; others
 * keep their ratio. The same list where no request goes to a stable one. `rule` is what tells the rule from others.
 */
export function splitWeights<B extends Weighted>(
  backends: readonly B[],
  percent: number,
  rule: unknown,
  { weighing, keys, notes }: { weighing: Weighing<B>; keys: BackendKeys; notes: RouteNotes },
): readonly B[] {
  const isAlone = backends.length === 1;
  // Where a weight that is not written is none, a backend that is alone gets everything all the same.
  const weightOf = ({ weight = weighing.unset }: B) =>
    isAlone && (weight > 0 || weighing.unset === 0) ? 1 : weight;
  const isSplit = (backend: B) =>
    weighing.isStable(backend) &&
    weightOf(backend) > 0 &&
    // What would lead to the very same place, or is there already, could not be told from the stable one again.
    !backends.some((other) => sameBackend(other, weighing.canaryOf(backend)));
  if (!backends.some(isSplit)) return backends;
  return backends.flatMap((backend): B[] => {
    const key = keys(rule, backend);
    const computed = isAlone ? weighing.alone : (backend.weight ?? weighing.unset);
    const weight = weightOf(backend);
    if (backend.weight !== computed && (weight > 0 || isAlone)) notes.weights[key] = backend.weight ?? null;
    if (isSplit(backend)) {
      const canary = weighing.canaryOf(backend);
      if (!weighing.isCanary(canary)) notes.made.push(markOf(rule, canary));
      return [
        { ...weighing.pinned(backend), weight: weight * (SCALE - percent) },
        { ...canary, weight: weight * percent },
      ];
    }
    return [weight === 0 ? backend : { ...backend, weight: weight * SCALE }];
  });
}

/** The backends as their owner has them: a canary's is one with the stable one before it. */
export function mergeWeights<B extends Weighted>(
  backends: readonly B[],
  rule: unknown,
  { weighing, keys, notes }: { weighing: Weighing<B>; keys: BackendKeys; notes: RouteNotes },
): readonly B[] {
  const isMarked = (backend: B) => notes.made.length > 0 && notes.made.includes(markOf(rule, backend));
  const isCanary = (backend: B) => weighing.isCanary(backend) || isMarked(backend);
  if (!backends.some(isCanary)) return backends.map(weighing.unpinned);
  const users: { backend: B; weight: number | undefined; isSplit: boolean }[] = [];
  for (const backend of backends) {
    const own = weighing.unpinned(backend);
    const partner = isCanary(backend) ? users.findLast((user) => weighing.isStable(user.backend)) : undefined;
    if (!partner) {
      users.push({ backend: own, weight: backend.weight, isSplit: isCanary(backend) });
      continue;
    }
    partner.weight = (partner.weight ?? weighing.unset) + (backend.weight ?? weighing.unset);
    partner.isSplit = true;
  }
  const isAlone = users.length === 1;
  // Where somebody wrote another weight in the middle, the ratio that is there now is kept.
  const isScaled = users.every(({ weight = 0, isSplit }) => isSplit || weight % SCALE === 0);
  return users.map(({ backend, weight, isSplit }) => {
    const noted = notes.weights[keys(rule, backend)];
    if (isAlone) return withWeight(backend, noted === undefined ? weighing.alone : (noted ?? undefined));
    if (weight === undefined) return backend;
    const unscaled = isScaled ? Math.round(weight / SCALE) : weight;
    // What was split was above 0, whatever somebody made of it since: at 0 nothing would reach the Service any more.
    const restored = isSplit ? Math.max(1, unscaled) : unscaled;
    return withWeight(backend, noted === null && restored === weighing.unset ? undefined : restored);
  });
}

/** Names a canary's backend of a rule that only its note tells from a user's own. */
function markOf(rule: unknown, { weight: _weight, ...backend }: Weighted): string {
  return shortHash({ rule, backend });
}

function sameBackend({ weight: _one, ...one }: Weighted, { weight: _other, ...other }: Weighted): boolean {
  return sameJson(one, other);
}

function withWeight<B extends Weighted>(backend: B, weight: number | undefined): B {
  if (weight !== undefined) return { ...backend, weight };
  const { weight: _weight, ...rest } = backend;
  return rest as B;
}

/** Whether the percentages of a backend's weight are whole numbers that every kind of route allows. */
export function isSplittable({ weight = 0 }: Weighted): boolean {
  return weight <= SPLITTABLE_WEIGHT;
}
