import { resources } from '../api/resource.ts';
import type { TrafficRouting } from '../api/rollout.ts';
import { destinationRule } from './destination-rule.ts';
import { httpRoute } from './http-route.ts';
import { nginxIngress } from './nginx-ingress.ts';
import type { Provider } from './provider.ts';
import { virtualService } from './virtual-service.ts';

/**
 * The providers of a routing; all of them work together. What others lead to stands before them: the subsets of a
 * DestinationRule are there before a VirtualService names them.
 */
export function providersOf(routing: TrafficRouting): Provider[] {
  const { ingress, gateway, customNetworkRefs = [] } = routing;
  const named = ({ kind }: { kind: string }) =>
    customNetworkRefs
      .filter((ref) => ref.kind === kind && ref.apiVersion.split('/')[0] === resources.virtualService.group)
      .map(({ name }) => name);
  return [
    ...named(resources.destinationRule).map(destinationRule),
    ...named(resources.virtualService).map(virtualService),
    ...(gateway?.httpRouteName ? [httpRoute(gateway.httpRouteName)] : []),
    ...(ingress ? [nginxIngress(ingress.name)] : []),
  ];
}
