import fc from 'fast-check';
import router from '../../playground/ingress/router.js';
import { routesOf } from '../../playground/ingress/routes.ts';
import type { HttpBackendRef, HttpRoute, HttpRouteFilter, KubeObject } from '../../src/api/kubernetes.ts';
import { httpRoute } from '../../src/traffic/http-route.ts';
import { NAME, NAMESPACE } from '../builders/deployment.ts';
import { markingRequest, routeRequest } from '../builders/traffic.ts';
import { backendPods, backendServices, wordOf } from './backends.ts';
import {
  isMarked,
  meets,
  providerContract,
  type Reached,
  requestMatch,
  type Sent,
  sentRequests,
} from './provider.contract.ts';

const ref: fc.Arbitrary<HttpBackendRef> = fc.record(
  {
    name: fc.constantFrom(NAME, NAME, 'help', 'docs'),
    group: fc.constant(''),
    kind: fc.constant('Service'),
    namespace: fc.constant(NAMESPACE),
    port: fc.constant(80),
    weight: fc.integer({ min: 0, max: 7 }),
    filters: fc.constant([
      { type: 'RequestHeaderModifier', requestHeaderModifier: { add: [{ name: 'x-old', value: '1' }] } },
    ]),
  },
  { requiredKeys: ['name', 'port'] },
);

const rule = fc.record(
  {
    matches: fc.array(
      fc
        .tuple(requestMatch, fc.option(fc.constantFrom('GET', 'POST'), { nil: undefined }))
        .map(([match, method]) => ({ ...match, ...(method === undefined ? {} : { method }) })),
      { maxLength: 2 },
    ),
    filters: fc.constant([{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['x'] } }]),
    backendRefs: fc.array(ref, { minLength: 1, maxLength: 3 }),
    timeouts: fc.constant({ request: '5s' }),
  },
  { requiredKeys: ['backendRefs'] },
);

const annotations = fc.option(fc.constant({ team: 'shop' }), { nil: undefined });

const own = fc.tuple(fc.array(rule, { minLength: 1, maxLength: 4 }), annotations).map(
  ([rules, noted]): HttpRoute => ({
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'HTTPRoute',
    metadata: {
      name: NAME,
      namespace: NAMESPACE,
      uid: 'route-uid',
      ...(noted === undefined ? {} : { annotations: noted }),
      resourceVersion: '1',
    },
    spec: { parentRefs: [{ name: 'web' }], rules: rules as HttpRoute['spec']['rules'] & object },
  }),
);

/** As the playground's ingress routes it: by the Gateway API's order of rules. */
function reached({ own: route }: { own: KubeObject }, sent: Sent): Reached {
  const routes = routesOf([], backendServices, backendPods, [route as HttpRoute]).get('_') ?? { paths: [] };
  const rule = routes.rules?.find(
    (each) => router.choose({ paths: [], rules: [each] }, sent, () => 0) !== '404',
  );
  const total = rule?.backends.reduce((sum, { weight }) => sum + weight, 0) ?? 0;
  const all: Reached = {};
  for (const { peers, weight } of rule?.backends ?? []) {
    const name = wordOf(peers[0] ?? '');
    if (total > 0) all[name] = (all[name] ?? 0) + weight / total;
  }
  return all;
}

const others = (route: KubeObject, add: 'before' | 'after'): HttpRoute => {
  const { spec } = route as HttpRoute;
  const added = {
    matches: [{ path: { type: 'Exact', value: '/mine' } }],
    backendRefs: [{ name: 'help', port: 80 }],
  };
  const rules = spec.rules ?? [];
  return {
    ...(route as HttpRoute),
    spec: { ...spec, rules: add === 'before' ? [added, ...rules] : [...rules, added] },
  };
};

/** The same with the canary's Service in the place of the stable one where requests are marked. */
function unmarked(own: KubeObject): KubeObject {
  const { spec } = own as HttpRoute;
  const marks = (filters: HttpRouteFilter[] = []) =>
    filters.some(({ requestHeaderModifier: { set = [] } = {} }) => isMarked(set.map(({ name }) => name)));
  const rules = spec.rules?.map(({ filters, backendRefs = [], ...rule }) => ({
    ...rule,
    backendRefs: backendRefs.map((ref) =>
      ref.name === NAME && (marks(filters) || marks(ref.filters)) ? { ...ref, name: `${NAME}-canary` } : ref,
    ),
  }));
  return { ...own, spec: { ...spec, rules } } as KubeObject;
}

const edits = {
  'a rule before the others': (route: KubeObject) => others(route, 'before'),
  'a rule after the others': (route: KubeObject) => others(route, 'after'),
  'an annotation': (route: KubeObject) => ({
    ...route,
    metadata: { ...route.metadata, annotations: { ...route.metadata.annotations, mine: 'yes' } },
  }),
  'a hostname': (route: KubeObject) =>
    ({
      ...route,
      spec: { ...(route as HttpRoute).spec, hostnames: ['shop.example.com'] },
    }) as HttpRoute,
};

providerContract({
  name: 'HTTPRoute that marks requests',
  provider: httpRoute(NAME),
  own,
  matches: fc.array(requestMatch, { minLength: 1, maxLength: 2 }),
  request: (share) => ({ ...markingRequest(), share }),
  marks: true,
  reached: ({ own: route }, sent) => reached({ own: unmarked(route) }, sent),
  sent: sentRequests,
  meets,
  edits,
});

providerContract({
  name: 'HTTPRoute',
  provider: httpRoute(NAME),
  own,
  matches: fc.array(requestMatch, { minLength: 1, maxLength: 2 }),
  request: (share) => ({ ...routeRequest(0), share }),
  reached,
  sent: sentRequests,
  meets,
  edits,
});
