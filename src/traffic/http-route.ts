import { sameJson, shortHash } from '../api/canonical.ts';
import type {
  HeaderModifier,
  HttpBackendRef,
  HttpRoute,
  HttpRouteFilter,
  HttpRouteRule,
} from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { backendKeys, mergeWeights, splitWeights, type Weighing } from './backend-weights.ts';
import { joinedModifier } from './header-modifier.ts';
import { narrowing } from './http-route-narrowing.ts';
import { problemWithHttpRoute } from './http-route-problem.ts';
import type { Provider, RouteRequest } from './provider.ts';
import { NO_NOTES, notesOf, type RouteNotes, withNotes } from './route-notes.ts';

type Services = RouteRequest['services'];

/**
 * An HTTPRoute of the Gateway API, changed in place. By weight, the canary's Service stands beside the stable one in
 * every rule, in whose weight it takes its share. By matches, each rule that leads to the stable Service has one
 * before it, for the requests that meet the matches as well.
 */
export function httpRoute(name: string): Provider {
  return {
    own: { resource: resources.httpRoute, name },
    made: undefined,
    problem: (own, request) => {
      const plain = unroutedRoute(own as HttpRoute, request.services);
      return problemWithHttpRoute(plain, request, isStableRef(plain, request.services));
    },
    routed: ({ own }, request) => {
      const wanted = routedRoute(unroutedRoute(own as HttpRoute, request.services), request);
      return { own: sameJson(own, wanted) ? own : wanted, made: undefined };
    },
    unrouted: (own, { services }) => {
      const plain = unroutedRoute(own as HttpRoute, services);
      return sameJson(own, plain) ? own : plain;
    },
  };
}

function routedRoute(plain: HttpRoute, request: RouteRequest): HttpRoute {
  const { services, share } = request;
  const notes: RouteNotes = { ...NO_NOTES, weights: {}, made: [] };
  const weighing = weighingOf(plain, services, share.requestHeaderModifier);
  const splitting = { weighing, keys: backendKeys(), notes };
  if (share.matches.length === 0) {
    const split = withRules(plain, (rule) => [
      withRefs(rule, (refs) => splitWeights(refs, share.weight ?? 0, rule.matches, splitting)),
    ]);
    return withNotes(split, notes);
  }
  const leads = ({ backendRefs = [] }: HttpRouteRule) => backendRefs.some(weighing.isStable);
  const { matches } = narrowing(plain.spec.rules ?? [], leads, share.matches);
  const routed = withRules(plain, (rule, index) => {
    const narrowed = matches.get(index);
    if (!narrowed) return [rule];
    const made = { ...(leads(rule) ? canaryRule(rule, plain, request) : rule), matches: narrowed };
    notes.made.push(shortHash(made));
    return [made, rule];
  });
  return withNotes(routed, notes);
}

function unroutedRoute(own: HttpRoute, services: Services): HttpRoute {
  const notes = notesOf(own);
  const merging = { weighing: weighingOf(own, services, undefined), keys: backendKeys(), notes };
  const plain = withRules(own, (rule) =>
    notes.made.includes(shortHash(rule))
      ? []
      : [withRefs(rule, (refs) => mergeWeights(refs, rule.matches, merging))],
  );
  return withNotes(plain, NO_NOTES);
}

/** The rule with the canary in the place of the stable version. */
function canaryRule(
  rule: HttpRouteRule,
  plain: HttpRoute,
  { services, share: { requestHeaderModifier } }: RouteRequest,
): HttpRouteRule {
  const { backendRefs = [] } = rule;
  const isStable = isStableRef(plain, services);
  // Every gateway can change headers for a rule, not every one for a single backend of it.
  const isWhole = backendRefs.every(isStable);
  const modifier = isWhole ? undefined : requestHeaderModifier;
  return {
    ...(isWhole ? modified(rule, requestHeaderModifier) : rule),
    backendRefs: backendRefs.map((ref) => (isStable(ref) ? canaryRef(ref, services, modifier) : ref)),
  };
}

function weighingOf(
  own: HttpRoute,
  services: Services,
  modifier: HeaderModifier | undefined,
): Weighing<HttpBackendRef> {
  const { namespace } = own.metadata;
  return {
    isStable: isStableRef(own, services),
    isCanary: (ref) => services.canary !== services.stable && leadsTo(ref, services.canary, namespace),
    canaryOf: (ref) => canaryRef(ref, services, modifier),
    pinned: (ref) => ref,
    unpinned: (ref) => (leadsTo(ref, services.canary, namespace) ? { ...ref, name: services.stable } : ref),
    unset: 1,
    alone: 1,
  };
}

function isStableRef(own: HttpRoute, services: Services): (ref: HttpBackendRef) => boolean {
  return (ref) => leadsTo(ref, services.stable, own.metadata.namespace);
}

/** A backend that says neither group nor kind is a Service. */
function leadsTo(
  { group = '', kind = 'Service', name, namespace }: HttpBackendRef,
  service: string,
  own: string | undefined,
): boolean {
  return (
    group === '' && kind === 'Service' && name === service && (namespace === undefined || namespace === own)
  );
}

function canaryRef(
  stable: HttpBackendRef,
  services: Services,
  modifier: HeaderModifier | undefined,
): HttpBackendRef {
  return modified({ ...stable, name: services.canary }, modifier);
}

/** With these changes of headers as a filter; there can be one of the kind, so that they join what is there. */
function modified<T extends { filters?: HttpRouteFilter[] }>(
  owner: T,
  modifier: HeaderModifier | undefined,
): T {
  if (!modifier) return owner;
  const { filters = [] } = owner;
  const isModifier = ({ type }: HttpRouteFilter) => type === 'RequestHeaderModifier';
  const present = filters.find(isModifier)?.requestHeaderModifier ?? {};
  const filter: HttpRouteFilter = {
    type: 'RequestHeaderModifier',
    requestHeaderModifier: joinedModifier(present, modifier),
  };
  const joined = filters.map((each) => (isModifier(each) ? filter : each));
  return { ...owner, filters: filters.some(isModifier) ? joined : [...filters, filter] };
}

function withRules(
  route: HttpRoute,
  change: (rule: HttpRouteRule, index: number) => HttpRouteRule[],
): HttpRoute {
  const { rules } = route.spec;
  return rules ? { ...route, spec: { ...route.spec, rules: rules.flatMap(change) } } : route;
}

function withRefs(
  rule: HttpRouteRule,
  change: (refs: readonly HttpBackendRef[]) => readonly HttpBackendRef[],
): HttpRouteRule {
  return rule.backendRefs ? { ...rule, backendRefs: [...change(rule.backendRefs)] } : rule;
}
