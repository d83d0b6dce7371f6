/** Pods of each version that are ready, and how many pods carried all requests when the release began. */
export interface Pods {
  size: number;
  stable: number;
  canary: number;
}

/** How much more than at the start of the release one pod is given, at most. */
const LOAD_MAX = 1.25;
/** The same while versions share a Service and the canary has a share beside it. */
export const JOINING_LOAD_MAX = 4 / 3;

/** Whether the stable pods alone can carry all requests. */
export function carries({ size, stable }: Omit<Pods, 'canary'>): boolean {
  return LOAD_MAX * stable >= size;
}

/** How many pods can be exchanged so that the stable ones left carry what a canary with this weight, in percent, leaves. */
export function mostExchanged(size: number, weight = 0): number {
  return Math.floor(size - ((1 - weight / 100) * size) / LOAD_MAX + 1e-9);
}

/**
 * The lowest weight of the canary, in percent, with which the stable pods are not given more than they can carry:
 * 0 where they can carry everything.
 */
export function leastWeight({ size, stable, canary }: Pods): number {
  if (size === 0 || canary === 0) return 0;
  if (stable === 0) return 100;
  return Math.min(100, Math.max(0, Math.ceil(100 - (LOAD_MAX * 100 * stable) / size)));
}

/**
 * The highest weight, in percent, that the canary's pods can carry of the `planned` one. A plan may itself give a pod
 * more than a stable one had: that is its author's word as long as the pods that it asked for (`goal`) are ready.
 */
export function mostWeight(planned: number, goal: number, { size, canary }: Pods): number {
  if (canary >= goal && canary > 0) return planned;
  if (size === 0 || goal === 0) return 0;
  const carried = (LOAD_MAX * 100 * canary) / size;
  const share = (planned * canary) / goal;
  return Math.min(planned, Math.floor(Math.max(carried, share)));
}

/**
 * The weight with which the stable Service can begin to select the pods of both versions, in percent: the canary's
 * pods get their share of that as well from then on. Until then the stable pods alone carry the rest, so that
 * neither of the two is given much: both get the same. With c the canary's share of the ready pods it is the w of
 * (1 − w) / (1 − c) = w / c + 1 − w.
 */
export function joiningWeight(weight: number, { stable, canary }: Pods): number {
  const all = stable + canary;
  if (canary === 0 || all === 0) return 0;
  if (stable === 0) return weight;
  const c = canary / all;
  const balanced = c ** 2 / (c ** 2 + (1 - c) ** 2 + c * (1 - c));
  return Math.min(weight, Math.round(100 * balanced));
}

/**
 * The highest weight, in percent, with which the stable Service can begin to select the canary's own pods as well: they
 * get their part of what it gets from then on. The workload's own pods are about to be updated, a quarter of them at a
 * time. What the plan itself gave to a pod, it may have.
 */
export function besideWeight(weight: number, { size, stable, canary }: Pods): number {
  if (canary === 0 || size === 0) return 0;
  const together = 1 / (canary + stable - Math.floor(stable / 4));
  const alone = 1 / canary;
  if (alone === together) return weight;
  const allowed = Math.max(LOAD_MAX / size, (weight / 100) * alone);
  const most = Math.floor((100 * (allowed - together)) / (alone - together) + 1e-9);
  return Math.max(0, Math.min(weight, most));
}
