import type { Rollout } from '../api/rollout.ts';
import { isPlainLastStep, pauseMs, stepsOf } from '../rollout/plan.ts';
import { MOVER, nameStep } from './foreign-release.ts';

/**
 * Why a step (1-based) does not wait for anybody under Kruise Rollouts, so that no verdict can keep it;
 * undefined for one that does. Canary and partition style never pause at a last step that is the literal 100 %.
 */
export function whyUnguarded(rollout: Rollout, index: number): string | undefined {
  const ms = pauseMs(rollout, index);
  const step = nameStep(rollout, index);
  if (ms !== undefined) {
    return `${step} has a pause of ${ms / 1_000} s, after which ${MOVER} goes on by itself; take the duration away to have it guarded`;
  }
  if (!rollout.spec.strategy.blueGreen && isPlainLastStep(rollout, index)) {
    return `${step} runs 100% of the pods, at which ${MOVER} never pauses; give it a number of pods, or judge the step before`;
  }
  return undefined;
}

/** Every reason for which steps of this plan cannot be guarded, for those that `judged` names (all where unset). */
export function unguardedSteps(rollout: Rollout, judged?: readonly number[]): string[] {
  return stepsOf(rollout)
    .map((_, index) => index + 1)
    .filter((step) => judged?.includes(step) ?? true)
    .flatMap((step) => whyUnguarded(rollout, step) ?? []);
}

/** Whether this is the first step at which a verdict is waited for. */
export function isFirstGuardable(rollout: Rollout, index: number): boolean {
  return (
    stepsOf(rollout).findIndex((_, place) => whyUnguarded(rollout, place + 1) === undefined) + 1 === index
  );
}
