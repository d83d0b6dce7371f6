import { sameJson } from '../api/canonical.ts';
import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import { subStatusOf, withSubStatus } from '../api/rollout-sub-status.ts';

/**
 * The step to which a patch of `nextStepIndex` sends a release, as kubectl-kruise and people by hand write it; undefined
 * where anything else changes too.
 */
export function jumpIn(before: RolloutStatus, after: RolloutStatus): number | undefined {
  const next = subStatusOf(after)?.nextStepIndex;
  if (next === undefined) return undefined;
  return sameJson(after, withSubStatus(before, { nextStepIndex: next })) ? next : undefined;
}

/** Why a release cannot be sent to this step; undefined where it can. */
export function faultOfJump({ spec }: Rollout, from: number, to: number): string | undefined {
  const count = spec.strategy.canary?.steps?.length ?? spec.strategy.blueGreen?.steps?.length ?? 0;
  if (to < 1 || to > count) return `there is no step ${to}: the plan has steps 1 to ${count}`;
  if (to === from + 1) return `step ${to} is the next one anyway: approve step ${from} to go there`;
  return undefined;
}
