import type { Deployment, IntOrString, ReplicaSet } from '../../src/api/kubernetes.ts';

/**
 * How Kubernetes' Deployment controller shares pods out among ReplicaSets, as arithmetic.
 * Source: kubernetes v1.34, pkg/controller/deployment: rolling.go, sync.go (scale) and util/deployment_util.go.
 */

export const DESIRED_ANNOTATION = 'deployment.kubernetes.io/desired-replicas';
export const MAX_ANNOTATION = 'deployment.kubernetes.io/max-replicas';

/** A ReplicaSet, and how many of its pods have been ready for long enough. */
export interface Share {
  set: ReplicaSet;
  available: number;
}

export type Size = { set: ReplicaSet; replicas: number };

export function wanted({ spec }: ReplicaSet): number {
  return spec.replicas ?? 0;
}

function total({ spec }: Deployment): number {
  return spec.replicas ?? 1;
}

/** How many pods more, and how many fewer, there may be than are wanted: the first rounded up, the second down. */
function bounds({ spec }: Deployment): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const part = (value: IntOrString) =>
    typeof value === 'number' ? value : ((spec.replicas ?? 1) * Number(value.replace('%', ''))) / 100;
  const [surge, unavailable] = [Math.ceil(part(maxSurge)), Math.floor(part(maxUnavailable))];
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** What a ReplicaSet notes of its Deployment whenever it is scaled. */
export function scaleNotes(deployment: Deployment): Record<string, string> {
  const count = total(deployment);
  return { [DESIRED_ANNOTATION]: String(count), [MAX_ANNOTATION]: String(count + bounds(deployment).surge) };
}

/** Whether the Deployment was scaled since its ReplicaSets were. */
export function isScaled(deployment: Deployment, sets: readonly ReplicaSet[]): boolean {
  return sets
    .filter((set) => wanted(set) > 0)
    .map(({ metadata }) => metadata.annotations?.[DESIRED_ANNOTATION])
    .some((desired) => desired !== undefined && desired !== String(total(deployment)));
}

/** Of a paused Deployment, or one that was just scaled: several versions share the difference in proportion. */
export function scaledSizes(
  deployment: Deployment,
  current: Share | undefined,
  sets: readonly ReplicaSet[],
): Size[] {
  const count = total(deployment);
  const active = sets.filter((set) => wanted(set) > 0);
  const [only = current?.set ?? sets.toSorted(byAge).at(-1)] = active;
  if (active.length < 2) return only ? [{ set: only, replicas: count }] : [];
  if (current && isSaturated(current, count)) {
    return active.filter((set) => set !== current.set).map((set) => ({ set, replicas: 0 }));
  }
  const allowed = count > 0 ? count + bounds(deployment).surge : 0;
  const toAdd = allowed - sum(active.map(wanted));
  const ordered = active.toSorted((a, b) => wanted(b) - wanted(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)));
  let added = 0;
  const sizes = ordered.map((set) => {
    const left = toAdd - added;
    const part = fraction(deployment, set, allowed);
    const proportion = toAdd > 0 ? Math.min(part, left) : toAdd < 0 ? Math.max(part, left) : 0;
    added += proportion;
    return { set, replicas: wanted(set) + proportion };
  });
  return sizes.map((size, index) =>
    index === 0 ? { ...size, replicas: Math.max(0, size.replicas + toAdd - added) } : size,
  );
}

function isSaturated({ set, available }: Share, count: number): boolean {
  return (
    wanted(set) === count &&
    available === count &&
    set.metadata.annotations?.[DESIRED_ANNOTATION] === String(count)
  );
}

function fraction({ spec, status }: Deployment, set: ReplicaSet, allowed: number): number {
  if (spec.replicas === 0) return -wanted(set);
  const before = Number(set.metadata.annotations?.[MAX_ANNOTATION] ?? 0) || (status?.replicas ?? 0);
  return before === 0 ? 0 : Math.round((wanted(set) * allowed) / before) - wanted(set);
}

/** How far the version that is wanted may grow now. */
export function grownSize(deployment: Deployment, current: ReplicaSet, sets: readonly ReplicaSet[]): number {
  const count = total(deployment);
  if (wanted(current) >= count) return count;
  const room = count + bounds(deployment).surge - sum(sets.map(wanted));
  return wanted(current) + Math.max(0, Math.min(room, count - wanted(current)));
}

/** How far the other versions may shrink: first by pods that are not available, then by those that can be spared. */
export function shrunkSizes(deployment: Deployment, current: Share, others: readonly Share[]): Size[] {
  const least = total(deployment) - bounds(deployment).unavailable;
  const all = sum([current, ...others].map(({ set }) => wanted(set)));
  let cleanable = all - least - (wanted(current.set) - current.available);
  if (cleanable <= 0) return [];
  const cleaned = others
    .toSorted((a, b) => byAge(a.set, b.set))
    .map(({ set, available }) => {
      const removed = Math.min(cleanable, Math.max(0, wanted(set) - available));
      cleanable -= removed;
      return { set, replicas: wanted(set) - removed };
    });
  let spare = Math.max(0, sum([current, ...others].map(({ available }) => available)) - least);
  return cleaned.map(({ set, replicas }) => {
    const removed = Math.min(spare, replicas);
    spare -= removed;
    return { set, replicas: replicas - removed };
  });
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((result, number) => result + number, 0);
}
