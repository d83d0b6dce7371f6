import { parseTime } from '../api/timestamp.ts';
import { carriedShare } from './carried-share.ts';
import { type StepContext, timestamp, wait, withRelease, withTraffic } from './context.ts';
import type { Outcome } from './decision.ts';
import { withoutPods } from './order.ts';
import { pinBeside } from './pinning.ts';
import { describeShare, gracePeriodMs } from './plan.ts';
import { awaitPods } from './progress-deadline.ts';
import { routedShare } from './routed-share.ts';
import { hasRoutes, routeWork } from './routes.ts';

/** Gives the canary its share of the requests, and one grace period for the routes to be felt. */
export function decideRouting(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const empty = withoutPods(context);
  if (empty) return empty;
  const share = routedShare(context);
  const pinning = share && pinBeside(context, share);
  if (pinning) return pinning;
  const carried = share && carriedShare(context, share);
  // A route to pods that cannot answer is made for nobody.
  const begins = carried?.weight !== 0 || share?.weight === 0 || hasRoutes(context);
  const routes = routeWork(context, begins ? carried : undefined);
  if ('stall' in routes) return routes.stall;
  const what = carried ? describeShare(carried) : 'nothing';
  if (routes.acts.length > 0)
    return { ...wait('WaitingForRoutes', `routing ${what} to the canary`), acts: routes.acts };
  if (share?.weight !== carried?.weight) {
    const reached = `${what} is routed to the canary, ${share?.weight} % once its pods can carry that`;
    return awaitPods(context, reached);
  }
  const routedAt = parseTime(step.routedAt);
  if (routedAt === undefined) {
    const at = timestamp(context);
    // Routes taken down for an earlier step of this release are up again, so their removal counts no more.
    const { routesRemovedAt: _removed, weight: _weight, ...routed } = release;
    return {
      decision: 'Wait',
      reason: 'GracePeriod',
      message: `${what} is routed to the canary`,
      record: withRelease(snapshot.record, {
        ...routed,
        routedAt: release.routedAt ?? at,
        ...(share?.weight === undefined ? {} : { weight: share.weight }),
        step: { ...step, routedAt: at },
      }),
    };
  }
  const feltAt = routedAt + gracePeriodMs(snapshot.rollout);
  if (now < feltAt) return wait('GracePeriod', 'waiting until the new routes are felt everywhere', feltAt);
  return {
    decision: 'Route',
    reason: 'TrafficRouted',
    message: `${what} reaches the canary`,
    record: withRelease(snapshot.record, withTraffic(context, { ...step, state: 'StepMetricsAnalysis' })),
  };
}
