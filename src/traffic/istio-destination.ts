import type { HeaderModifier, IstioDestination, VirtualService } from '../api/kubernetes.ts';
import type { Weighing } from './backend-weights.ts';
import { istioOperations, joinedModifier, modifierOfIstio } from './header-modifier.ts';
import {
  canarySubset,
  hostWithService,
  isCanarySubset,
  ownSubset,
  serviceOfHost,
  stableSubset,
} from './istio-names.ts';
import type { RouteRequest } from './provider.ts';

type Asked = Pick<RouteRequest, 'services'> &
  Partial<Pick<RouteRequest, 'share' | 'hasSubsets' | 'versions'>>;

/** Which destinations of a VirtualService are of the stable version and of the canary, and how they are made. */
export function weighingOf(own: VirtualService, asked: Asked): Weighing<IstioDestination> {
  const { services, share } = asked;
  const { namespace } = own.metadata;
  const isOneService = services.canary === services.stable;
  const bySubset = isOneService && asked.versions !== undefined;
  const leadsTo = (each: IstioDestination, service: string) =>
    serviceOfHost(each.destination.host, namespace) === service;
  const isCanaryHost = (each: IstioDestination) => !isOneService && leadsTo(each, services.canary);
  const there = (stable: IstioDestination) => {
    if (bySubset) return withSubset(stable, canarySubset(stable.destination.subset));
    return isOneService ? stable : atCanary(stable, asked);
  };
  return {
    isStable: isStableDestination(own, services),
    isCanary: (each) =>
      isCanaryHost(each) || (leadsTo(each, services.stable) && isCanarySubset(each.destination.subset)),
    canaryOf: (stable) => modifiedHeaders(there(stable), share?.requestHeaderModifier),
    pinned: (stable) => (bySubset ? withSubset(stable, stableSubset(stable.destination.subset)) : stable),
    unpinned: (each) => {
      if (isCanaryHost(each)) return withHost(each, services.stable);
      return leadsTo(each, services.stable) ? withSubset(each, ownSubset(each.destination.subset)) : each;
    },
    unset: 0,
    alone: undefined,
  };
}

export function isStableDestination(
  own: VirtualService,
  services: RouteRequest['services'],
): (each: IstioDestination) => boolean {
  return ({ destination: { host, subset } }) =>
    serviceOfHost(host, own.metadata.namespace) === services.stable && !isCanarySubset(subset);
}

/** The subsets of the stable Service are defined for the canary's as well where their definition is named. */
function atCanary(stable: IstioDestination, { services, hasSubsets }: Asked): IstioDestination {
  const there = withHost(stable, services.canary);
  return hasSubsets ? there : withSubset(there, undefined);
}

function withHost(each: IstioDestination, service: string): IstioDestination {
  const { destination } = each;
  return { ...each, destination: { ...destination, host: hostWithService(destination.host, service) } };
}

function withSubset(each: IstioDestination, subset: string | undefined): IstioDestination {
  const { subset: present, ...bare } = each.destination;
  if (present === subset) return each;
  return { ...each, destination: subset === undefined ? bare : { ...each.destination, subset } };
}

function modifiedHeaders(each: IstioDestination, modifier: HeaderModifier | undefined): IstioDestination {
  if (!modifier) return each;
  const joined = joinedModifier(modifierOfIstio(each.headers?.request ?? {}), modifier);
  return { ...each, headers: { ...each.headers, request: istioOperations(joined) } };
}
