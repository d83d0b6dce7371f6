import { describe, expect, test } from 'vitest';
import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
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
});
