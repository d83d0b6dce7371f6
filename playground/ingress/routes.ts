import type { HttpRoute, Ingress, IngressBackend, Pod, Service } from '../../src/api/kubernetes.ts';
import type { RunnablePod } from '../kubelet/pod-status.ts';
import { type HttpRule, httpRulesOf } from './http-routes.ts';

/** What the router knows of one host: its paths, the one to try first in front. */
export interface HostRoutes {
  paths: PathRoute[];
  /** Rules of HTTPRoutes, which are asked before the paths of Ingresses. */
  rules?: HttpRule[];
}

export interface PathRoute {
  path: string;
  isExact: boolean;
  /** `ip:port` of every pod that may answer. */
  peers: string[];
  canary?: CanaryRoute;
}

/** When a request goes to the canary's pods; by ingress-nginx' order: header, cookie, weight. */
export interface CanaryRoute {
  peers: string[];
  weight: number;
  weightTotal: number;
  /** Header names in lower case. Without a value, `always` and `never` decide. */
  header?: { name: string; value?: string; pattern?: string };
  cookie?: string;
}

/** The routes of rules without a host, which answer for every host without rules of its own. */
export const anyHost = '_';

const annotationPrefix = 'nginx.ingress.kubernetes.io/';

/** The routes of every host, by what is in the API: pure, the same objects give the same routes. */
export function routesOf(
  ingresses: readonly Ingress[],
  services: readonly Service[],
  pods: readonly Pod[],
  httpRoutes: readonly HttpRoute[] = [],
): Map<string, HostRoutes> {
  const peersOf = peerFinder(services, pods);
  const hosts = new Map<string, HostRoutes>();
  const ours = ingresses.filter(isForNginx).sort(olderFirst);
  for (const ingress of ours.filter((each) => !isCanary(each)))
    for (const { host, path, isExact, backend } of rulesOf(ingress)) {
      const routes = hosts.get(host) ?? { paths: [] };
      hosts.set(host, routes);
      // Of two rules for the same path the older ingress' counts.
      if (findPath(routes, path, isExact)) continue;
      routes.paths.push({ path, isExact, peers: peersOf(ingress.metadata.namespace, backend) });
    }
  for (const ingress of ours.filter(isCanary))
    for (const { host, path, isExact, backend } of rulesOf(ingress)) {
      const main = findPath(hosts.get(host), path, isExact);
      // A canary without a main rule routes nothing, and a main rule has one canary at most.
      if (main && !main.canary) main.canary = canaryOf(ingress, peersOf(ingress.metadata.namespace, backend));
    }
  for (const routes of hosts.values()) routes.paths.sort(mostSpecificFirst);
  for (const [host, rules] of httpRulesOf(httpRoutes, peersOf))
    hosts.set(host, { ...(hosts.get(host) ?? { paths: [] }), rules });
  return hosts;
}

function isForNginx({ metadata, spec }: Ingress): boolean {
  const className = metadata.annotations?.['kubernetes.io/ingress.class'] ?? spec.ingressClassName;
  return className === 'nginx' && !metadata.deletionTimestamp;
}

function isCanary({ metadata }: Ingress): boolean {
  return metadata.annotations?.[`${annotationPrefix}canary`] === 'true';
}

function olderFirst(a: Ingress, b: Ingress): number {
  const [ageA, ageB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  return ageA.localeCompare(ageB) || a.metadata.name.localeCompare(b.metadata.name);
}

interface Rule {
  host: string;
  path: string;
  isExact: boolean;
  backend: IngressBackend;
}

function rulesOf({ spec }: Ingress): Rule[] {
  const rules = (spec.rules ?? []).flatMap((rule) =>
    (rule.http?.paths ?? []).map(({ path, pathType, backend }) => ({
      host: rule.host?.toLowerCase() || anyHost,
      path: path || '/',
      isExact: pathType === 'Exact',
      backend,
    })),
  );
  if (spec.defaultBackend)
    rules.push({ host: anyHost, path: '/', isExact: false, backend: spec.defaultBackend });
  return rules;
}

function findPath(routes: HostRoutes | undefined, path: string, isExact: boolean): PathRoute | undefined {
  return routes?.paths.find((each) => each.path === path && each.isExact === isExact);
}

function mostSpecificFirst(a: PathRoute, b: PathRoute): number {
  return Number(b.isExact) - Number(a.isExact) || b.path.length - a.path.length;
}

function canaryOf({ metadata }: Ingress, peers: string[]): CanaryRoute {
  const annotation = (name: string) => metadata.annotations?.[`${annotationPrefix}${name}`];
  const name = annotation('canary-by-header')?.toLowerCase();
  const value = annotation('canary-by-header-value');
  const pattern = annotation('canary-by-header-pattern');
  const cookie = annotation('canary-by-cookie');
  return {
    peers,
    weight: Number(annotation('canary-weight') ?? 0) || 0,
    weightTotal: Number(annotation('canary-weight-total') ?? 100) || 100,
    ...(name && {
      header: { name, ...(value ? { value } : pattern ? { pattern } : {}) },
    }),
    ...(cookie && { cookie }),
  };
}

/** Finds the `ip:port` of the ready pods behind a backend. */
function peerFinder(
  services: readonly Service[],
  pods: readonly Pod[],
): (namespace: string | undefined, backend: IngressBackend) => string[] {
  const byNamespace = Map.groupBy(pods as readonly RunnablePod[], ({ metadata }) => metadata.namespace);
  return (namespace, { service: wanted }) => {
    const service = services.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === wanted?.name,
    );
    const selector = Object.entries(service?.spec.selector ?? {});
    const port = portOf(service, wanted?.port);
    if (selector.length === 0 || !port) return [];
    return (byNamespace.get(namespace) ?? [])
      .filter(
        (pod) => answers(pod) && selector.every(([name, value]) => pod.metadata.labels?.[name] === value),
      )
      .flatMap((pod) => {
        const number = typeof port === 'number' ? port : namedPort(pod, port);
        return number ? [`${pod.status?.podIP}:${number}`] : [];
      })
      .sort();
  };
}

function answers({ metadata, status }: Pod): boolean {
  const isReady = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return Boolean(isReady && status?.podIP && !metadata.deletionTimestamp);
}

interface ServicePort {
  port: number;
  name?: string;
  targetPort?: number | string;
}

function portOf(
  service: Service | undefined,
  wanted: { number?: number; name?: string } | undefined,
): number | string | undefined {
  const ports = (service?.spec['ports'] ?? []) as ServicePort[];
  const found = ports.find(({ port, name }) =>
    wanted?.name === undefined ? port === wanted?.number : name === wanted.name,
  );
  return found?.targetPort ?? found?.port;
}

function namedPort({ spec }: RunnablePod, wanted: string): number | undefined {
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === wanted)?.containerPort;
}
