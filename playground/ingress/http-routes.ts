import type {
  HttpNamedCondition,
  HttpRoute,
  HttpRouteMatch,
  IngressBackend,
} from '../../src/api/kubernetes.ts';

/** One match of an HTTPRoute's rule, as the router asks requests for it. */
export interface HttpRule {
  path: string;
  pathType: string;
  method?: string;
  headers: RuleCondition[];
  queryParams: RuleCondition[];
  /** Without any, and with no weight above 0, the answer is 500. */
  backends: { peers: string[]; weight: number }[];
}

interface RuleCondition {
  /** That of a header in lower case. */
  name: string;
  value: string;
  isPattern: boolean;
}

type PeersOf = (namespace: string | undefined, backend: IngressBackend) => string[];

/**
 * The rules of HTTPRoutes by host name, the one that the Gateway API prefers in front. Which Gateway a route asks for
 * is not looked at, since there is this one; of the filters none is followed.
 */
export function httpRulesOf(routes: readonly HttpRoute[], peersOf: PeersOf): Map<string, HttpRule[]> {
  const hosts = new Map<string, HttpRule[]>();
  for (const { metadata, spec } of routes.toSorted(olderFirst)) {
    if (metadata.deletionTimestamp) continue;
    const rules = (spec.rules ?? []).flatMap(({ matches = [], backendRefs = [] }) => {
      const backends = backendRefs.map(({ name, namespace, port, weight = 1 }) => ({
        peers: peersOf(namespace ?? metadata.namespace, {
          service: { name, ...(port === undefined ? {} : { port: { number: port } }) },
        }),
        weight,
      }));
      return (matches.length > 0 ? matches : [{}]).map((match) => ruleOf(match, backends));
    });
    for (const host of spec.hostnames ?? ['_']) {
      const name = host.toLowerCase();
      hosts.set(name, [...(hosts.get(name) ?? []), ...rules].sort(preferredFirst));
    }
  }
  return hosts;
}

function ruleOf(match: HttpRouteMatch, backends: HttpRule['backends']): HttpRule {
  const { path, headers = [], queryParams = [] } = match;
  const method = match['method'] as string | undefined;
  return {
    path: path?.value ?? '/',
    pathType: path?.type ?? 'PathPrefix',
    ...(method === undefined ? {} : { method }),
    headers: headers.map(conditionOf).map((each) => ({ ...each, name: each.name.toLowerCase() })),
    queryParams: queryParams.map(conditionOf),
    backends,
  };
}

function conditionOf({ type, name, value }: HttpNamedCondition): RuleCondition {
  return { name, value, isPattern: type === 'RegularExpression' };
}

/** Exact path, longest path, method, number of headers, number of query parameters; then what was there first. */
function preferredFirst(a: HttpRule, b: HttpRule): number {
  const rank = (rule: HttpRule) => ['PathPrefix', 'RegularExpression', 'Exact'].indexOf(rule.pathType);
  return (
    rank(b) - rank(a) ||
    b.path.length - a.path.length ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.queryParams.length - a.queryParams.length
  );
}

function olderFirst(a: HttpRoute, b: HttpRoute): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return ageA.localeCompare(ageB) || a.metadata.name.localeCompare(b.metadata.name);
}
