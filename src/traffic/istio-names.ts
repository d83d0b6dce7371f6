import { resources } from '../api/resource.ts';
import type { TrafficRouting } from '../api/rollout.ts';

/** Subsets that are made to tell the versions apart, alone or after the name of a user's own subset. */
const STABLE_SUBSET = 'assay-stable';
const CANARY_SUBSET = 'assay-canary';

/** The Service of this namespace that Istio means by a host: a short name, or a longer one. undefined for others. */
export function serviceOfHost(host: string, namespace: string | undefined): string | undefined {
  const [service, within, ...domain] = host.split('.');
  const isHere = within === undefined || within === namespace;
  return isHere && (domain.length === 0 || domain[0] === 'svc') ? service : undefined;
}

/** The same form of a host for another Service. */
export function hostWithService(host: string, service: string): string {
  return [service, ...host.split('.').slice(1)].join('.');
}

export function stableSubset(own: string | undefined): string {
  return own === undefined ? STABLE_SUBSET : `${own}-${STABLE_SUBSET}`;
}

export function canarySubset(own: string | undefined): string {
  return own === undefined ? CANARY_SUBSET : `${own}-${CANARY_SUBSET}`;
}

export function isCanarySubset(subset: string | undefined): boolean {
  return isMade(subset, CANARY_SUBSET);
}

export function isMadeSubset(subset: string | undefined): boolean {
  return isMade(subset, CANARY_SUBSET) || isMade(subset, STABLE_SUBSET);
}

function isMade(subset: string | undefined, made: string): boolean {
  return subset === made || (subset?.endsWith(`-${made}`) ?? false);
}

/** The user's subset that a made one was made of; undefined for none. */
export function ownSubset(subset: string | undefined): string | undefined {
  if (!isMadeSubset(subset)) return subset;
  return subset?.slice(0, -`-${STABLE_SUBSET}`.length) || undefined;
}

/** Whether a routing names a DestinationRule, which defines the subsets. */
export function namesDestinationRule({ customNetworkRefs = [] }: TrafficRouting): boolean {
  return customNetworkRefs.some(({ kind }) => kind === resources.destinationRule.kind);
}
