import { type Act, deleteActs, replaceActs } from '../api/act.ts';
import { isControlledBy, type KubeObject } from '../api/kubernetes.ts';
import type { RouteFacts, RouteRequest } from './provider.ts';

/** Why a route object cannot be what is asked for, in words for a person who can mend it. */
export interface RouteFault {
  reason: 'RouteNotFound' | 'RouteHasNoBackend' | 'NameTaken';
  message: string;
}

/** What is to be written so that a route gives the canary its share; nothing where it does. */
export function routeActs(
  { provider, own, made }: RouteFacts,
  request: RouteRequest,
  why: string,
): { acts: Act[] } | { fault: RouteFault } {
  const { resource, name } = provider.own;
  if (!own)
    return {
      fault: { reason: 'RouteNotFound', message: `${resource.kind} ${name} is gone; create it again` },
    };
  const problem = provider.problem(own, request);
  if (problem) return { fault: { reason: 'RouteHasNoBackend', message: problem } };
  const wanted = provider.routed({ own, made }, request);
  const acts = replaceActs(resource, own, wanted.own, why);
  if (!provider.made || !wanted.made) return { acts };
  if (made && !isControlledBy(made, request.owner.metadata.uid)) return { fault: nameTaken(made) };
  if (made) return { acts: [...acts, ...replaceActs(provider.made.resource, made, wanted.made, why)] };
  return { acts: [...acts, { verb: 'create', resource: provider.made.resource, object: wanted.made, why }] };
}

/** An object of somebody else has a name that the canary's is to have. */
export function nameTaken({ kind, metadata }: KubeObject): RouteFault {
  return {
    reason: 'NameTaken',
    message: `${kind} ${metadata.name} belongs to somebody else; rename or delete it`,
  };
}

/**
 * What takes every request from the canary again, and leaves the routes as their owner wrote them. undefined where no
 * route of `owner` leads to it.
 */
export function unrouteActs(
  routes: readonly RouteFacts[],
  { services, owner }: Pick<RouteRequest, 'services' | 'owner'>,
  why: string,
): Act[] | undefined {
  let routed = false;
  // In the reverse order of routing: nothing goes while something else still leads to it.
  const acts = routes.toReversed().flatMap(({ provider, own, made }): Act[] => {
    const restored = own && provider.unrouted(own, { services });
    const leftover = provider.made && made && isControlledBy(made, owner.metadata.uid) ? made : undefined;
    if (restored !== own || leftover) routed = true;
    return [
      ...(own && restored ? replaceActs(provider.own.resource, own, restored, why) : []),
      ...(provider.made && leftover ? deleteActs(provider.made.resource, leftover, why) : []),
    ];
  });
  return routed ? acts : undefined;
}
