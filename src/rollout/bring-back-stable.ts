import type { Pod } from '../api/kubernetes.ts';
import { isReadyPod, stayingPods } from '../workload/version-pods.ts';
import { carries, mostExchanged } from './capacity.ts';
import { type StepContext, stall, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { asked, givesBack, isStableGone, orderOf, styleIn } from './order.ts';
import { removeRoutes } from './removal.ts';

/**
 * A release may begin in the middle of another rolling update: pinned then, the Service would send the requests of all
 * pods to the few stable ones. They come back first, where that can be asked for; otherwise a person has to help.
 */
export function bringBackStable(context: StepContext): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const { size, stable } = standing(context);
  const order = orderOf(context);
  const isFew = isTooFew(context);
  if (order.goal > 0 && !style.hasExtraPods)
    return isFew && givesBack(context) ? giveBack(context, size, order.goal) : undefined;
  // Also where enough are there: the step's own exchange may take a stable one and leave another.
  const isToBeCleared = order.goal === 0 && otherPods(context).length > 0;
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
  return !hasExtraPods && orderOf(context).goal > 0 && !givesBack(context) && isTooFew(context);
}

/** Of pods that steps asked for some may still be about to be exchanged. */
function isTooFew(context: StepContext): boolean {
  const { hasExtraPods } = styleIn(context.snapshot);
  const { size, stable, others } = standing(context);
  const { goal } = orderOf(context);
  if (goal > 0 && !hasExtraPods) return !carries({ size, stable: Math.min(stable, size - goal) });
  return others > 0 && !carries({ size, stable });
}

/** How many pods there are to be, are stable, and are ready with another version than what the steps brought beside them. */
function standing(context: StepContext) {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const stable = style.ready(workload, release.stable);
  const { status = {} } = workload.object as { status?: { readyReplicas?: number } };
  // A style that looks at no pods goes by the status, which lags behind them.
  const others =
    workload.pods.length > 0
      ? otherPods(context).filter(isReadyPod).length
      : (status.readyReplicas ?? 0) - stable;
  const released = style.version(workload, release.revision);
  const isBeside = released !== undefined && style.hasExtraPods && orderOf(context).goal > 0;
  const beside = isBeside ? style.ready(workload, released) : 0;
  return { size: style.size(workload), stable, others: others - beside };
}

function otherPods({ snapshot, workload, release }: StepContext): Pod[] {
  const { podLabel } = styleIn(snapshot);
  return stayingPods(workload).filter(({ metadata }) => metadata.labels?.[podLabel] !== release.stable.hash);
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
