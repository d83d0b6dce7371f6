import type { KubeObject } from '../api/kubernetes.ts';
import { type Resource, resources } from '../api/resource.ts';
import { parseTime } from '../api/timestamp.ts';
import type { Cluster, ObjectRef } from '../cluster/port.ts';

const KRUISE_WEBHOOKS: ObjectRef = { name: 'kruise-rollout-mutating-webhook-configuration' };
const KRUISE_LEASE: ObjectRef = { name: '71ddec2c.kruise.io', namespace: 'kruise-rollout' };

const ADVICE =
  'Two controllers would undo each other on the same Rollouts. Uninstall Kruise Rollouts first ' +
  '(helm uninstall kruise-rollout), the Rollouts stay as they are';

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string; renewTime?: string; leaseDurationSeconds?: number };
}

/**
 * Why this controller must not drive Rollouts here: Kruise Rollouts does so already, or it cannot be found out
 * whether it does. undefined when nothing speaks against it.
 *
 * @param now epoch milliseconds
 */
export async function findRival(cluster: Cluster, now: number): Promise<string | undefined> {
  const webhooks = await look(cluster, resources.mutatingWebhook, KRUISE_WEBHOOKS);
  if (typeof webhooks === 'string') return webhooks;
  if (webhooks) {
    return `Kruise Rollouts is installed: MutatingWebhookConfiguration ${KRUISE_WEBHOOKS.name} exists. ${ADVICE}`;
  }
  const lease = await look<Lease>(cluster, resources.lease, KRUISE_LEASE);
  if (typeof lease === 'string') return lease;
  if (lease && isHeld(lease, now)) {
    return `Kruise Rollouts is running: ${lease.spec?.holderIdentity} holds Lease ${nameOf(KRUISE_LEASE)}. ${ADVICE}`;
  }
  return undefined;
}

const CRD: ObjectRef = { name: `${resources.rollout.plural}.${resources.rollout.group}` };

interface Crd extends KubeObject {
  spec: { versions: { name: string; served: boolean }[] };
}

/** Why there is no Kruise Rollouts here to stand beside; undefined where its Rollouts are served. */
export async function missKruise(cluster: Cluster): Promise<string | undefined> {
  const crd = await look<Crd>(cluster, resources.crd, CRD);
  if (typeof crd === 'string') return crd;
  const { version } = resources.rollout;
  if (!crd) {
    return (
      `Kruise Rollouts is not installed: CustomResourceDefinition ${CRD.name} does not exist. Install it ` +
      '(helm install kruise-rollout openkruise/kruise-rollout) and start again, or let Assay move the pods itself: --engine=builtin'
    );
  }
  if (crd.spec.versions.some(({ name, served }) => name === version && served)) return undefined;
  return `Kruise Rollouts is too old: ${CRD.name} does not serve ${version}. Upgrade it to 0.5.0 or newer, and start again`;
}

/** The object, undefined where there is none, or in words why that is not known. */
async function look<T extends KubeObject>(
  cluster: Cluster,
  resource: Resource,
  ref: ObjectRef,
): Promise<T | undefined | string> {
  const read = await cluster.get<T>(resource, ref);
  if (read.ok) return read.object;
  if (read.fault.kind === 'NotFound') return undefined;
  return (
    `could not find out whether Kruise Rollouts runs here: ${resource.kind} ${nameOf(ref)}: ` +
    `${read.fault.message}. Let Assay get it, and start again`
  );
}

function nameOf({ name, namespace }: ObjectRef): string {
  return namespace ? `${namespace}/${name}` : name;
}

function isHeld({ spec }: Lease, now: number): boolean {
  const renewedAt = parseTime(spec?.renewTime);
  if (!spec?.holderIdentity || renewedAt === undefined) return false;
  return renewedAt + (spec.leaseDurationSeconds ?? 0) * 1_000 > now;
}
