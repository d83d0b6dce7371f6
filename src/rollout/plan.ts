import { shortHash } from '../api/canonical.ts';
import type { IntOrString } from '../api/kubernetes.ts';
import { remembered } from '../api/remembered.ts';
import type {
  BlueGreenStrategy,
  CanaryStrategy,
  Rollout,
  RolloutStep,
  TrafficRouting,
} from '../api/rollout.ts';
import type { Share } from '../traffic/provider.ts';
import { batchSize } from '../workload/batch-size.ts';

/** Upstream's grace period where a routing names none. */
const DEFAULT_GRACE_SECONDS = 3;

/** The one strategy of a Rollout, which validation has made sure of. */
export function strategyOf({ spec: { strategy } }: Rollout): CanaryStrategy | BlueGreenStrategy {
  return strategy.canary ?? strategy.blueGreen ?? {};
}

export function stepsOf(rollout: Rollout): readonly RolloutStep[] {
  return strategyOf(rollout).steps ?? [];
}

/** The one traffic routing that a Rollout may have. */
export function routingOf(rollout: Rollout): TrafficRouting | undefined {
  return strategyOf(rollout).trafficRoutings?.[0];
}

export function gracePeriodMs(rollout: Rollout): number {
  return (routingOf(rollout)?.gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1_000;
}

/** The share of the requests that a step (1-based) gives to the canary; undefined where it routes none. */
export function shareOf(rollout: Rollout, step: number): Share | undefined {
  const { traffic, matches = [], requestHeaderModifier } = stepsOf(rollout)[step - 1] ?? {};
  if (!routingOf(rollout) || (!traffic && matches.length === 0)) return undefined;
  return {
    weight: matches.length > 0 || !traffic ? undefined : Number(traffic.replace('%', '')),
    matches,
    ...(requestHeaderModifier === undefined ? {} : { requestHeaderModifier }),
  };
}

/** That share in percent; undefined where the step routes nothing, or by what is in a request. */
export function weightOf(rollout: Rollout, step: number): number | undefined {
  return shareOf(rollout, step)?.weight;
}

/** A share as messages say it, such as `5 % of the traffic`. */
export function describeShare({ weight, matches }: Share): string {
  if (weight !== undefined) return `${weight} % of the traffic`;
  return matches.length === 1
    ? 'every request that matches'
    : `every request that matches one of ${matches.length} rules`;
}

/** The pods that a step (1-based) asks for; upstream fills them from the traffic where they are not given. */
export function replicasOf(rollout: Rollout, step: number): IntOrString {
  const { replicas, traffic } = stepsOf(rollout)[step - 1] ?? {};
  return replicas ?? traffic ?? '100%';
}

/** How long a step (1-based) rests after its traffic is routed; undefined where a person must let it go on. */
export function pauseMs(rollout: Rollout, step: number): number | undefined {
  const duration = stepsOf(rollout)[step - 1]?.pause?.duration;
  return duration === null || duration === undefined ? undefined : duration * 1_000;
}

/** Upstream never pauses at a last step that is the literal 100 %, unless it is blue-green. */
export function isPlainLastStep(rollout: Rollout, step: number): boolean {
  if (rollout.spec.strategy.blueGreen) return false;
  return step >= stepsOf(rollout).length && replicasOf(rollout, step) === '100%';
}

/** Upstream's failureThreshold: how many of a step's pods may be missing; a percentage is rounded up. */
export function toleratedPods(rollout: Rollout, goal: number): number {
  const { failureThreshold } = strategyOf(rollout);
  return failureThreshold === null || failureThreshold === undefined ? 0 : batchSize(failureThreshold, goal);
}

/** The identity of a plan: a change of it voids verdicts. Pause durations and failureThreshold may change freely. */
export const planHash = remembered((rollout: Rollout): string => {
  const { steps, trafficRoutings, ...style } = strategyOf(rollout);
  const { failureThreshold: _threshold, ...rest } = style;
  return shortHash({ ...rest, trafficRoutings, steps: steps?.map(({ pause: _pause, ...step }) => step) });
});
