import { controllerReference, type Service } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';

export function canaryServiceName(stableService: string): string {
  return `${stableService}-canary`;
}

/** The stable Service selecting only the pods with this value of `label`. The same object when it does so already. */
export function pinnedService(service: Service, label: string, value: string): Service {
  if (service.spec.selector?.[label] === value) return service;
  return withSelector(service, { ...service.spec.selector, [label]: value });
}

/** The stable Service as its owner wrote it. The same object when it is so already. */
export function restoredService(service: Service, label: string): Service {
  const { [label]: value, ...selector } = service.spec.selector ?? {};
  return value === undefined ? service : withSelector(service, selector);
}

function withSelector(service: Service, selector: Record<string, string>): Service {
  return { ...service, spec: { ...service.spec, selector } };
}

/** Fields that belong to one Service alone and cannot be given to a second one. */
const UNSHARED_FIELDS = [
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'ipFamilies',
  'ipFamilyPolicy',
  'loadBalancerIP',
  'healthCheckNodePort',
];

/** The Service in front of the canary pods: the stable one's ports, the canary's pods. */
export function canaryService(rollout: Rollout, stable: Service, label: string, value: string): Service {
  const shared = Object.fromEntries(
    Object.entries(stable.spec).filter(([field]) => !UNSHARED_FIELDS.includes(field)),
  );
  const ports = Array.isArray(stable.spec['ports']) ? stable.spec['ports'].map(withoutNodePort) : undefined;
  return {
    apiVersion: stable.apiVersion,
    kind: stable.kind,
    metadata: {
      name: canaryServiceName(stable.metadata.name),
      ...(stable.metadata.namespace === undefined ? {} : { namespace: stable.metadata.namespace }),
      ...(stable.metadata.labels === undefined ? {} : { labels: stable.metadata.labels }),
      ownerReferences: [controllerReference(rollout)],
    },
    spec: {
      ...shared,
      ...(ports === undefined ? {} : { ports }),
      selector: { ...stable.spec.selector, [label]: value },
    },
  };
}

function withoutNodePort(port: Record<string, unknown>): Record<string, unknown> {
  const { nodePort: _nodePort, ...rest } = port;
  return rest;
}
