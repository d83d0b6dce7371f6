import { describe, expect, test } from 'vitest';
import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import type { DestinationRule, IstioRoute, VirtualService } from '../../src/api/kubernetes.ts';
import { destinationRule } from '../../src/traffic/destination-rule.ts';
import type { RouteRequest, Share } from '../../src/traffic/provider.ts';
import { providersOf } from '../../src/traffic/providers.ts';
import { virtualService } from '../../src/traffic/virtual-service.ts';
import { NAME, podHash } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { destinationRuleOf, istioRefs, routeRequest, virtualServiceOf } from '../builders/traffic.ts';

const CANARY = `${NAME}-canary`;
const withRule = rollout({ routing: { service: NAME, customNetworkRefs: istioRefs } });
const byWeight = (weight: number): Share => ({ weight, matches: [] });
const byHeader: Share = { weight: undefined, matches: [{ headers: [{ name: 'x-user', value: 'tester' }] }] };

const request = (share: Share, services = { stable: NAME, canary: CANARY }): RouteRequest => ({
  ...routeRequest(0, 'v2', withRule),
  services,
  share,
});
const bySubset = (share: Share) => request(share, { stable: NAME, canary: NAME });
const service = virtualService(NAME);
const routed = (own: VirtualService, of: RouteRequest) =>
  service.routed({ own, made: undefined }, of).own as VirtualService;
const told = (routes: IstioRoute[] | undefined) =>
  routes?.map(({ route = [] }) =>
    route.map(
      ({ destination: { host, subset }, weight }) =>
        `${[host, subset].filter(Boolean).join('/')} ${weight ?? '-'}`,
    ),
  );
const to = (host: string, weight?: number): IstioRoute => ({
  route: [{ destination: { host }, ...(weight === undefined ? {} : { weight }) }],
});

describe('a VirtualService', () => {
  test.each([
    ['a destination without a weight', to(NAME), [`${NAME} 95`, `${CANARY} 5`]],
    ['one with 100', to(NAME, 100), [`${NAME} 95`, `${CANARY} 5`]],
    [
      'a long host name',
      to(`${NAME}.shop.svc.cluster.local`),
      [`${NAME}.shop.svc.cluster.local 95`, `${CANARY}.shop.svc.cluster.local 5`],
    ],
    ['a Service of another namespace, which is not it', to(`${NAME}.else`), [`${NAME}.else -`]],
    [
      'others, whose ratio is kept',
      {
        route: [
          { destination: { host: NAME }, weight: 90 },
          { destination: { host: 'help' }, weight: 10 },
        ],
      },
      [`${NAME} 8550`, `${CANARY} 450`, 'help 1000'],
    ],
  ])('splits %s', (_what, route, expected) => {
    expect(told(routed(virtualServiceOf([route as IstioRoute]), request(byWeight(5))).spec.http)).toEqual([
      expected,
    ]);
  });

  test('splits connections as well, and a route with conditions', () => {
    const own = virtualServiceOf([{ match: [{ uri: { prefix: '/a' } }], ...to(NAME) }], { tcp: [to(NAME)] });
    const { spec } = routed(own, request(byWeight(20)));
    expect([told(spec.http), told(spec.tcp)]).toEqual([
      [[`${NAME} 80`, `${CANARY} 20`]],
      [[`${NAME} 80`, `${CANARY} 20`]],
    ]);
  });

  test('sends what matches to the canary from right before the route that had it', () => {
    const own = virtualServiceOf([
      { match: [{ uri: { exact: '/help' } }], ...to('help') },
      { name: 'main', match: [{ uri: { prefix: '/' } }], ...to(NAME), timeout: '5s' },
    ]);
    expect(routed(own, request(byHeader)).spec.http).toEqual([
      own.spec.http?.[0],
      {
        name: 'main-canary',
        match: [{ uri: { prefix: '/' }, headers: { 'x-user': { exact: 'tester' } } }],
        route: [{ destination: { host: CANARY } }],
        timeout: '5s',
      },
      own.spec.http?.[1],
    ]);
  });

  test('takes a prefix by whole elements, as steps mean it', () => {
    const share = { weight: undefined, matches: [{ path: { type: 'PathPrefix' as const, value: '/api' } }] };
    const [made] = routed(virtualServiceOf([to(NAME)]), request(share)).spec.http ?? [];
    expect(made?.match).toEqual([{ uri: { exact: '/api' } }, { uri: { prefix: '/api/' } }]);
  });

  test('changes the headers of the requests to the canary alone', () => {
    const modifier = {
      set: [{ name: 'x-track', value: 'canary' }],
      add: [{ name: 'x-by', value: 'assay' }],
      remove: ['x-old'],
    };
    const share = { ...byWeight(5), requestHeaderModifier: modifier };
    const [route] = routed(virtualServiceOf([to(NAME)]), request(share)).spec.http ?? [];
    expect(route?.route?.map(({ headers }) => headers)).toEqual([
      undefined,
      { request: { set: { 'x-track': 'canary' }, add: { 'x-by': 'assay' }, remove: ['x-old'] } },
    ]);
  });

  test('keeps a subset for the canary only where its definition is named, and made for it as well', () => {
    const own = virtualServiceOf([{ route: [{ destination: { host: NAME, subset: 'blue' } }] }]);
    expect(told(routed(own, request(byWeight(5))).spec.http)).toEqual([
      [`${NAME}/blue 95`, `${CANARY}/blue 5`],
    ]);
    const alone = { ...request(byWeight(5)), hasSubsets: false };
    expect(told(routed(own, alone).spec.http)).toEqual([[`${NAME}/blue 95`, `${CANARY} 5`]]);
  });

  test('tells versions apart by subsets where there is no canary Service; the stable one is pinned at any share', () => {
    const own = virtualServiceOf([to(NAME), { route: [{ destination: { host: NAME, subset: 'blue' } }] }]);
    expect(told(routed(own, bySubset(byWeight(0))).spec.http)).toEqual([
      [`${NAME}/assay-stable 100`, `${NAME}/assay-canary 0`],
      [`${NAME}/blue-assay-stable 100`, `${NAME}/blue-assay-canary 0`],
    ]);
    expect(told(routed(virtualServiceOf([to(NAME)]), bySubset(byHeader)).spec.http)).toEqual([
      [`${NAME}/assay-canary -`],
      [`${NAME}/assay-stable 100`, `${NAME}/assay-canary 0`],
    ]);
  });

  test.each([
    [
      [to('help')],
      request(byWeight(5)),
      'VirtualService echoserver has no route to Service echoserver; correct one of the two',
    ],
    [
      [to(NAME)],
      { ...bySubset(byWeight(5)), hasSubsets: false },
      'VirtualService echoserver needs subsets where there is no canary Service; name the DestinationRule of Service echoserver in customNetworkRefs as well',
    ],
    [
      [{ match: [{ headers: { 'x-user': { prefix: 't' } } }], ...to(NAME) }],
      request(byHeader),
      'VirtualService echoserver cannot follow the matches of a step: a route of it and the step both have a condition on x-user, which cannot be joined; change one of the two',
    ],
    [
      [{ match: [{ headers: { 'x-user': { exact: 'other' } } }], ...to(NAME) }],
      request(byHeader),
      'no request that the matches of a step ask for can come to Service echoserver by an HTTP route of VirtualService echoserver; change one of the two',
    ],
    [
      [
        {
          route: [
            { destination: { host: NAME }, weight: 20_000 },
            { destination: { host: 'help' }, weight: 1 },
          ],
        },
      ],
      request(byWeight(5)),
      'VirtualService echoserver has a weight above 10000, which cannot be split in percent; write the weights with smaller numbers',
    ],
  ] as const)('says what it cannot do: %#', (routes, of, expected) => {
    expect(service.problem(virtualServiceOf([...routes] as IstioRoute[]), of as RouteRequest)).toBe(expected);
  });
});

