import type { Act } from '../api/act.ts';
import { isControlledBy, type Service } from '../api/kubernetes.ts';
import type { TrafficRouting } from '../api/rollout.ts';
import type { SharedRouting, SharingFault } from '../api/traffic-routing.ts';
import { checkTrafficRouting } from '../api/traffic-routing-validation.ts';
import type { RouteFacts, RouteRef, RouteRequest, Share } from './provider.ts';
import { nameTaken, routeActs, unrouteActs } from './route-acts.ts';

/** An entry of objectRef with what the cluster has of it. */
export interface SharedRef {
  ref: TrafficRouting;
  service: Service | undefined;
  routes: readonly RouteFacts[];
}

/** Everything that a decision about a TrafficRouting is made from, read at one time. */
export interface SharedFacts {
  routing: SharedRouting;
  refs: readonly SharedRef[];
  /** Names of the Rollouts that there are and that name it. */
  rollouts: readonly string[];
  /** Who else changes a route that it names, by `routeKey`: a Rollout, or an older TrafficRouting. */
  claims: ReadonlyMap<string, string>;
}

/** What is to be done so that the routes are as they should be, and the first thing that is in the way. */
export interface SharedWork {
  acts: Act[];
  fault: { reason: SharingFault; message: string } | undefined;
}

export function routeKey({ resource, name }: RouteRef): string {
  return `${resource.kind} ${name}`;
}

/** The requests that are chosen; undefined where none are. Where there are matches they alone decide. */
function shareOf({ spec }: SharedRouting): Share | undefined {
  const { weight, matches = [], requestHeaderModifier } = spec.strategy;
  const hasWeight = weight !== undefined && weight !== null;
  if (!hasWeight && matches.length === 0) return undefined;
  return {
    weight: hasWeight && matches.length === 0 ? weight : undefined,
    matches,
    ...(requestHeaderModifier === undefined ? {} : { requestHeaderModifier }),
  };
}

/** Both versions are behind the stable Service: the routes mark requests, and no Service is made. */
function requestOf({ routing }: SharedFacts, { ref }: SharedRef, share: Share): RouteRequest {
  return {
    owner: routing,
    hasSubsets: false,
    services: { stable: ref.service, canary: ref.service },
    versions: undefined,
    podLabels: {},
    share,
  };
}

/** What is missing so that the requests that the strategy chooses are marked. One fault keeps no other route from it. */
export function sharedRouteWork(facts: SharedFacts): SharedWork {
  const share = shareOf(facts.routing);
  let fault = faultOf(facts);
  if (!share) return { acts: takeBackActs(facts), fault };
  const why = 'mark the requests that the strategy chooses';
  const acts: Act[] = [];
  for (const each of facts.refs) {
    for (const route of each.routes) {
      if (isClaimed(facts, route)) {
        acts.push(...takenBack(facts, each, [route]));
        continue;
      }
      const work = routeActs(route, requestOf(facts, each, share), why);
      if ('fault' in work) fault ??= work.fault;
      else acts.push(...work.acts);
    }
  }
  return { acts, fault };
}

/** What is to be written so that the routes are as their owners wrote them; nothing where they are. */
export function takeBackActs(facts: SharedFacts): Act[] {
  return facts.refs.flatMap((each) => takenBack(facts, each, each.routes));
}

/** Of a route that others change as well, only what was made beside it is ours to take back. */
function takenBack(facts: SharedFacts, each: SharedRef, routes: readonly RouteFacts[]): Act[] {
  const request = requestOf(facts, each, { weight: 0, matches: [] });
  const ours = routes.map((route) => (isClaimed(facts, route) ? { ...route, own: undefined } : route));
  return unrouteActs(ours, request, 'take the routes back') ?? [];
}

function isClaimed({ claims }: SharedFacts, { provider }: RouteFacts): boolean {
  return claims.has(routeKey(provider.own));
}

/** What is in the way before any route is asked. */
function faultOf(facts: SharedFacts): SharedWork['fault'] {
  const { routing, refs, claims } = facts;
  const [invalid] = checkTrafficRouting(routing);
  if (invalid) return { reason: 'InvalidRouting', message: `${invalid.path}: ${invalid.message}` };
  const unserved = refs.find(({ service }) => !service);
  if (unserved) {
    const message = `Service ${unserved.ref.service} does not exist; create it`;
    return { reason: 'ServiceNotFound', message };
  }
  const routes = refs.flatMap((ref) => ref.routes);
  for (const { provider, own, made } of routes) {
    const key = routeKey(provider.own);
    const claim = claims.get(key);
    if (claim) {
      const message = `${key} is changed by ${claim} as well, and only one of them can; name it in one`;
      return { reason: 'RouteClaimed', message };
    }
    if (!own) return { reason: 'RouteNotFound', message: `${key} does not exist; create it` };
    if (made && !isControlledBy(made, routing.metadata.uid)) return nameTaken(made);
  }
  return undefined;
}
