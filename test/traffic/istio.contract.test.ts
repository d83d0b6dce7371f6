import fc from 'fast-check';
import type {
  DestinationRule,
  IstioDestination,
  IstioMatch,
  IstioRoute,
  IstioStringMatch,
  KubeObject,
  VirtualService,
} from '../../src/api/kubernetes.ts';
import type { Rollout, TrafficRouting } from '../../src/api/rollout.ts';
import { destinationRule } from '../../src/traffic/destination-rule.ts';
import {
  hostWithService,
  isCanarySubset,
  isMadeSubset,
  serviceOfHost,
} from '../../src/traffic/istio-names.ts';
import type { RouteRequest, Share } from '../../src/traffic/provider.ts';
import { virtualService } from '../../src/traffic/virtual-service.ts';
import { NAME, NAMESPACE } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { markingRequest, routeRequest } from '../builders/traffic.ts';
import {
  isMarked,
  meets,
  pathCondition,
  providerContract,
  type Reached,
  requestMatch,
  type Sent,
  sentRequests,
} from './provider.contract.ts';

const ISTIO = 'networking.istio.io/v1beta1';
const refs: TrafficRouting['customNetworkRefs'] = ['DestinationRule', 'VirtualService'].map((kind) => ({
  apiVersion: ISTIO,
  kind,
  name: NAME,
}));
const istioRollout: Rollout = rollout({ routing: { service: NAME, customNetworkRefs: refs } });

const requestOf = (share: Share, canary = `${NAME}-canary`): RouteRequest => ({
  ...routeRequest(0, 'v2', istioRollout),
  services: { stable: NAME, canary },
  share,
});

const text: fc.Arbitrary<IstioStringMatch> = fc.constantFrom({ exact: 'x' }, { exact: 'y' });
const conditions = fc.dictionary(fc.constantFrom('team', 'ab'), text, {
  minKeys: 1,
  noNullPrototype: true,
});
const match: fc.Arbitrary<IstioMatch> = fc.record(
  {
    uri: pathCondition.map(
      ({ type, value }): IstioStringMatch => (type === 'Exact' ? { exact: value } : { prefix: value }),
    ),
    headers: conditions,
    queryParams: conditions,
  },
  { requiredKeys: [] },
);

const HOSTS = [NAME, `${NAME}.${NAMESPACE}`, `${NAME}.${NAMESPACE}.svc.cluster.local`];
const destination = fc.record(
  {
    host: fc.constantFrom(...HOSTS, 'help', `${NAME}.elsewhere`),
    subset: fc.constantFrom('blue', 'green'),
    port: fc.constant({ number: 80 }),
  },
  { requiredKeys: ['host'] },
);
const headers = fc.constantFrom(
  { request: { set: { 'x-old': '1', 'x-mine': '2' } } },
  { response: { remove: ['server'] } },
);
const backend = (weight: fc.Arbitrary<number>, required: ('destination' | 'weight')[]) =>
  fc.record({ destination, weight, headers }, { requiredKeys: required });

/** One destination with any weight or none; of several each has one, and not all of them 0. */
const destinations = fc.oneof(
  backend(fc.constantFrom(0, 1, 100), ['destination']).map((one) => [one]),
  fc
    .array(backend(fc.integer({ min: 0, max: 9 }), ['destination', 'weight']), {
      minLength: 2,
      maxLength: 3,
    })
    .filter((all) => all.some(({ weight = 0 }) => weight > 0)),
) as fc.Arbitrary<IstioDestination[]>;

const route = fc.record(
  {
    name: fc.constantFrom('main', 'other'),
    match: fc.array(match, { maxLength: 2 }),
    route: destinations,
    timeout: fc.constant('5s'),
  },
  { requiredKeys: ['route'] },
);

const services = fc
  .record(
    {
      http: fc.array(route, { minLength: 1, maxLength: 3 }),
      tcp: fc.tuple(fc.record({ route: destinations })),
    },
    { requiredKeys: ['http'] },
  )
  .map(
    (lists): VirtualService => ({
      apiVersion: ISTIO,
      kind: 'VirtualService',
      metadata: { name: NAME, namespace: NAMESPACE, uid: 'service-uid', resourceVersion: '1' },
      spec: { hosts: [NAME], ...lists } as VirtualService['spec'],
    }),
  );

/** As Istio routes it: the first route that matches. */
function reached({ own }: { own: KubeObject }, sent: Sent): Reached {
  const { spec } = own as VirtualService;
  const isSplit = JSON.stringify(spec).includes('assay-');
  const first = spec.http?.find(
    ({ match: any = [] }) => any.length === 0 || any.some((each) => takes(each, sent)),
  );
  const all: Reached = {};
  const list = first?.route ?? [];
  const total = list.length === 1 ? 1 : list.reduce((sum, { weight = 0 }) => sum + weight, 0);
  for (const { destination: to, weight = 0 } of list) {
    const name = wordOf(to, isSplit);
    all[name] = (all[name] ?? 0) + (list.length === 1 ? 1 : weight / total);
  }
  return all;
}

