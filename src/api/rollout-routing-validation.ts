import { faultAt, type SchemaFault } from './kind.ts';
import { type Resource, resources } from './resource.ts';
import type { TrafficRouting } from './rollout.ts';
import { groupOf } from './rollout-workload.ts';

const { virtualService, destinationRule } = resources;

/** Custom objects that can be changed for a canary. */
const CUSTOM = [virtualService, destinationRule];

type NetworkRef = NonNullable<TrafficRouting['customNetworkRefs']>[number];

/** Checks the routes of a Rollout; several kinds may be named, and each of them then gets the share. */
export function checkRouting(routing: TrafficRouting, at: string): SchemaFault[] {
  const { ingress, gateway, customNetworkRefs: refs = [] } = routing;
  const hasRoute = ingress || gateway || refs.length > 0;
  return [
    ...(hasRoute ? [] : faultAt(at, 'name a route: ingress, gateway or customNetworkRefs')),
    ...(ingress?.classType && ingress.classType !== 'nginx'
      ? faultAt(`${at}.ingress.classType`, `the class ${ingress.classType} is not supported: only nginx is`)
      : []),
    ...(gateway && !gateway.httpRouteName
      ? faultAt(`${at}.gateway.httpRouteName`, 'name the HTTPRoute')
      : []),
    ...refs.flatMap((ref, index) => checkRef(ref, refs.slice(0, index), `${at}.customNetworkRefs[${index}]`)),
    ...(!ingress && !gateway && refs.length > 0 && refs.every((ref) => isOf(ref, destinationRule))
      ? faultAt(
          `${at}.customNetworkRefs`,
          'a DestinationRule only tells the versions apart: name the VirtualService that shares the requests out as well',
        )
      : []),
  ];
}

function checkRef(ref: NetworkRef, before: readonly NetworkRef[], at: string): SchemaFault[] {
  const { apiVersion, kind, name } = ref;
  if (!CUSTOM.some((resource) => isOf(ref, resource))) {
    return faultAt(
      at,
      `an object of kind ${kind} (${apiVersion}) is not supported: a VirtualService or a DestinationRule of ${virtualService.group} is`,
    );
  }
  if (!name) return faultAt(`${at}.name`, `name the ${kind}`);
  const isTwice = before.some((other) => other.kind === kind && other.name === name);
  return isTwice ? faultAt(at, `${kind} ${name} is named twice`) : [];
}

function isOf({ apiVersion, kind }: NetworkRef, resource: Resource): boolean {
  return groupOf(apiVersion) === resource.group && kind === resource.kind;
}

/** Whether requests are shared out by Istio, the only one that can change their headers as well. */
export function routesByIstio({ customNetworkRefs = [] }: TrafficRouting): boolean {
  return customNetworkRefs.some((ref) => isOf(ref, virtualService));
}
