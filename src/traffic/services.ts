import { POD_TEMPLATE_HASH_LABEL } from '../api/annotations.ts';
import { controllerReference, type Service } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';

export function canaryServiceName(stableService: string): string {
  return `${stableService}-canary`;
}

/** The stable Service selecting only the pods with this hash. The same object when it does so already. */
export function pinnedService(service: Service, hash: string): Service {
  if (service.spec.selector?.[POD_TEMPLATE_HASH_LABEL] === hash) return service;
  return withSelector(service, { ...service.spec.selector, [POD_TEMPLATE_HASH_LABEL]: hash });
}

/** The stable Service as its owner wrote it. The same object when it is so already. */
export function restoredService(service: Service): Service {
  const { [POD_TEMPLATE_HASH_LABEL]: hash, ...selector } = service.spec.selector ?? {};
  return hash === undefined ? service : withSelector(service, selector);
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
export function canaryService(rollout: Rollout, stable: Service, hash: string): Service {
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
      selector: { ...restoredService(stable).spec.selector, [POD_TEMPLATE_HASH_LABEL]: hash },
    },
  };
}

function withoutNodePort(port: Record<string, unknown>): Record<string, unknown> {
  const { nodePort: _nodePort, ...rest } = port;
  return rest;
}
