import { ROLLBACK_IN_BATCH_ANNOTATION } from './annotations.ts';
import { resources } from './resource.ts';
import type { Rollout } from './rollout.ts';
import { namedStrategy } from './rollout-style.ts';
import { workloadResource } from './rollout-workload.ts';
import { sharedRoutingOf } from './traffic-routing.ts';

/** Whether pods go back step by step when the author of a release restores the stable template. */
export function isInBatches(rollout: Rollout): boolean {
  return asksForBatches(rollout) && whyAtOnce(rollout) === undefined;
}

/** Whether the author of a Rollout asks for it. As upstream has it, no other word than `true` does. */
export function asksForBatches({ metadata }: Rollout): boolean {
  return metadata.annotations?.[ROLLBACK_IN_BATCH_ANNOTATION] === 'true';
}

/** Why this Rollout goes back at once even so, as upstream does; undefined where nothing is in the way of batches. */
export function whyAtOnce(rollout: Rollout): string | undefined {
  const named = namedStrategy(rollout);
  const workload = workloadResource(rollout.spec.workloadRef);
  if (workload !== resources.cloneSet && workload !== resources.statefulSet)
    return `a ${rollout.spec.workloadRef.kind} goes back at once, only a CloneSet or a StatefulSet goes step by step`;
  if (named?.field !== 'canary') return 'a blue-green release has its stable pods and goes back at once';
  const { trafficRoutings = [] } = named.strategy;
  return trafficRoutings.length > 0 || sharedRoutingOf(rollout) !== undefined
    ? 'with traffic routing a release goes back at once, as fast as stable pods can carry the requests'
    : undefined;
}
