import { controllerReference, type Ingress, type IngressRule } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';

const PREFIX = 'nginx.ingress.kubernetes.io';
const CANARY = `${PREFIX}/canary`;
const CANARY_WEIGHT = `${PREFIX}/canary-weight`;
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function canaryIngressName(stableIngress: string): string {
  return `${stableIngress}-canary`;
}

/**
 * The Ingress that sends `weight` percent of the stable one's requests to the canary Service, in the way
 * ingress-nginx documents: the same hosts and paths, marked as canary. Rules whose backend is another
 * Service are not the release's and are left out.
 */
export function canaryIngress(
  rollout: Rollout,
  stable: Ingress,
  services: { stable: string; canary: string },
  weight: number,
): Ingress {
  const { [LAST_APPLIED]: _applied, ...annotations } = stable.metadata.annotations ?? {};
  const { ingressClassName, tls } = stable.spec;
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name: canaryIngressName(stable.metadata.name),
      ...(stable.metadata.namespace === undefined ? {} : { namespace: stable.metadata.namespace }),
      ...(stable.metadata.labels === undefined ? {} : { labels: stable.metadata.labels }),
      annotations: { ...annotations, [CANARY]: 'true', [CANARY_WEIGHT]: String(weight) },
      ownerReferences: [controllerReference(rollout)],
    },
    spec: {
      ...(ingressClassName === undefined ? {} : { ingressClassName }),
      ...(tls === undefined ? {} : { tls }),
      rules: (stable.spec.rules ?? []).flatMap((rule) => retargeted(rule, services)),
    },
  };
}

function retargeted(rule: IngressRule, services: { stable: string; canary: string }): IngressRule[] {
  const paths = (rule.http?.paths ?? []).flatMap((path) => {
    const service = path.backend.service;
    if (service?.name !== services.stable) return [];
    return [{ ...path, backend: { ...path.backend, service: { ...service, name: services.canary } } }];
  });
  return paths.length === 0 ? [] : [{ ...rule, http: { ...rule.http, paths } }];
}

/** Whether any rule of the Ingress leads to this Service. */
export function routesTo(ingress: Ingress, service: string): boolean {
  return (ingress.spec.rules ?? []).some((rule) =>
    (rule.http?.paths ?? []).some((path) => path.backend.service?.name === service),
  );
}

/** The share of requests that a canary Ingress takes, in percent. */
export function canaryWeight(ingress: Ingress): number {
  return Number(ingress.metadata.annotations?.[CANARY_WEIGHT] ?? 0);
}
