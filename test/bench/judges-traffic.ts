import binomial from '@stdlib/random-base-binomial';
import lognormal from '@stdlib/random-base-lognormal';
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

/** Draws releases one after the other: a release is a function that draws its next interval. */
export function releases(plan: TrafficPlan, seed: number): () => () => IntervalCounts {
  const errors = binomial.factory({ seed });
  const factors = lognormal.factory({ seed: seed + 1 });
  const pods = (count: number, rate: number) =>
    Array.from({ length: count }, () =>
      Math.min(1, rate * (plan.podNoise === 0 ? 1 : factors(0, plan.podNoise))),
    );
  const count = (rates: readonly number[]): Count => ({
    events: rates.reduce((sum, rate) => sum + (rate >= 1 ? POD_REQUESTS : errors(POD_REQUESTS, rate)), 0),
    total: rates.length * POD_REQUESTS,
  });
  return () => {
    const canary = pods(CANARY_PODS, plan.rate * plan.ratio);
    const stable = pods(STABLE_PODS, plan.rate);
    return () => ({ canary: count(canary), stable: count(stable) });
  };
}
