import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import {
  controllerReference,
  type DestinationRule,
  type HttpRoute,
  type HttpRouteRule,
  type Ingress,
  type IstioRoute,
  type IstioSubset,
  type Service,
  type VirtualService,
} from '../../src/api/kubernetes.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import { routingOf } from '../../src/rollout/plan.ts';
import type { TrafficFacts } from '../../src/rollout/snapshot.ts';
import { namesDestinationRule } from '../../src/traffic/istio-names.ts';
import { canaryIngress, nginxIngress } from '../../src/traffic/nginx-ingress.ts';
import type { RouteRequest } from '../../src/traffic/provider.ts';
import { canaryService } from '../../src/traffic/services.ts';
import { NAME, NAMESPACE, podHash } from './deployment.ts';
import { rollout } from './rollout.ts';

/** The stable Service; pinned to the pods of a version, where one is given. */
export function service(pinnedTo?: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: NAMESPACE, uid: 'service-uid', resourceVersion: '1' },
    spec: {
      clusterIP: '10.0.0.7',
      ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
      selector: { app: NAME, ...(pinnedTo ? { [POD_TEMPLATE_HASH_LABEL]: podHash(pinnedTo) } : {}) },
    },
  };
}

/** The stable Ingress: one path to the Service, and one that is not the release's. */
export function ingress(backend: string = NAME): Ingress {
  const path = (at: string, name: string) => ({
    path: at,
    pathType: 'Prefix',
    backend: { service: { name, port: { number: 80 } } },
  });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: 'ingress-uid',
      resourceVersion: '1',
      annotations: { 'kubernetes.io/ingress.class': 'nginx' },
    },
    spec: {
      rules: [{ host: 'shop.example.com', http: { paths: [path('/', backend), path('/help', 'help')] } }],
    },
  };
}

/** An HTTPRoute with these rules. */
export function httpRouteOf(...rules: HttpRouteRule[]): HttpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'HTTPRoute',
    metadata: { name: NAME, namespace: NAMESPACE, uid: 'route-uid', resourceVersion: '1' },
    spec: { rules },
  };
}

const ISTIO = 'networking.istio.io/v1beta1';

/** How a Rollout names the two objects of Istio. */
export const istioRefs = ['DestinationRule', 'VirtualService'].map((kind) => ({
  apiVersion: ISTIO,
  kind,
  name: NAME,
}));

export function virtualServiceOf(
  http: IstioRoute[],
  others: Partial<VirtualService['spec']> = {},
): VirtualService {
  return {
    apiVersion: ISTIO,
    kind: 'VirtualService',
    metadata: { name: NAME, namespace: NAMESPACE, uid: 'virtual-uid', resourceVersion: '1' },
    spec: { http, ...others },
  };
}

export function destinationRuleOf(subsets: IstioSubset[]): DestinationRule {
  return {
    apiVersion: ISTIO,
    kind: 'DestinationRule',
    metadata: { name: NAME, namespace: NAMESPACE, uid: 'rule-uid', resourceVersion: '1' },
    spec: { host: NAME, subsets },
  };
}

/** What a provider is asked for by a step that gives the canary of a version this weight. */
export function routeRequest(weight: number, version = 'v2', of: Rollout = rollout()): RouteRequest {
  return {
    owner: of,
    hasSubsets: namesDestinationRule(routingOf(of) ?? { service: NAME }),
    services: { stable: NAME, canary: `${NAME}-canary` },
    versions: { label: POD_TEMPLATE_HASH_LABEL, stable: podHash('v1'), canary: podHash(version) },
    podLabels: { app: NAME },
    share: { weight, matches: [] },
  };
}

/** What a provider is asked for where all requests go to the stable Service, and those of the share are marked. */
export function markingRequest(): RouteRequest {
  return {
    ...routeRequest(0),
    services: { stable: NAME, canary: NAME },
    versions: undefined,
  };
}

/** The Service and the Ingress of the canary, as the controller made them. */
export function canaryRoutes(version: string, weight: number, of: Rollout = rollout()) {
  return {
    canaryService: stored(canaryService(of, service(), POD_TEMPLATE_HASH_LABEL, podHash(version))),
    canaryIngress: stored(canaryIngress(ingress(), routeRequest(weight, version, of))),
  };
}

/** The objects of a routing through an Ingress. */
export interface TrafficPart {
  service?: Service | undefined;
  canaryService?: Service | undefined;
  ingress?: Ingress | undefined;
  canaryIngress?: Ingress | undefined;
}

export function trafficOf(part: TrafficPart): TrafficFacts {
  const { service: stable, canaryService: canary, ingress: own, canaryIngress: made } = part;
  return { service: stable, canaryService: canary, routes: [{ provider: nginxIngress(NAME), own, made }] };
}

/** The same object as somebody else would own it. */
export function ofSomebodyElse<T extends Service | Ingress>(object: T): T {
  const other = { ...rollout({ uid: 'other-uid' }), kind: 'Rollout' };
  return { ...object, metadata: { ...object.metadata, ownerReferences: [controllerReference(other)] } };
}

function stored<T extends Service | Ingress>(object: T): T {
  return {
    ...object,
    metadata: { ...object.metadata, uid: `${object.kind}-canary-uid`, resourceVersion: '1' },
  };
}
