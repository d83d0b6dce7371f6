import { sameJson, shortHash } from '../api/canonical.ts';
import type { IstioDestination, IstioRoute, VirtualService } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import {
  backendKeys,
  isSplittable,
  mergeWeights,
  SPLITTABLE_WEIGHT,
  splitWeights,
} from './backend-weights.ts';
import { isStableDestination, weighingOf } from './istio-destination.ts';
import type { Provider, RouteRequest } from './provider.ts';
import { NO_NOTES, notesOf, type RouteNotes, withNotes } from './route-notes.ts';
import { narrowedMatches } from './virtual-service-matches.ts';

/** The lists of routes by protocol; only those of HTTP can look into requests. */
const PROTOCOLS = ['http', 'tls', 'tcp'] as const;

/**
 * A VirtualService of Istio, changed in place. By weight, the canary stands beside the stable destination in every
 * route. By matches, each HTTP route to the stable Service has one before it, for the requests that meet them as
 * well. Where there is no canary Service, subsets tell the versions apart, and the stable destination is pinned.
 */
export function virtualService(name: string): Provider {
  return {
    own: { resource: resources.virtualService, name },
    made: undefined,
    problem: (own, request) => problemOf(unroutedService(own as VirtualService, request.services), request),
    routed: ({ own }, request) => {
      const wanted = routedService(unroutedService(own as VirtualService, request.services), request);
      return { own: sameJson(own, wanted) ? own : wanted, made: undefined };
    },
    unrouted: (own, { services }) => {
      const plain = unroutedService(own as VirtualService, services);
      return sameJson(own, plain) ? own : plain;
    },
  };
}

function routedService(plain: VirtualService, request: RouteRequest): VirtualService {
  const { share, services, versions } = request;
  const notes: RouteNotes = { ...NO_NOTES, weights: {}, made: [] };
  const weighing = weighingOf(plain, request);
  const splitting = { weighing, keys: backendKeys(), notes };
  const hasMatches = share.matches.length > 0;
  const split = (protocol: string, route: IstioRoute, weight: number) =>
    withDestinations(route, (all) => splitWeights(all, weight, identityOf(protocol, route), splitting));
  const routed = eachRoute(plain, (protocol, route) => {
    // Only requests of HTTP have headers to be marked by.
    if (!versions && protocol !== 'http') return [route];
    if (!hasMatches) return [split(protocol, route, share.weight ?? 0)];
    const made = protocol === 'http' ? canaryRoute(route, plain, request) : undefined;
    // Without a Service of its own the stable version would share every route with the canary that is not pinned.
    const rest = versions && services.canary === services.stable ? split(protocol, route, 0) : route;
    if (!made) return [rest];
    notes.made.push(shortHash(made));
    return [made, rest];
  });
  return withNotes(routed, notes);
}

function unroutedService(own: VirtualService, services: RouteRequest['services']): VirtualService {
  const notes = notesOf(own);
  const merging = { weighing: weighingOf(own, { services }), keys: backendKeys(), notes };
  const plain = eachRoute(own, (protocol, route) => {
    if (notes.made.includes(shortHash(route))) return [];
    return [withDestinations(route, (all) => mergeWeights(all, identityOf(protocol, route), merging))];
  });
  return withNotes(plain, NO_NOTES);
}

/** The route for the requests that meet the step's matches as well; undefined where none of them is for the Service. */
function canaryRoute(
  route: IstioRoute,
  plain: VirtualService,
  request: RouteRequest,
): IstioRoute | undefined {
  const weighing = weighingOf(plain, request);
  const { match } = narrowedMatches(route, request.share.matches);
  if (!route.route?.some(weighing.isStable) || match.length === 0) return undefined;
  return {
    ...route,
    ...(route.name === undefined ? {} : { name: `${route.name}-canary` }),
    match,
    route: route.route.map((each) => (weighing.isStable(each) ? weighing.canaryOf(each) : each)),
  };
}

function problemOf(
  plain: VirtualService,
  { services, versions, share, hasSubsets }: RouteRequest,
): string | undefined {
  const { name } = plain.metadata;
  const isStable = isStableDestination(plain, services);
  const leads = ({ route = [] }: IstioRoute) => route.some(isStable);
  const protocols = versions ? PROTOCOLS : (['http'] as const);
  const concerned = protocols.flatMap((protocol) => plain.spec[protocol] ?? []).filter(leads);
  if (concerned.length === 0)
    return `VirtualService ${name} has no ${versions ? '' : 'HTTP '}route to Service ${services.stable}; correct one of the two`;
  if (versions && services.canary === services.stable && !hasSubsets)
    return `VirtualService ${name} needs subsets where there is no canary Service; name the DestinationRule of Service ${services.stable} in customNetworkRefs as well`;
  if (concerned.some(({ route = [] }) => route.length > 1 && !route.every(isSplittable)))
    return `VirtualService ${name} has a weight above ${SPLITTABLE_WEIGHT}, which cannot be split in percent; write the weights with smaller numbers`;
  if (share.matches.length === 0) return undefined;
  const narrowed = (plain.spec.http ?? [])
    .filter(leads)
    .map((route) => narrowedMatches(route, share.matches));
  const [fault] = narrowed.flatMap(({ faults }) => faults);
  if (fault)
    return `VirtualService ${name} cannot follow the matches of a step: ${fault}; change one of the two`;
  if (narrowed.every(({ match }) => match.length === 0))
    return `no request that the matches of a step ask for can come to Service ${services.stable} by an HTTP route of VirtualService ${name}; change one of the two`;
  return undefined;
}

/** What tells a route from others for as long as nobody changes what it is for. */
function identityOf(protocol: string, { match }: IstioRoute): unknown {
  return { protocol, match };
}

function eachRoute(
  service: VirtualService,
  change: (protocol: (typeof PROTOCOLS)[number], route: IstioRoute) => IstioRoute[],
): VirtualService {
  const changed = PROTOCOLS.flatMap((protocol) => {
    const routes = service.spec[protocol];
    return routes ? [[protocol, routes.flatMap((route) => change(protocol, route))] as const] : [];
  });
  return { ...service, spec: { ...service.spec, ...Object.fromEntries(changed) } };
}

function withDestinations(
  route: IstioRoute,
  change: (all: readonly IstioDestination[]) => readonly IstioDestination[],
): IstioRoute {
  return route.route ? { ...route, route: [...change(route.route)] } : route;
}
