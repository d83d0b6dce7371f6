import type { HttpBackendRef, HttpRoute, HttpRouteRule } from '../api/kubernetes.ts';
import { isSplittable, SPLITTABLE_WEIGHT } from './backend-weights.ts';
import { narrowing } from './http-route-narrowing.ts';
import type { RouteRequest } from './provider.ts';

/** What the Gateway API allows in one HTTPRoute, and in one rule. */
const RULES_MAX = 16;
const BACKENDS_MAX = 16;

/** Why an HTTPRoute, as its owner wrote it, cannot give a canary its share, and what to do. */
export function problemWithHttpRoute(
  plain: HttpRoute,
  { services, versions, share }: RouteRequest,
  isStable: (ref: HttpBackendRef) => boolean,
): string | undefined {
  const { name } = plain.metadata;
  const { rules = [] } = plain.spec;
  const leads = ({ backendRefs = [] }: HttpRouteRule) => backendRefs.some(isStable);
  const concerned = rules.filter(leads);
  if (versions && services.canary === services.stable)
    return `HTTPRoute ${name} tells versions apart by their Services; remove disableGenerateCanaryService`;
  if (concerned.length === 0)
    return `HTTPRoute ${name} has no backend Service ${services.stable}; correct one of the two`;
  if (share.matches.length === 0) {
    const refs = concerned.map(({ backendRefs = [] }) => backendRefs);
    if (refs.some((each) => each.length > 1 && !each.every(isSplittable)))
      return `HTTPRoute ${name} has a weight above ${SPLITTABLE_WEIGHT}, which cannot be split in percent; write the weights with smaller numbers`;
    if (refs.some((each) => each.length + each.filter(isStable).length > BACKENDS_MAX))
      return `HTTPRoute ${name} would need more than ${BACKENDS_MAX} backends in one rule; take some out of it`;
    return undefined;
  }
  const { matches, faults } = narrowing(rules, leads, share.matches);
  const [fault] = faults;
  if (fault) return `HTTPRoute ${name} cannot follow the matches of a step: ${fault}; change one of the two`;
  if (!rules.some((rule, index) => leads(rule) && matches.has(index)))
    return `no request that the matches of a step ask for can come to Service ${services.stable} by HTTPRoute ${name}; change one of the two`;
  if (rules.length + matches.size > RULES_MAX)
    return `HTTPRoute ${name} would need more than ${RULES_MAX} rules for the matches of a step; split it in two`;
  return undefined;
}
