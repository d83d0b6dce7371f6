import lognormal from '@stdlib/random-base-lognormal';
import poisson from '@stdlib/random-base-poisson';
import type { Count, IntervalCounts } from '../../src/analysis/evidence.ts';

/** The traffic that all judges see. */
export interface TrafficPlan {
  /** The error rate of the stable version, and that of the canary as a multiple of it. */
  rate: number;
  ratio: number;
  /** The standard deviation of the logarithm of a pod's own factor, which it keeps for the whole release. */
  podNoise: number;
}

export const CANARY_PODS = 2;
export const STABLE_PODS = 18;
/** Requests of one pod between two looks. */
export const POD_REQUESTS = 50;

/**
 * Draws releases one after the other: a release is a function that draws its next interval. Errors are rare,
 * so their number is Poisson; that of all pods of a version is one draw at their mean rate.
 */
export function releases(plan: TrafficPlan, seed: number): () => () => IntervalCounts {
  const errors = poisson.factory({ seed });
  const factors = lognormal.factory({ seed: seed + 1 });
  const meanRate = (pods: number, rate: number) => {
    if (plan.podNoise === 0) return rate;
    const sum = Array.from({ length: pods }, () => factors(0, plan.podNoise)).reduce(
      (sum, factor) => sum + factor,
      0,
    );
    return Math.min((rate * sum) / pods, 1);
  };
  const count = (pods: number, rate: number): Count => {
    const total = pods * POD_REQUESTS;
    return { events: Math.min(errors(total * rate), total), total };
  };
  return () => {
    const canary = meanRate(CANARY_PODS, plan.rate * plan.ratio);
    const stable = meanRate(STABLE_PODS, plan.rate);
    return () => ({ canary: count(CANARY_PODS, canary), stable: count(STABLE_PODS, stable) });
  };
}
