import type { CanaryState } from './style.ts';

/** Upstream's rule: enough pods, of which only the tolerated number is not ready, and one is in any case. */
export function isBatchReady(
  { settled, pods, ready }: CanaryState,
  goal: number,
  tolerated: number,
): boolean {
  return settled && pods >= goal && ready + tolerated >= goal && (ready > 0 || goal === 0);
}
