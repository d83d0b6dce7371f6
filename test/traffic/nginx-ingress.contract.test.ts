import fc from 'fast-check';
import router from '../../playground/ingress/router.js';
import { routesOf } from '../../playground/ingress/routes.ts';
import type { Ingress, KubeObject } from '../../src/api/kubernetes.ts';
import type { RequestMatch } from '../../src/api/rollout.ts';
import { nginxIngress } from '../../src/traffic/nginx-ingress.ts';
import { NAME, NAMESPACE } from '../builders/deployment.ts';
import { markingRequest, routeRequest } from '../builders/traffic.ts';
import { backendPods, backendServices, wordOf } from './backends.ts';
import { providerContract, type Reached, type Routes, type Sent, sentRequests } from './provider.contract.ts';

const path = fc.record({
  path: fc.constantFrom('/', '/a', '/a/b', '/c'),
  pathType: fc.constantFrom('Prefix', 'Exact'),
  backend: fc.constantFrom(NAME, NAME, 'help').map((name) => ({ service: { name, port: { number: 80 } } })),
});

const own = fc
  .record({
    rules: fc.array(
      fc.record({
        http: fc
          .uniqueArray(path, { minLength: 1, maxLength: 3, selector: (each) => each.path })
          .map((paths) => ({ paths })),
      }),
      // ingress-nginx takes the older of two paths that are the same.
      { minLength: 1, maxLength: 1 },
    ),
    labels: fc.option(fc.constant({ team: 'shop' }), { nil: undefined }),
  })
  .map(
    ({ rules, labels }): Ingress => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: {
        name: NAME,
        namespace: NAMESPACE,
        uid: 'ingress-uid',
        resourceVersion: '1',
        ...(labels && { labels }),
      },
      spec: { ingressClassName: 'nginx', rules },
    }),
  );

/** What ingress-nginx can follow: one header, one cookie, or both. */
const header = fc.record({
  type: fc.constantFrom('Exact' as const, 'RegularExpression' as const),
  name: fc.constantFrom('team', 'ab'),
  value: fc.constantFrom('x', 'y'),
});
const cookie = fc.constantFrom('beta', 'team').map((value) => ({ name: 'canary-by-cookie', value }));
const matches = fc.oneof(
  header.map((one): RequestMatch[] => [{ headers: [one] }]),
  cookie.map((one): RequestMatch[] => [{ headers: [one] }]),
  fc.tuple(header, cookie).map(([one, other]): RequestMatch[] => [{ headers: [other] }, { headers: [one] }]),
);

function reached({ own: stable, made }: Routes, sent: Sent): Reached {
  const ingresses = [stable, ...(made ? [made] : [])] as Ingress[];
  const routes = routesOf(ingresses, backendServices, backendPods).get('_') ?? { paths: [] };
  const { cookie, ...headers } = sent.headers;
  const request = {
    path: sent.path,
    headers: { ...headers, ...(cookie === undefined ? {} : { Cookie: cookie }) },
  };
  const all: Reached = {};
  for (let point = 0; point < 100; point += 1) {
    const name = wordOf(router.choose(routes, request, () => (point + 0.5) / 100));
    if (name !== '404') all[name] = (all[name] ?? 0) + 0.01;
  }
  return all;
}

function meets({ headers: [asked] = [] }: RequestMatch, sent: Sent): boolean {
  if (asked?.name === 'canary-by-cookie') return sent.headers['cookie'] === `${asked.value}=always`;
  return sent.headers[asked?.name ?? ''] === asked?.value;
}

/** A canary Ingress in front of the stable Service itself, with the canary's in its place. */
function toCanary(made: KubeObject | undefined): KubeObject | undefined {
  return (
    made &&
    (JSON.parse(
      JSON.stringify(made).replaceAll(`"service":{"name":"${NAME}"`, `"service":{"name":"${NAME}-canary"`),
    ) as KubeObject)
  );
}

for (const [name, request, seen] of [
  ['Ingress of ingress-nginx', routeRequest(0), ({ own, made }: Routes) => ({ own, made })],
  [
    'Ingress of ingress-nginx in front of one Service',
    markingRequest(),
    ({ own, made }: Routes) => ({ own, made: toCanary(made) }),
  ],
] as const) {
  providerContract({
    name,
    provider: nginxIngress(NAME),
    own,
    matches,
    request: (share) => ({ ...request, share }),
    reached: (routes, sent) => reached(seen(routes), sent),
    sent: fc
      .tuple(sentRequests, fc.constantFrom(undefined, 'beta=always', 'team=always', 'beta=never'))
      .map(([sent, cookies]) => ({
        ...sent,
        headers: { ...sent.headers, ...(cookies === undefined ? {} : { cookie: cookies }) },
      })),
    meets,
    edits: {
      'a path to another Service': (ingress) => {
        const { spec } = ingress as Ingress;
        const [first, ...rest] = spec.rules ?? [];
        const added = {
          path: '/mine',
          pathType: 'Prefix',
          backend: { service: { name: 'help', port: { number: 80 } } },
        };
        const rules = [{ ...first, http: { paths: [...(first?.http?.paths ?? []), added] } }, ...rest];
        return { ...ingress, spec: { ...spec, rules } } as KubeObject;
      },
    },
  });
}
