import { LAST_APPLIED_ANNOTATION } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import { controllerReference, type Ingress, type IngressRule, type KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { matchAnnotations, problemWithMatches } from './nginx-matches.ts';
import type { Provider, RouteRequest, Share } from './provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io';
const CANARY = `${PREFIX}/canary`;
const CANARY_WEIGHT = `${PREFIX}/canary-weight`;

/** An Ingress of ingress-nginx: a second Ingress, marked as canary, takes its share of the same hosts and paths. */
export function nginxIngress(name: string): Provider {
  return {
    own: { resource: resources.ingress, name },
    made: { resource: resources.ingress, name: canaryIngressName(name) },
    problem: (own, request) => problemWithIngress(own as Ingress, request),
    routed: ({ own, made }, request) => ({
      own,
      made: refreshed(made, canaryIngress(own as Ingress, request)),
    }),
    unrouted: (own) => own,
  };
}

export function canaryIngressName(stableIngress: string): string {
  return `${stableIngress}-canary`;
}

/**
 * The Ingress that sends the canary its share of the stable one's requests, in the way ingress-nginx documents: the
 * same hosts and paths, marked as canary. Rules whose backend is another Service are not the release's and are
 * left out.
 */
export function canaryIngress(stable: Ingress, request: RouteRequest): Ingress {
  const { owner, services, share } = request;
  const { [LAST_APPLIED_ANNOTATION]: _applied, ...annotations } = stable.metadata.annotations ?? {};
  const { ingressClassName, tls } = stable.spec;
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name: canaryIngressName(stable.metadata.name),
      ...(stable.metadata.namespace === undefined ? {} : { namespace: stable.metadata.namespace }),
      ...(stable.metadata.labels === undefined ? {} : { labels: stable.metadata.labels }),
      annotations: { ...annotations, [CANARY]: 'true', ...shareAnnotations(share) },
      ownerReferences: [controllerReference(owner)],
    },
    spec: {
      ...(ingressClassName === undefined ? {} : { ingressClassName }),
      ...(tls === undefined ? {} : { tls }),
      rules: (stable.spec.rules ?? []).flatMap((rule) => retargeted(rule, services)),
    },
  };
}

/** What a share is on a canary Ingress: a weight, or one header and one cookie. */
function shareAnnotations({ weight = 0, matches }: Share): Record<string, string> {
  return matches.length === 0 ? { [CANARY_WEIGHT]: String(weight) } : matchAnnotations(matches);
}

function problemWithIngress(own: Ingress, { services, versions, share }: RouteRequest): string | undefined {
  const { name } = own.metadata;
  if (versions && services.canary === services.stable)
    return `Ingress ${name} tells versions apart by their Services; remove disableGenerateCanaryService`;
  if (!routesTo(own, services.stable))
    return `Ingress ${name} has no path to Service ${services.stable}; correct one of the two`;
  const inexpressible = problemWithMatches(share);
  return inexpressible && `Ingress ${name} is of ingress-nginx, ${inexpressible}`;
}

function retargeted(rule: IngressRule, services: { stable: string; canary: string }): IngressRule[] {
  const paths = (rule.http?.paths ?? []).flatMap((path) => {
    const service = path.backend.service;
    if (service?.name !== services.stable) return [];
    return [{ ...path, backend: { ...path.backend, service: { ...service, name: services.canary } } }];
  });
  return paths.length === 0 ? [] : [{ ...rule, http: { ...rule.http, paths } }];
}

/** The present canary Ingress with the wanted routes; the same object where it has them. */
function refreshed(made: KubeObject | undefined, wanted: Ingress): KubeObject {
  if (!made) return wanted;
  const present = made as Ingress;
  const same =
    sameJson(present.metadata.annotations, wanted.metadata.annotations) &&
    sameJson(present.spec.rules, wanted.spec.rules);
  if (same) return present;
  const metadata = { ...present.metadata, annotations: wanted.metadata.annotations ?? {} };
  const object: Ingress = { ...present, metadata, spec: wanted.spec };
  return object;
}

/** Whether any rule of the Ingress leads to this Service. */
function routesTo(ingress: Ingress, service: string): boolean {
  return (ingress.spec.rules ?? []).some((rule) =>
    (rule.http?.paths ?? []).some((path) => path.backend.service?.name === service),
  );
}

/** The share of requests that a canary Ingress takes, in percent. */
export function canaryWeight(ingress: Ingress): number {
  return Number(ingress.metadata.annotations?.[CANARY_WEIGHT] ?? 0);
}