function wordOf({ host, subset }: IstioDestination['destination'], isSplit: boolean): string {
  const service = serviceOfHost(host, NAMESPACE);
  if (service === `${NAME}-canary`) return 'canary';
  if (service !== NAME) return host;
  if (isCanarySubset(subset)) return 'canary';
  // While subsets tell the versions apart, a destination without one is both of them.
  return isSplit && !isMadeSubset(subset) ? 'both' : 'stable';
}

function takes({ uri, headers: asked = {}, queryParams = {} }: IstioMatch, sent: Sent): boolean {
  const fits = (condition: IstioStringMatch | undefined, value: string | undefined) =>
    condition === undefined ||
    (condition.exact === undefined
      ? (value?.startsWith(condition.prefix ?? '') ?? false)
      : value === condition.exact);
  return (
    fits(uri, sent.path) &&
    Object.entries(asked).every(([name, condition]) => fits(condition, sent.headers[name])) &&
    Object.entries(queryParams).every(([name, condition]) => fits(condition, sent.query[name]))
  );
}

const added = (own: KubeObject, place: 'before' | 'after'): KubeObject => {
  const { spec } = own as VirtualService;
  const mine: IstioRoute = {
    match: [{ uri: { exact: '/mine' } }],
    route: [{ destination: { host: 'help' } }],
  };
  const http = spec.http ?? [];
  const routes = place === 'before' ? [mine, ...http] : [...http, mine];
  return { ...own, spec: { ...spec, http: routes } } as KubeObject;
};

/** The same with the canary's Service in the place of the stable one where requests are marked. */
function unmarked(own: KubeObject): KubeObject {
  const { spec } = own as VirtualService;
  const http = spec.http?.map((route) => ({
    ...route,
    route: route.route?.map((each) => {
      const { host } = each.destination;
      return isMarked(Object.keys(each.headers?.request?.set ?? {})) &&
        serviceOfHost(host, NAMESPACE) === NAME
        ? { ...each, destination: { ...each.destination, host: hostWithService(host, `${NAME}-canary`) } }
        : each;
    }),
  }));
  return { ...own, spec: { ...spec, http } } as KubeObject;
}

for (const [mode, canary, marks] of [
  ['with a canary Service', `${NAME}-canary`, false],
  ['with subsets', NAME, false],
  ['that marks requests', NAME, true],
] as const) {
  providerContract({
    name: `VirtualService ${mode}`,
    provider: virtualService(NAME),
    own: services,
    matches: fc.array(requestMatch, { minLength: 1, maxLength: 2 }),
    request: (share) => (marks ? { ...markingRequest(), share } : requestOf(share, canary)),
    ...(marks && { marks }),
    reached: ({ own }, sent) => reached({ own: marks ? unmarked(own) : own }, sent),
    sent: sentRequests,
    meets,
    edits: {
      'a route before the others': (own) => added(own, 'before'),
      'a route after the others': (own) => added(own, 'after'),
      'a gateway': (own) =>
        ({ ...own, spec: { ...(own as VirtualService).spec, gateways: ['mesh'] } }) as KubeObject,
    },
  });
}

const subset = fc.record(
  {
    name: fc.constantFrom('blue', 'green'),
    labels: fc.constantFrom({ app: NAME }, { zone: 'a' }),
    trafficPolicy: fc.constant({ loadBalancer: { simple: 'RANDOM' } }),
  },
  { requiredKeys: ['name'] },
);
const rules = fc
  .record(
    {
      host: fc.constantFrom(...HOSTS),
      trafficPolicy: fc.constant({ tls: { mode: 'ISTIO_MUTUAL' } }),
      subsets: fc.uniqueArray(subset, { maxLength: 2, selector: ({ name }) => name }),
    },
    { requiredKeys: ['host'] },
  )
  .map(
    (spec): DestinationRule => ({
      apiVersion: ISTIO,
      kind: 'DestinationRule',
      metadata: { name: NAME, namespace: NAMESPACE, uid: 'rule-uid', resourceVersion: '1' },
      spec: spec as DestinationRule['spec'],
    }),
  );

for (const [mode, canary] of [
  ['with a canary Service', `${NAME}-canary`],
  ['with subsets', NAME],
] as const) {
  providerContract({
    name: `DestinationRule ${mode}`,
    provider: destinationRule(NAME),
    own: rules,
    matches: fc.array(requestMatch, { minLength: 1, maxLength: 1 }),
    request: (share) => requestOf(share, canary),
    // It sends nothing anywhere: what it defines is in its own tests.
    reached: () => ({}),
    sent: sentRequests,
    meets,
    edits: {
      'a policy': (own) => {
        const { spec } = own as DestinationRule;
        return { ...own, spec: { ...spec, trafficPolicy: { tls: { mode: 'DISABLE' } } } } as KubeObject;
      },
    },
  });
}
