import type { Pod } from '../api/kubernetes.ts';
import type { Order } from '../workload/style.ts';
import { isReadyPod } from '../workload/version-pods.ts';
import { carries, mostExchanged } from './capacity.ts';
import { type StepContext, stall, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { asked, givesBack, orderOf, styleIn } from './order.ts';
import { isStableGone, ownPods } from './own-pods.ts';
import { removeRoutes } from './removal.ts';

/**
 * A release may begin in the middle of another rolling update: pinned then, the Service would send the requests of all
 * pods to the few stable ones. They come back first, where that can be asked for; otherwise a person has to help.
 */
export function bringBackStable(context: StepContext): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const order = orderOf(context);
  const standing = standingOf(context, order);
  const { size, stable, others } = standing;
  const isFew = isTooFew(context, standing);
  if (order.goal > 0 && !style.hasExtraPods)
    return isFew && givesBack(context) ? giveBack(context, size, order.goal) : undefined;
  // Also where enough are there: the step's own exchange may take a stable one and leave another.
  const isToBeCleared = order.goal === 0 && others.length > 0;
  const cleared = isToBeCleared ? style.clear(workload, order) : undefined;
  if (cleared && (isFew || 'fault' in cleared || cleared.acts.length > 0))
    return asked(cleared, 'WaitingForWorkload');
  if (!isFew) return undefined;
  const { kind, metadata } = workload.object;
  return stall(
    'WaitingForWorkload',
    `${stable} of ${size} pods run the stable version ${release.stable.hash}, too few to carry every request, and others ` +
      `another one; to go on, restore the template of ${release.stable.hash} in ${kind} ${metadata.name}, ` +
      'and release again once it runs everywhere',
  );
}

/** Whether exchanged pods leave too few stable ones alone with every request, and do not go back before the step. */
export function isPinnedLater(context: StepContext): boolean {
  if (isStableGone(context)) return true;
  const { hasExtraPods } = styleIn(context.snapshot);
  const order = orderOf(context);
  const isWithout = !hasExtraPods && order.goal > 0 && !givesBack(context);
  return isWithout && isTooFew(context, standingOf(context, order));
}

/** What a workload's own pods run. */
interface Standing {
  /** How many there are to be. */
  size: number;
  /** How many of them the steps asked for. */
  goal: number;
  /** Ready ones of the stable version. */
  stable: number;
  /** Of every other version, the released one too. */
  others: readonly Pod[];
  /** Ready ones of others, but for those that the steps brought beside the stable ones. */
  foreign: number;
}

/** Of pods that steps asked for some may still be about to be exchanged. */
function isTooFew({ snapshot }: StepContext, { size, goal, stable, foreign }: Standing): boolean {
  if (goal > 0 && !styleIn(snapshot).hasExtraPods)
    return !carries({ size, stable: Math.min(stable, size - goal) });
  return foreign > 0 && !carries({ size, stable });
}

function standingOf(context: StepContext, { goal }: Order): Standing {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const { others } = ownPods(context, release.stable);
  const stable = style.ready(workload, release.stable);
  const { status = {} } = workload.object as { status?: { readyReplicas?: number } };
  // A style that looks at no pods goes by the status, which lags behind them.
  const ready =
    workload.pods.length > 0 ? others.filter(isReadyPod).length : (status.readyReplicas ?? 0) - stable;
  const released = style.version(workload, release.revision);
  const beside = released && style.hasExtraPods && goal > 0 ? style.ready(workload, released) : 0;
  return { size: style.size(workload), goal, stable, others, foreign: ready - beside };
}

/** Pods that steps without traffic exchanged are given back, as many as it takes; the step gets them again with its routes. */
function giveBack(context: StepContext, size: number, goal: number): Outcome {
  const { snapshot, release } = context;
  const most = mostExchanged(size);
  const unrouted = most === 0 ? removeRoutes(context) : undefined;
  if (unrouted) return unrouted;
  const message = `${goal} of ${size} pods run the new version, too many for the others to carry every request; some go back`;
  if (goal <= most) return wait('WaitingForWorkload', message);
  return {
    ...wait('WaitingForWorkload', message),
    record: withRelease(snapshot.record, { ...release, granted: most }),
  };
}
