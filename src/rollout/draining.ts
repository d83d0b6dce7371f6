import { besideWeight, joiningWeight, leastWeight } from './capacity.ts';
import { podsOf } from './carried-share.ts';
import { type Context, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { styleIn } from './order.ts';
import { removeRoutes } from './removal.ts';
import { hasRoutes, isPinned, routeWork } from './routes.ts';

/**
 * Takes the requests from the canary as fast as the stable pods can carry them. Where the canary has a Deployment of
 * its own the stable pods are all there, and everything goes at once; where they are not, since versions were exchanged
 * pod for pod or the last rolling update had begun, the weight falls with every one that comes back. undefined while
 * nothing more can be taken, and once all is.
 */
export function drainCanary(context: Context): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const { weight, guard } = release;
  const style = styleIn(snapshot);
  const pods = podsOf(context);
  const least = leastWeight(pods);
  // The last pod of the canary goes next, before a stable one takes its place: nobody may be sent to it any more.
  const isLast =
    style.makesRoomFirst?.(workload.object) === true &&
    pods.canary === 1 &&
    pods.stable > 0 &&
    pods.stable + 1 >= pods.size;
  const isBeside = style.hasExtraPods && !style.isBlueGreen;
  // A Service that selects exchanged pods of both versions sends them all that the routes do not: nobody is given too much.
  const isShared = !style.isBlueGreen && !isPinned(context);
  const atOnce = isBeside || guard?.rollback?.urgent === true || isLast || isShared;
  if (atOnce || weight === undefined || least === 0) return removeRoutes(context);
  return hasRoutes(context) ? routeAt(context, Math.min(weight, least), 'draining the canary') : undefined;
}

/** Before the stable Service selects both versions, the canary's weight falls: its pods get their part of that as well then. */
export function easeWeight(context: Context): Outcome | undefined {
  const { snapshot, release } = context;
  if (release.weight === undefined || !isPinned(context) || !hasRoutes(context)) return undefined;
  const weightOf = styleIn(snapshot).hasExtraPods ? besideWeight : joiningWeight;
  return routeAt(
    context,
    weightOf(release.weight, podsOf(context)),
    'making way for both versions in one Service',
  );
}

/** A lower weight is remembered: stable pods that go missing afterwards are no reason to give the canary more again. */
function routeAt(context: Context, weight: number, why: string): Outcome | undefined {
  const { snapshot, release } = context;
  const work = routeWork(context, { weight, matches: [] });
  if ('stall' in work) return work.stall;
  if (work.acts.length === 0) return undefined;
  const record = withRelease(snapshot.record, { ...release, weight });
  return { ...wait('WaitingForRoutes', `${why}: weight ${weight}`), acts: work.acts, record };
}
