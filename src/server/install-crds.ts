import type { Condition, KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Cluster } from '../cluster/port.ts';
import { ensureApplied, type RegistrationFault } from './registration.ts';
import { clientConfig, type WebhookTarget } from './webhook-configuration.ts';

/** A CustomResourceDefinition, as far as installing it needs to know. */
export interface Crd extends KubeObject {
  spec: { versions: readonly unknown[]; [field: string]: unknown };
  status?: { conditions?: Condition[] };
}

export interface CrdInstallation {
  cluster: Cluster;
  crds: readonly KubeObject[];
  /** PEM. */
  caBundle: string;
  target: WebhookTarget;
  /** Waits so many milliseconds. */
  sleep: (ms: number) => Promise<void>;
}

const POLL_MS = 200;
const POLLS = 150;

/**
 * Applies the CRDs, and waits up to 30 s until the API server serves them. Kinds with several versions are
 * converted by the webhook. What is installed already is not written.
 */
export async function installCrds(installation: CrdInstallation): Promise<RegistrationFault> {
  const { cluster, crds } = installation;
  for (const crd of crds) {
    const fault = await ensureApplied(cluster, resources.crd, withConversion(crd as Crd, installation));
    if (fault) return fault;
  }
  for (const { metadata } of crds) {
    const fault = await established(metadata.name, installation);
    if (fault) return fault;
  }
  return undefined;
}

function withConversion(crd: Crd, { caBundle, target }: CrdInstallation): Crd {
  if (crd.spec.versions.length < 2) return crd;
  return {
    ...crd,
    spec: {
      ...crd.spec,
      conversion: {
        strategy: 'Webhook',
        webhook: {
          clientConfig: clientConfig({ caBundle, target }, '/convert'),
          conversionReviewVersions: ['v1'],
        },
      },
    },
  };
}

async function established(name: string, { cluster, sleep }: CrdInstallation): Promise<RegistrationFault> {
  for (let poll = 0; poll < POLLS; poll += 1) {
    const read = await cluster.get<Crd>(resources.crd, { name });
    if (!read.ok && read.fault.kind !== 'Unavailable') return read.fault;
    const conditions = read.ok ? (read.object.status?.conditions ?? []) : [];
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return undefined;
    const rejected = conditions.find(({ type, status }) => type === 'NamesAccepted' && status === 'False');
    if (rejected)
      return { kind: 'Refused', message: `CRD ${name}: ${rejected.message ?? 'names not accepted'}` };
    await sleep(POLL_MS);
  }
  return {
    kind: 'Unavailable',
    message: `CRD ${name} was not served within ${(POLL_MS * POLLS) / 1_000} s. See: kubectl describe crd ${name}`,
  };
}
