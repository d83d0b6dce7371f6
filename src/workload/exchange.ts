import type { RollingBudget } from './rolling-budget.ts';

/** Pods of one version: how many are asked for, how many of them serve, and how many there should be in the end. */
export interface Standing {
  replicas: number;
  available: number;
  wanted: number;
}

/**
 * One move of an exchange of pods: how many of each version are to be asked for next, so that at no time fewer than
 * `total - unavailable` serve because of it, nor more than `total + surge` are asked for. Of what is short the first
 * version is served first; of what may go the last one gives first. Asked again with what has come of it, it ends at
 * the wanted numbers.
 */
export function nextReplicas(
  standings: readonly Standing[],
  total: number,
  { surge, unavailable }: RollingBudget,
): number[] {
  const serving = standings.map(({ available, replicas }) => Math.min(available, replicas));
  let spare = sum(serving) - (total - unavailable);
  const shrunk = standings
    .map(({ replicas, wanted }, index) => ({ replicas, excess: Math.max(0, replicas - wanted), index }))
    .toReversed()
    .map(({ replicas, excess, index }) => {
      // Pods that do not serve are missed by nobody.
      const idle = Math.min(excess, replicas - (serving[index] ?? 0));
      const served = Math.min(excess - idle, Math.max(0, spare));
      spare -= served;
      return replicas - idle - served;
    })
    .toReversed();
  let room = total + surge - sum(shrunk);
  return standings.map(({ wanted }, index) => {
    const left = shrunk[index] ?? 0;
    const added = Math.min(Math.max(0, wanted - left), Math.max(0, room));
    room -= added;
    return left + added;
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
