import { describe, expect, it } from 'vitest';
import router from '../../playground/ingress/router.js';
import { type CanaryRoute, routesOf } from '../../playground/ingress/routes.ts';
import type { Ingress, Pod, Service } from '../../src/api/kubernetes.ts';

type Rule = { host?: string; path?: string; pathType?: string; service?: string; port?: object };

function ingress(name: string, annotations: Record<string, string>, ...rules: Rule[]): Ingress {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: 'shop',
      annotations: { 'kubernetes.io/ingress.class': 'nginx', ...annotations },
    },
    spec: {
      rules: rules.map(({ host = 'shop.example.com', path = '/', pathType = 'Prefix', service, port }) => ({
        host,
        http: {
          paths: [
            {
              path,
              pathType,
              backend: { service: { name: service ?? 'web', port: port ?? { number: 80 } } },
            },
          ],
        },
      })),
    },
  };
}

function service(
  name: string,
  selector: Record<string, string>,
  targetPort: number | string = 8080,
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { selector, ports: [{ port: 80, name: 'http', targetPort }] },
  };
}

function pod(ip: string, labels: Record<string, string>, ready = true, more: object = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${ip}`, namespace: 'shop', labels, ...more },
    spec: {
      containers: [{ name: 'web', image: 'web', ports: [{ name: 'web', containerPort: 9000 }] } as never],
    },
    status: { podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

const canaryAnnotations = (annotations: Record<string, string>) =>
  Object.fromEntries(
    Object.entries({ canary: 'true', ...annotations }).map(([name, value]) => [
      `nginx.ingress.kubernetes.io/${name}`,
      value,
    ]),
  );

const web = service('web', { app: 'web' });
const webCanary = service('web-canary', { app: 'web', track: 'canary' });
const stablePod = pod('127.10.0.1', { app: 'web' });
const canaryPod = pod('127.10.0.2', { app: 'web', track: 'canary' });

describe('the peers of a path', () => {
  it('are the ready pods that the selector matches and that are not being deleted', () => {
    const pods = [
      stablePod,
      pod('127.10.0.3', { app: 'web' }, false),
      pod('127.10.0.4', { app: 'other' }),
      pod('127.10.0.5', { app: 'web' }, true, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('127.10.0.6', { app: 'web' }, true, { namespace: 'elsewhere' }),
    ];
    const routes = routesOf([ingress('web', {}, {})], [web], pods);
    expect(routes.get('shop.example.com')?.paths).toEqual([
      { path: '/', isExact: false, peers: ['127.10.0.1:8080'] },
    ]);
  });

  it('follow a port named by the Ingress and by the Service', () => {
    const routes = routesOf(
      [ingress('web', {}, { port: { name: 'http' } })],
      [service('web', { app: 'web' }, 'web')],
      [stablePod],
    );
    expect(routes.get('shop.example.com')?.paths[0]?.peers).toEqual(['127.10.0.1:9000']);
  });

  it('are none for a missing Service, and none for one without a selector', () => {
    const missing = routesOf([ingress('web', {}, {})], [], [stablePod]);
    const bare = routesOf([ingress('web', {}, {})], [service('web', {})], [stablePod]);
    expect([missing, bare].map((hosts) => hosts.get('shop.example.com')?.paths[0]?.peers)).toEqual([[], []]);
  });
});

describe('the hosts', () => {
  it('leave out an Ingress of another class and keep one by ingressClassName', () => {
    const other = ingress('other', { 'kubernetes.io/ingress.class': 'traefik' }, { host: 'a.example.com' });
    const modern = ingress('modern', {}, { host: 'B.example.com' });
    modern.metadata.annotations = {};
    modern.spec.ingressClassName = 'nginx';
    expect([...routesOf([other, modern], [web], []).keys()]).toEqual(['b.example.com']);
  });

  it('try exact paths first, then the longest prefix', () => {
    const rules: Rule[] = [
      { path: '/' },
      { path: '/api/orders' },
      { path: '/api', pathType: 'Exact' },
      { path: '/api' },
    ];
    const paths = routesOf([ingress('web', {}, ...rules)], [web], []).get('shop.example.com')?.paths;
    expect(paths?.map(({ path, isExact }) => `${path}${isExact ? ' exactly' : ''}`)).toEqual([
      '/api exactly',
      '/api/orders',
      '/api',
      '/',
    ]);
  });

  it('have a canary where the main Ingress has the same path, and none without it', () => {
    const canary = ingress(
      'web-canary',
      canaryAnnotations({ 'canary-weight': '5' }),
      { service: 'web-canary' },
      { service: 'web-canary', path: '/unknown' },
    );
    const routes = routesOf([canary, ingress('web', {}, {})], [web, webCanary], [stablePod, canaryPod]);
    expect(routes.get('shop.example.com')?.paths).toEqual([
      {
        path: '/',
        isExact: false,
        peers: ['127.10.0.1:8080', '127.10.0.2:8080'],
        canary: { peers: ['127.10.0.2:8080'], weight: 5, weightTotal: 100 },
      },
    ]);
  });
});

describe('the router', () => {
  const choose = (canary: Partial<CanaryRoute>, headers: Record<string, string>, drawn: number) =>
    router.choose(
      {
        paths: [
          {
            path: '/a',
            isExact: false,
            peers: ['s:1'],
            canary: { peers: ['c:1'], weight: 0, weightTotal: 100, ...canary },
          },
        ],
      },
      { path: '/a/b', headers },
      () => drawn,
    );
  const always = { header: { name: 'x-canary' } };
  const valued = { header: { name: 'x-canary', value: 'beta' } };

  it.each([
    ['a draw below the weight', { weight: 5 }, {}, 0.049, 'c:1'],
    ['a draw at the weight', { weight: 5 }, {}, 0.05, 's:1'],
    ['weight 0', {}, {}, 0, 's:1'],
    ['weight 100', { weight: 100 }, {}, 0.999, 'c:1'],
    ['weight 100 without canary pods', { weight: 100, peers: [] }, {}, 0, 's:1'],
    ['the header says always', always, { 'x-canary': 'always' }, 0.9, 'c:1'],
    [
      'the header says never, against the weight',
      { ...always, weight: 100 },
      { 'x-canary': 'never' },
      0,
      's:1',
    ],
    ['the header says something else', { ...always, weight: 100 }, { 'x-canary': 'maybe' }, 0, 'c:1'],
    ['the header has the value', valued, { 'x-canary': 'beta' }, 0.9, 'c:1'],
    ['the header has another value', valued, { 'x-canary': 'always' }, 0.9, 's:1'],
    ['the cookie says always', { cookie: 'try' }, { Cookie: 'a=b; try=always' }, 0.9, 'c:1'],
    ['the cookie says never', { cookie: 'try', weight: 100 }, { Cookie: 'try=never' }, 0, 's:1'],
  ])('%s', (_title, canary, headers, drawn, expected) => {
    expect(choose(canary as Partial<CanaryRoute>, headers as Record<string, string>, drawn)).toBe(expected);
  });

  it('names up to three pods to try, beginning at random', () => {
    const routes = { paths: [{ path: '/', isExact: false, peers: ['a:1', 'b:1', 'c:1', 'd:1'] }] };
    expect(router.choose(routes, { path: '/x', headers: {} }, () => 0.8)).toBe('d:1 a:1 b:1');
  });

  it.each([
    ['/a', '/ab', false, '404'],
    ['/a/', '/a', false, 'p:1'],
    ['/a', '/a/b', true, '404'],
    ['/a', '/a', true, 'p:1'],
  ])('of path %s for %s (exact: %s) answers %s', (path, asked, isExact, expected) => {
    const routes = { paths: [{ path, isExact, peers: ['p:1'] }] };
    expect(router.choose(routes, { path: asked, headers: {} }, () => 0)).toBe(expected);
  });

  it('answers 503 when no pod is ready', () => {
    const routes = { paths: [{ path: '/', isExact: false, peers: [] }] };
    expect(router.choose(routes, { path: '/', headers: {} }, () => 0)).toBe('503');
  });
});
