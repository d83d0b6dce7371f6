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
