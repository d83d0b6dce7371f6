import { describe, expect, test } from 'vitest';
import type { HttpRoute, HttpRouteRule, VirtualService } from '../../src/api/kubernetes.ts';
import { destinationRule } from '../../src/traffic/destination-rule.ts';
import { httpRoute } from '../../src/traffic/http-route.ts';
import { nginxIngress } from '../../src/traffic/nginx-ingress.ts';
import type { Share } from '../../src/traffic/provider.ts';
import { virtualService } from '../../src/traffic/virtual-service.ts';
import { NAME } from '../builders/deployment.ts';
import {
  destinationRuleOf,
  httpRouteOf,
  ingress,
  markingRequest,
  virtualServiceOf,
} from '../builders/traffic.ts';

const requestHeaderModifier = { set: [{ name: 'x-lane', value: 'gray' }] };
const some: Share = { weight: 20, matches: [], requestHeaderModifier };
const testers: Share = {
  weight: undefined,
  matches: [{ headers: [{ name: 'x-user', value: 'tester' }] }],
  requestHeaderModifier,
};
const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier }];
const rule: HttpRouteRule = { backendRefs: [{ name: NAME, port: 80 }] };

const httpRouted = (share: Share, own = httpRouteOf(rule)) =>
  httpRoute(NAME).routed({ own, made: undefined }, { ...markingRequest(), share }).own as HttpRoute;
const unrouted = (own: HttpRoute) => httpRoute(NAME).unrouted(own, markingRequest());

describe('requests that are marked all go to the stable Service', () => {
  test('by an HTTPRoute: those that match have a rule of their own', () => {
    expect(httpRouted(testers).spec.rules).toEqual([
      {
        matches: [
          {
            path: { type: 'PathPrefix', value: '/' },
            headers: [{ type: 'Exact', name: 'x-user', value: 'tester' }],
          },
        ],
        backendRefs: [{ name: NAME, port: 80 }],
        filters,
      },
      rule,
    ]);
  });

  test('by an HTTPRoute: a share of them has a backend of its own', () => {
    expect(httpRouted(some).spec.rules).toEqual([
      {
        backendRefs: [
          { name: NAME, port: 80, weight: 80 },
          { name: NAME, port: 80, weight: 20, filters },
        ],
      },
    ]);
  });

  test('by a VirtualService: its HTTP routes alone, since other requests have no headers', () => {
    const to = { route: [{ destination: { host: NAME } }] };
    const own = virtualServiceOf([to], { tcp: [to] });
    const routed = virtualService(NAME).routed(
      { own, made: undefined },
      { ...markingRequest(), share: some },
    );
    expect((routed.own as VirtualService).spec).toEqual({
      http: [
        {
          route: [
            { destination: { host: NAME }, weight: 80 },
            { destination: { host: NAME }, weight: 20, headers: { request: { set: { 'x-lane': 'gray' } } } },
          ],
        },
      ],
      tcp: [to],
    });
    expect(virtualService(NAME).unrouted(routed.own, markingRequest())).toEqual(own);
  });

  test('nothing is split where a share of them would be like the rest', () => {
    const { requestHeaderModifier: _none, ...unmarked } = some;
    const own = httpRouteOf(rule);
    expect(httpRouted(unmarked, own)).toBe(own);
    // …or where its owner marks some already: they could not be told from ours.
    const marked = httpRouteOf({
      backendRefs: [
        { name: NAME, port: 80, weight: 1 },
        { name: NAME, port: 80, weight: 3, filters },
      ],
    });
    expect(httpRouted(some, marked)).toBe(marked);
  });

  test('what its owner marks in another rule comes back as it was', () => {
    const own = httpRouteOf(rule, {
      matches: [{ path: { type: 'Exact', value: '/beta' } }],
      backendRefs: [{ name: NAME, port: 80, weight: 3, filters }],
    });
    expect(unrouted(httpRouted(some, own))).toEqual(own);
  });
});

describe('what cannot mark requests says so', () => {
  const request = { ...markingRequest(), share: testers };
  test.each([
    [
      'a DestinationRule',
      destinationRule(NAME).problem(destinationRuleOf([]), request),
      `DestinationRule ${NAME} tells versions apart, and marked requests all go to the same one; take it out of customNetworkRefs`,
    ],
    [
      'a VirtualService without HTTP',
      virtualService(NAME).problem(
        virtualServiceOf([], { tcp: [{ route: [{ destination: { host: NAME } }] }] }),
        request,
      ),
      `VirtualService ${NAME} has no HTTP route to Service ${NAME}; correct one of the two`,
    ],
    [
      'ingress-nginx',
      nginxIngress(NAME).problem(ingress(), request),
      `Ingress ${NAME} is of ingress-nginx, which changes no headers of requests; remove requestHeaderModifier`,
    ],
  ])('%s', (_what, problem, message) => {
    expect(problem).toBe(message);
  });
});