describe('a DestinationRule', () => {
  const rule = destinationRule(NAME);
  const blue = { name: 'blue', labels: { app: NAME }, trafficPolicy: { tls: { mode: 'DISABLE' } } };
  const elsewhere = { name: 'green', labels: { app: 'another' } };
  const hash = (version: string) => ({ [POD_TEMPLATE_HASH_LABEL]: podHash(version) });

  test('gets subsets of both versions where there is no canary Service', () => {
    const { own } = rule.routed({ own: destinationRuleOf([blue]), made: undefined }, bySubset(byWeight(5)));
    expect((own as DestinationRule).spec.subsets).toEqual([
      blue,
      { name: 'assay-stable', labels: hash('v1') },
      { name: 'assay-canary', labels: hash('v2') },
      { ...blue, name: 'blue-assay-stable', labels: { app: NAME, ...hash('v1') } },
      { ...blue, name: 'blue-assay-canary', labels: hash('v2') },
    ]);
  });

  test('leaves a subset of other pods to them: both of its versions are the same', () => {
    const { own } = rule.routed(
      { own: destinationRuleOf([elsewhere]), made: undefined },
      bySubset(byWeight(5)),
    );
    expect((own as DestinationRule).spec.subsets?.slice(-2)).toEqual([
      { name: 'green-assay-stable', labels: { app: 'another' } },
      { name: 'green-assay-canary', labels: { app: 'another' } },
    ]);
  });

  test('is made for the canary Service with the same rules, and stays as it is', () => {
    const own = destinationRuleOf([blue]);
    const wanted = rule.routed({ own, made: undefined }, request(byWeight(5)));
    expect(wanted.own).toBe(own);
    expect(wanted.made).toMatchObject({
      metadata: { name: CANARY, ownerReferences: [{ kind: 'Rollout', controller: true }] },
      spec: { host: CANARY, subsets: [{ ...blue, labels: hash('v2') }] },
    });
  });

  test('of another host is told', () => {
    const own = { ...destinationRuleOf([]), spec: { host: 'help' } };
    expect(rule.problem(own, request(byWeight(5)))).toBe(
      'DestinationRule echoserver is for host help and not for Service echoserver; correct one of the two',
    );
  });
});

test('subsets are there before anything leads to them, in whatever order a Rollout names the objects', () => {
  const routing = {
    service: NAME,
    ingress: { name: NAME },
    gateway: { httpRouteName: NAME },
    customNetworkRefs: istioRefs.toReversed(),
  };
  expect(providersOf(routing).map(({ own }) => own.resource.kind)).toEqual([
    'DestinationRule',
    'VirtualService',
    'HTTPRoute',
    'Ingress',
  ]);
});
