import type { TrafficRouting } from '../api/rollout.ts';
import { nginxIngress } from './nginx-ingress.ts';
import type { Provider } from './provider.ts';

/** The providers of a routing, in the order in which the Rollout's fields have them; all of them work together. */
export function providersOf(routing: TrafficRouting): Provider[] {
  return routing.ingress ? [nginxIngress(routing.ingress.name)] : [];
}
