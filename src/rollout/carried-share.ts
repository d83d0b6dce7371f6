import type { Share } from '../traffic/provider.ts';
import { leastWeight, mostWeight, type Pods } from './capacity.ts';
import type { Context, StepContext } from './context.ts';
import { canaryOf, fullGoal, givesBack, styleIn } from './order.ts';
import { routedShare } from './routed-share.ts';
import { isPinDue } from './routes.ts';

/** The ready pods of both versions. */
export function podsOf(context: Omit<Context, 'now'>): Pods {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const version = style.version(workload, release.revision);
  const among = version === undefined ? 0 : style.ready(workload, version);
  return {
    size: style.size(workload),
    stable: style.ready(workload, release.stable),
    canary: style.hasExtraPods ? canaryOf(context).ready : among,
  };
}

/**
 * Of a share that a step has reached, as much as the canary's ready pods can carry at this moment. Where a jump back
 * takes requests from it, stable pods that are missing for the moment are waited for.
 */
export function carriedShare(context: StepContext, planned: Share): Share {
  if (planned.weight === undefined) return planned;
  const goal = fullGoal(context);
  const pods = podsOf(context);
  const style = styleIn(context.snapshot);
  const kept =
    style.hasExtraPods || givesBack(context) ? Math.min(context.release.weight ?? 0, leastWeight(pods)) : 0;
  return { ...planned, weight: mostWeight(Math.max(planned.weight, kept), goal, pods) };
}

/**
 * The share while the pods of a step are exchanged one for another: never less than the steps before had, and more,
 * up to the step's own, where the stable pods that the step leaves could not carry the rest. It rises before they go,
 * as far as the canary's pods carry it: a controller that dies meanwhile leaves nobody with too much. undefined where
 * nothing is to be routed.
 */
export function shareBetween(context: StepContext): Share | undefined {
  const { snapshot, release } = context;
  const planned = routedShare(context);
  if (planned?.weight === undefined || styleIn(snapshot).hasExtraPods || isPinDue(context)) return undefined;
  const pods = podsOf(context);
  const reached = release.weight ?? 0;
  const goal = fullGoal(context);
  const left = Math.min(pods.stable, Math.max(0, pods.size - goal));
  const needed = Math.max(reached, Math.min(leastWeight({ ...pods, stable: left }), planned.weight));
  const weight = Math.min(needed, mostWeight(Math.max(needed, planned.weight), goal, pods));
  return weight === 0 && release.routedAt === undefined ? undefined : { ...planned, weight };
}
