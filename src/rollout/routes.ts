import type { Act } from '../api/act.ts';
import { sameJson } from '../api/canonical.ts';
import type { Service } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { namesDestinationRule } from '../traffic/istio-names.ts';
import type { RouteRequest, Share } from '../traffic/provider.ts';
import { nameTaken, type RouteFault, routeActs, unrouteActs as takenBack } from '../traffic/route-acts.ts';
import { canaryService, canaryServiceName } from '../traffic/services.ts';
import { type Context, holdsPin, isOurs, stall } from './context.ts';
import type { Outcome } from './decision.ts';
import { canaryOf, givesBack, styleIn } from './order.ts';
import { describeShare, routingOf, shareOf, stepsOf, strategyOf } from './plan.ts';

/** Acts that are still to be done, none where all is as it should be; or what is in the way. */
export type RouteWork = { acts: Act[] } | { stall: Outcome };

/** The names of the Services that requests are split between: one name where no canary Service is to be made. */
function servicesOf({ snapshot: { rollout } }: Pick<Context, 'snapshot'>): RouteRequest['services'] {
  const stable = routingOf(rollout)?.service ?? '';
  const single = strategyOf(rollout).disableGenerateCanaryService === true;
  return { stable, canary: single ? stable : canaryServiceName(stable) };
}

function requestOf(context: Context, share: Share): RouteRequest {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const routing = routingOf(snapshot.rollout);
  return {
    owner: snapshot.rollout,
    hasSubsets: routing !== undefined && namesDestinationRule(routing),
    services: servicesOf(context),
    versions: { label: style.podLabel, stable: release.stable.hash, canary: canaryHash(context) },
    podLabels: style.template(workload, release.stable.revision)?.metadata?.labels ?? {},
    share,
  };
}

/** Whether versions are told apart by the routes alone: then no Service is made or changed. */
export function routesAlone(context: Pick<Context, 'snapshot'>): boolean {
  const { stable, canary } = servicesOf(context);
  return routingOf(context.snapshot.rollout) !== undefined && stable === canary;
}

/** Known from the moment that the first pods of the new version are made. */
function canaryHash(context: Context): string {
  return context.release.canary.hash ?? canaryOf(context).version?.hash ?? '';
}

/** Whether any request may reach the canary by a route of ours. */
export function hasRoutes(context: Pick<Context, 'snapshot'>): boolean {
  return unrouteActs(context, '') !== undefined;
}

/** Whether the stable Service selects the stable pods alone. */
export function isPinned({ snapshot }: Pick<Context, 'snapshot'>): boolean {
  return snapshot.traffic.service?.spec.selector?.[styleIn(snapshot).podLabel] !== undefined;
}

/** Whether the Service is still to be pinned, for a step that began with too few stable pods to do it before (`pinBeside`). */
export function isPinDue(context: Omit<Context, 'now'>): boolean {
  const { snapshot, release } = context;
  const { hasExtraPods } = styleIn(snapshot);
  return !hasExtraPods && !givesBack(context) && !holdsPin(release) && !isPinned(context);
}

/** What is missing, or wrong, of the objects that the routing names, so that no release can begin with them. */
export function problemWithRoutes(context: Context): Outcome | undefined {
  const { snapshot } = context;
  const routing = routingOf(snapshot.rollout);
  if (!routing) return undefined;
  if (!snapshot.traffic.service) {
    const message = `Service ${routing.service} of trafficRoutings does not exist; create it`;
    return stall('ServiceNotFound', message);
  }
  // Of every step: what a later one asks for in vain is not to be found out in the middle.
  const shares = stepsOf(snapshot.rollout).flatMap((_, index) => shareOf(snapshot.rollout, index + 1) ?? []);
  for (const { provider, own } of snapshot.traffic.routes) {
    const { resource, name } = provider.own;
    if (!own)
      return stall('RouteNotFound', `${resource.kind} ${name} of trafficRoutings does not exist; create it`);
    for (const share of shares.length > 0 ? shares : [{ weight: 0, matches: [] }]) {
      const problem = provider.problem(own, requestOf(context, share));
      if (problem) return stall('RouteHasNoBackend', problem);
    }
  }
  return shares.length > 0 ? nameOfCanaryTaken(context) : undefined;
}

/** Whether an object of somebody else has a name that the canary's is to have. */
function nameOfCanaryTaken(context: Context): Outcome | undefined {
  const { canaryService: present, routes } = context.snapshot.traffic;
  const ofCanary = [...(routesAlone(context) ? [] : [present]), ...routes.map(({ made }) => made)];
  const other = ofCanary.find((object) => object !== undefined && !isOurs(context, object));
  return other && stalled(nameTaken(other)).stall;
}

/**
 * What is missing so that the canary gets its share. Service before routes, since a route to a Service that does
 * not exist answers errors.
 */
export function routeWork(context: Context, share: Share | undefined): RouteWork {
  const { snapshot } = context;
  const { service, routes } = snapshot.traffic;
  const routing = routingOf(snapshot.rollout);
  if (!share || !routing) return { acts: [] };
  if (!service) return { stall: serviceGone(context) };
  const request = requestOf(context, share);
  const ofService = canaryServiceWork(context, service);
  if ('stall' in ofService) return ofService;
  const acts = [...ofService.acts];
  const why = share.weight === undefined ? describeShare(share) : `weight ${share.weight}`;
  for (const route of routes) {
    const wanted = routeActs(route, request, why);
    if ('fault' in wanted) return stalled(wanted.fault);
    acts.push(...wanted.acts);
  }
  return { acts };
}

/** What is missing of the canary Service, which is made as the stable one is; nothing where no Service is to be made. */
export function canaryServiceWork(context: Context, stable: Service): RouteWork {
  const { rollout, traffic } = context.snapshot;
  if (routesAlone(context)) return { acts: [] };
  const { canaryService: present } = traffic;
  if (present && !isOurs(context, present)) return stalled(nameTaken(present));
  const { podLabel } = styleIn(context.snapshot);
  return { acts: serviceActs(present, canaryService(rollout, stable, podLabel, canaryHash(context))) };
}

/** The stable Service was deleted in the middle of the release. */
export function serviceGone({ snapshot }: Pick<Context, 'snapshot'>): Outcome {
  return stall('ServiceNotFound', `Service ${routingOf(snapshot.rollout)?.service} is gone; create it again`);
}

function stalled({ reason, message }: RouteFault): { stall: Outcome } {
  return { stall: stall(reason, message) };
}

function serviceActs(present: Service | undefined, wanted: Service): Act[] {
  const why = 'the Service of the canary pods';
  if (!present) return [{ verb: 'create', resource: resources.service, object: wanted, why }];
  if (sameJson(present.spec.selector, wanted.spec.selector)) return [];
  const object = { ...present, spec: { ...present.spec, selector: wanted.spec.selector ?? {} } };
  return [{ verb: 'replace', resource: resources.service, object, why }];
}

/** What takes every request from the canary again; undefined where none reaches it by a route of ours. */
export function unrouteActs(context: Pick<Context, 'snapshot'>, why: string): Act[] | undefined {
  const { rollout, traffic } = context.snapshot;
  return takenBack(traffic.routes, { services: servicesOf(context), owner: rollout }, why);
}
