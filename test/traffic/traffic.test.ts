import { describe, expect, test } from 'vitest';
import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import type { RequestMatch } from '../../src/api/rollout.ts';
import { canaryIngress, canaryWeight, nginxIngress } from '../../src/traffic/nginx-ingress.ts';
import { canaryService, pinnedService, restoredService } from '../../src/traffic/services.ts';
import { NAME } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { ingress, routeRequest, service } from '../builders/traffic.ts';

const OWNED = { ownerReferences: [expect.objectContaining({ kind: 'Rollout', controller: true })] };

describe('the stable Service', () => {
  test('is pinned to the pods with a hash, and keeps its own selector', () => {
    expect(pinnedService(service(), POD_TEMPLATE_HASH_LABEL, 'abc').spec.selector).toEqual({
      app: NAME,
      [POD_TEMPLATE_HASH_LABEL]: 'abc',
    });
  });

  test('is the same object where it is pinned so already', () => {
    const pinned = service('v1');
    expect(pinnedService(pinned, POD_TEMPLATE_HASH_LABEL, 'hash-v1')).toBe(pinned);
  });

  test('that is restored selects what its owner wrote', () => {
    expect(restoredService(service('v1'), POD_TEMPLATE_HASH_LABEL)).toEqual(service());
    const plain = service();
    expect(restoredService(plain, POD_TEMPLATE_HASH_LABEL)).toBe(plain);
  });
});

describe('the Service of the canary', () => {
  const made = canaryService(rollout(), service('v1'), POD_TEMPLATE_HASH_LABEL, 'abc');

  test('has the ports of the stable one, and the pods of the canary', () => {
    expect(made).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `${NAME}-canary`, namespace: 'shop', ...OWNED },
      spec: {
        ports: [{ port: 80, targetPort: 8080 }],
        selector: { app: NAME, [POD_TEMPLATE_HASH_LABEL]: 'abc' },
      },
    });
  });

  test('has neither the address nor the node ports of the stable one', () => {
    const stable = service();
    const spec = { ...stable.spec, clusterIPs: ['10.0.0.7'], externalIPs: ['192.0.2.1'], type: 'NodePort' };
    expect(canaryService(rollout(), { ...stable, spec }, POD_TEMPLATE_HASH_LABEL, 'abc').spec).toEqual({
      type: 'NodePort',
      ports: [{ port: 80, targetPort: 8080 }],
      selector: { app: NAME, [POD_TEMPLATE_HASH_LABEL]: 'abc' },
    });
  });
});

