import { parseTime } from '../api/timestamp.ts';
import { isMarked } from '../workload/marks.ts';
import { mostWeight } from './capacity.ts';
import { podsOf } from './carried-share.ts';
import { type Context, timestamp, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { asked, orderOf, styleIn } from './order.ts';
import { gracePeriodMs, routingOf, shareOf } from './plan.ts';
import type { Job } from './removal.ts';
import { routeWork } from './routes.ts';

/**
 * Blue-green: before the workload is given back, and its own controller takes the stable pods away, the new version has
 * a pod for each of them and every request. Once it is given back there is nothing left to be done for that.
 */
export const beforeTurning =
  (job: Job): Job =>
  (context) =>
    isTurned(context) ? undefined : job(context);

function isTurned({ snapshot, workload }: Context): boolean {
  const { object } = workload;
  return !isMarked(snapshot.rollout, object) || styleIn(snapshot).isTurned?.(object) === true;
}

/** The last step may have asked for less than every pod. */
export function bringUpEveryPod(context: Context): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  if (release.granted !== '100%') {
    return {
      ...wait('WaitingForCanaryPods', 'the new version gets a pod for each stable one'),
      record: withRelease(snapshot.record, { ...release, granted: '100%' }),
    };
  }
  const order = orderOf(context);
  const open = style.hold(workload, order) ?? style.grow(workload, order);
  if (open) return asked(open, 'WaitingForCanaryPods');
  const { settled, ready } = style.canary(workload, order);
  if (settled && ready >= order.goal) return undefined;
  return wait('WaitingForCanaryPods', `${ready} of ${order.goal} pods of the new version are ready`);
}

/** Every request goes to the new version, and one grace period has passed since. */
export function routeEverything(context: Context): Outcome | undefined {
  const { snapshot, release, now } = context;
  if (!routingOf(snapshot.rollout)) return undefined;
  const weight = mostWeight(100, orderOf(context).goal, podsOf(context));
  const routes = routeWork(context, { weight, matches: [] });
  if ('stall' in routes) return routes.stall;
  const message = `routing ${weight} % of the traffic to the new version`;
  if (routes.acts.length > 0) return { ...wait('WaitingForRoutes', message), acts: routes.acts };
  if (weight < 100) return wait('WaitingForCanaryPods', message);
  const isLastShare = shareOf(snapshot.rollout, release.step?.index ?? 0)?.weight === 100;
  // What the last step routed, and waited for, needs no second grace period.
  if (isLastShare && release.step?.routedAt !== undefined && release.turnedAt === undefined) return undefined;
  const routedAt = parseTime(release.turnedAt);
  if (routedAt === undefined) {
    const at = timestamp(context);
    const { routesRemovedAt: _removed, ...routed } = release;
    const turned = { ...routed, weight, routedAt: release.routedAt ?? at, turnedAt: at };
    return {
      decision: 'Finalise',
      reason: 'TrafficRouted',
      message: 'every request is routed to the new version',
      record: withRelease(snapshot.record, turned),
    };
  }
  const feltAt = routedAt + gracePeriodMs(snapshot.rollout);
  return now < feltAt
    ? wait('GracePeriod', 'waiting until the new routes are felt everywhere', feltAt)
    : undefined;
}
