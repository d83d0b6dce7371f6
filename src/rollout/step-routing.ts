import { parseTime } from '../api/timestamp.ts';
import { type StepContext, timestamp, wait, withRelease, withTraffic } from './context.ts';
import type { Outcome } from './decision.ts';
import { describeShare, gracePeriodMs, shareOf } from './plan.ts';
import { routeWork } from './routes.ts';

/** Gives the canary its share of the requests, and one grace period for the routes to be felt. */
export function decideRouting(context: StepContext): Outcome {
  const { snapshot, release, step, now } = context;
  const share = shareOf(snapshot.rollout, step.index);
  const routes = routeWork(context, share);
  if ('stall' in routes) return routes.stall;
  const what = share ? describeShare(share) : 'nothing';
  if (routes.acts.length > 0)
    return { ...wait('WaitingForRoutes', `routing ${what} to the canary`), acts: routes.acts };
  const routedAt = parseTime(step.routedAt);
  if (routedAt === undefined) {
    const at = timestamp(context);
    // Routes taken down for an earlier step of this release are up again, so their removal counts no more.
    const { routesRemovedAt: _removed, ...routed } = release;
    return {
      decision: 'Wait',
      reason: 'GracePeriod',
      message: `${what} is routed to the canary`,
      record: withRelease(snapshot.record, {
        ...routed,
        routedAt: release.routedAt ?? at,
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