describe('the Ingress of the canary', () => {
  const made = canaryIngress(ingress(), routeRequest(5));

  test('has the hosts and paths of the stable one that lead to its Service, marked as ingress-nginx documents', () => {
    expect(made).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: `${NAME}-canary`,
        namespace: 'shop',
        annotations: {
          'kubernetes.io/ingress.class': 'nginx',
          'nginx.ingress.kubernetes.io/canary': 'true',
          'nginx.ingress.kubernetes.io/canary-weight': '5',
        },
        ...OWNED,
      },
      spec: {
        rules: [
          {
            host: 'shop.example.com',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: `${NAME}-canary`, port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    });
    expect(canaryWeight(made)).toBe(5);
  });

  test('leaves out a host that has no path to the Service', () => {
    const stable = ingress();
    const [rule] = ingress('help').spec.rules ?? [];
    const rules = [...(stable.spec.rules ?? []), { ...rule, host: 'help.example.com' }];
    const hosts = canaryIngress({ ...stable, spec: { rules } }, routeRequest(5)).spec.rules;
    expect(hosts?.map(({ host }) => host)).toEqual(['shop.example.com']);
  });

  test('keeps class and TLS, and not what kubectl applied', () => {
    const stable: Ingress = {
      ...ingress(),
      metadata: {
        name: NAME,
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', team: 'shop' },
      },
      spec: { ...ingress().spec, ingressClassName: 'nginx', tls: [{ hosts: ['shop.example.com'] }] },
    };
    const { metadata, spec } = canaryIngress(stable, routeRequest(5));
    expect(spec).toMatchObject({ ingressClassName: 'nginx', tls: [{ hosts: ['shop.example.com'] }] });
    expect(Object.keys(metadata.annotations ?? {})).toEqual([
      'team',
      'nginx.ingress.kubernetes.io/canary',
      'nginx.ingress.kubernetes.io/canary-weight',
    ]);
  });

  test('an Ingress leads to a Service where any of its paths does', () => {
    const problem = (own: Ingress) => nginxIngress(NAME).problem(own, routeRequest(5));
    const missing = `Ingress ${NAME} has no path to Service ${NAME}; correct one of the two`;
    expect(problem(ingress())).toBeUndefined();
    expect(problem(ingress('another'))).toBe(missing);
    expect(problem({ ...ingress(), spec: {} })).toBe(missing);
  });

  const header = (name: string, value: string, type?: 'Exact' | 'RegularExpression') => ({
    headers: [{ name, value, ...(type === undefined ? {} : { type }) }],
  });
  const byMatches = (...matches: RequestMatch[]) => ({
    ...routeRequest(5),
    share: { weight: undefined, matches },
  });
  const CANARY_BY = 'nginx.ingress.kubernetes.io/canary-by-';

  test.each([
    ['a header', [header('x-user', 'tester')], { header: 'x-user', 'header-value': 'tester' }],
    [
      'a pattern',
      [header('x-user', 'test.*', 'RegularExpression')],
      { header: 'x-user', 'header-pattern': 'test.*' },
    ],
    ['a cookie', [header('canary-by-cookie', 'beta')], { cookie: 'beta' }],
    [
      'a header or a cookie',
      [header('canary-by-cookie', 'beta'), header('x-user', 'tester')],
      { cookie: 'beta', header: 'x-user', 'header-value': 'tester' },
    ],
  ])('follows %s, and then no weight', (_what, matches, expected) => {
    const request = byMatches(...matches);
    const annotations = canaryIngress(ingress(), request).metadata.annotations ?? {};
    const told = Object.entries(annotations).filter(([name]) => name.startsWith(CANARY_BY));
    expect(Object.fromEntries(told.map(([name, value]) => [name.slice(CANARY_BY.length), value]))).toEqual(
      expected,
    );
    expect(annotations).not.toHaveProperty(['nginx.ingress.kubernetes.io/canary-weight']);
    expect(nginxIngress(NAME).problem(ingress(), request)).toBeUndefined();
  });

  test('goes from matches to a weight and back on the Ingress that is there', () => {
    const provider = nginxIngress(NAME);
    const first = provider.routed({ own: ingress(), made: undefined }, byMatches(header('x-user', 'tester')));
    const then = provider.routed(first, routeRequest(5));
    expect(then.made).toEqual(canaryIngress(ingress(), routeRequest(5)));
    expect(provider.routed(then, byMatches(header('x-user', 'tester'))).made).toEqual(first.made);
  });

  test.each([
    [[{ path: { value: '/api' } }], 'which cannot choose a canary by path; match a header or a cookie'],
    [
      [{ queryParams: [{ name: 'ab', value: 'b' }] }],
      'which cannot choose a canary by query parameters; match a header or a cookie',
    ],
    [
      [
        {
          headers: [
            { name: 'a', value: '1' },
            { name: 'b', value: '2' },
          ],
        },
      ],
      'which follows exactly one header or cookie in a match; give each match one',
    ],
    [[{}], 'which follows exactly one header or cookie in a match; give each match one'],
    [
      [header('a', '1'), header('b', '2')],
      'which follows one header and one cookie at most; take the other matches out, or join values of one header in a RegularExpression',
    ],
    [
      [header('canary-by-cookie', 'b.*', 'RegularExpression')],
      'which knows a cookie by its name alone; give canary-by-cookie the type Exact',
    ],
  ])('says what ingress-nginx cannot follow, where upstream drops it: %#', (matches, expected) => {
    expect(nginxIngress(NAME).problem(ingress(), byMatches(...(matches as RequestMatch[])))).toBe(
      `Ingress ${NAME} is of ingress-nginx, ${expected}`,
    );
  });

  test('changes no headers, and needs a Service of the canary', () => {
    const request = routeRequest(5);
    const modified = {
      ...request,
      share: { ...request.share, requestHeaderModifier: { remove: ['x-old'] } },
    };
    expect(nginxIngress(NAME).problem(ingress(), modified)).toBe(
      `Ingress ${NAME} is of ingress-nginx, which changes no headers of requests; remove requestHeaderModifier`,
    );
    const single = { ...request, services: { stable: NAME, canary: NAME } };
    expect(nginxIngress(NAME).problem(ingress(), single)).toBe(
      `Ingress ${NAME} tells versions apart by their Services; remove disableGenerateCanaryService`,
    );
  });
});
