import { carriedShare } from './carried-share.ts';
import { type StepContext, wait } from './context.ts';
import type { Outcome } from './decision.ts';
import { routedShare } from './routed-share.ts';
import { type RouteWork, routeWork } from './routes.ts';

/** Routes that somebody took away while the step is judged are set again before anything is concluded. */
export function repairedRoutes(context: StepContext): Outcome | undefined {
  // A step that was held before it had its traffic has no routes to repair.
  const share = context.step.routedAt === undefined ? undefined : routedShare(context);
  return repaired(routeWork(context, share && carriedShare(context, share)));
}

function repaired(routes: RouteWork): Outcome | undefined {
  if ('stall' in routes) return routes.stall;
  if (routes.acts.length === 0) return undefined;
  return {
    ...wait('WaitingForRoutes', 'the routes of the canary were changed and are set again'),
    acts: routes.acts,
  };
}

/**
 * The same for a step that waits on the way to its traffic, as for a Background analysis: what the release had reached
 * is kept, since the stable pods may not carry everything any more.
 */
export function keptRoutes(context: StepContext): Outcome | undefined {
  const { routedAt, routesRemovedAt, weight } = context.release;
  if (context.step.routedAt !== undefined) return repairedRoutes(context);
  if (routedAt === undefined || routesRemovedAt !== undefined || !weight || !routedShare(context))
    return undefined;
  return repaired(routeWork(context, carriedShare(context, { weight, matches: [] })));
}
