import type { KubeObject } from '../api/kubernetes.ts';
import { type Resource, resources } from '../api/resource.ts';
import type { Cluster, ClusterFault } from '../cluster/port.ts';
import {
  CONFIGURATION_NAME,
  mutatingWebhooks,
  validatingWebhooks,
  type WebhookConfiguration,
  type WebhookSettings,
} from './webhook-configuration.ts';

/** What stands in the way of a registration; undefined when all is as it should be. */
export type RegistrationFault = ClusterFault | undefined;

/**
 * Tells the API server to call the webhooks, by server-side apply. A configuration that says so already is not
 * written.
 */
export async function registerWebhooks(
  settings: WebhookSettings & { cluster: Cluster },
): Promise<RegistrationFault> {
  const { cluster } = settings;
  return (
    (await ensureApplied(cluster, resources.validatingWebhook, validatingWebhooks(settings))) ??
    (await ensureApplied(cluster, resources.mutatingWebhook, mutatingWebhooks(settings)))
  );
}

/** Applies an object unless everything that it says is there already. */
export async function ensureApplied(
  cluster: Cluster,
  resource: Resource,
  wanted: KubeObject,
): Promise<RegistrationFault> {
  const ref = { name: wanted.metadata.name };
  const present = await cluster.get(resource, ref);
  if (present.ok && contains(present.object, wanted)) return undefined;
  if (!present.ok && present.fault.kind !== 'NotFound') return present.fault;
  const applied = await cluster.patch(resource, ref, { type: 'apply', body: wanted });
  return applied.ok ? undefined : applied.fault;
}

/** Whether every field of `wanted` is in `present` with the same value; `present` may have more fields. */
function contains(present: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(present) &&
      present.length === wanted.length &&
      wanted.every((item, index) => contains(present[index], item))
    );
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof present !== 'object' || present === null) return false;
    return Object.entries(wanted).every(([name, value]) =>
      contains((present as Record<string, unknown>)[name], value),
    );
  }
  // Go leaves a false out where it writes a field only if it says something.
  return present === wanted || (wanted === false && present === undefined);
}

/**
 * Puts the authority into webhook configurations that something else installed, such as the chart, and leaves
 * the rest of them alone. What has it already is not written.
 *
 * @param caBundle PEM
 */
export async function injectCaBundle(settings: {
  cluster: Cluster;
  caBundle: string;
  ownKindsOnly?: boolean;
}): Promise<RegistrationFault> {
  const { cluster } = settings;
  const caBundle = encode(settings.caBundle);
  const fault = await uncontested(() => injectInto(resources.validatingWebhook, cluster, caBundle));
  if (fault || settings.ownKindsOnly) return fault;
  return (
    (await uncontested(() => injectInto(resources.mutatingWebhook, cluster, caBundle))) ??
    (await uncontested(() => injectIntoConversion(cluster, caBundle)))
  );
}

const TRIES = 5;

/** Replicas that start together write the same object: the slower one reads it again. */
async function uncontested(write: () => Promise<RegistrationFault>): Promise<RegistrationFault> {
  let fault = await write();
  for (let retry = 1; retry < TRIES && fault?.kind === 'Conflict'; retry += 1) fault = await write();
  return fault;
}

function encode(pem: string): string {
  return Buffer.from(pem).toString('base64');
}

async function injectInto(
  resource: Resource,
  cluster: Cluster,
  caBundle: string,
): Promise<RegistrationFault> {
  const ref = { name: CONFIGURATION_NAME };
  const read = await cluster.get<WebhookConfiguration>(resource, ref);
  if (!read.ok) return read.fault;
  const { webhooks, metadata } = read.object;
  const body = (webhooks ?? []).flatMap((webhook, index) =>
    webhook.clientConfig.caBundle === caBundle ? [] : [addCa(`/webhooks/${index}/clientConfig`, caBundle)],
  );
  return patchIfAny(resource, cluster, ref.name, metadata.resourceVersion, body);
}

/** Only Rollouts have two versions. */
async function injectIntoConversion(cluster: Cluster, caBundle: string): Promise<RegistrationFault> {
  const { plural, group } = resources.rollout;
  const name = `${plural}.${group}`;
  const read = await cluster.get<ConvertibleCrd>(resources.crd, { name });
  if (!read.ok) return read.fault;
  const config = read.object.spec.conversion?.webhook?.clientConfig;
  // Converted by something else than a webhook: there is nobody who would need the authority.
  if (!config || config.caBundle === caBundle) return undefined;
  const body = [addCa('/spec/conversion/webhook/clientConfig', caBundle)];
  return patchIfAny(resources.crd, cluster, name, read.object.metadata.resourceVersion, body);
}

interface ConvertibleCrd extends KubeObject {
  spec: { conversion?: { webhook?: { clientConfig?: { caBundle?: string } } } };
}

interface Operation {
  op: 'add' | 'test';
  path: string;
  value: unknown;
}

function addCa(path: string, caBundle: string): Operation {
  return { op: 'add', path: `${path}/caBundle`, value: caBundle };
}

async function patchIfAny(
  resource: Resource,
  cluster: Cluster,
  name: string,
  resourceVersion: string | undefined,
  changes: readonly Operation[],
): Promise<RegistrationFault> {
  if (changes.length === 0) return undefined;
  // The places in the list are those of this version.
  const test: Operation = { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion };
  const patched = await cluster.patch(resource, { name }, { type: 'json', body: [test, ...changes] });
  return patched.ok ? undefined : patched.fault;
}
