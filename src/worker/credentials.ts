import type { Secret } from '../api/kubernetes.ts';
import type { ClusterMetricSource, SecretKey } from '../api/metric-source.ts';
import { resources } from '../api/resource.ts';
import type { Cluster } from '../cluster/port.ts';

export type SecretText = { ok: true; text: string } | { ok: false; message: string; retryable: boolean };

/** How a source wants to be asked; the texts are secret and never logged. */
export interface Credentials {
  basic?: { username: string; password: string };
  bearer?: string;
}

/** Reads one key of a Secret, without the line break that many files end with. */
export async function readSecretKey(
  cluster: Cluster,
  namespace: string,
  { name, key }: SecretKey,
): Promise<SecretText> {
  const read = await cluster.get<Secret>(resources.secret, { name, namespace });
  if (!read.ok) {
    const message =
      read.fault.kind === 'NotFound'
        ? `Secret ${namespace}/${name} does not exist; create it with the key ${key}`
        : `Secret ${namespace}/${name} cannot be read: ${read.fault.message}`;
    return { ok: false, message, retryable: read.fault.kind === 'Unavailable' };
  }
  const data = read.object.data?.[key];
  if (data === undefined) {
    return { ok: false, message: `Secret ${namespace}/${name} has no key ${key}; add it`, retryable: false };
  }
  return { ok: true, text: Buffer.from(data, 'base64').toString('utf8').trimEnd() };
}

/** The credentials of a source, from Secrets of the controller's own namespace. */
export async function readCredentials(
  cluster: Cluster,
  ownNamespace: string,
  { auth }: ClusterMetricSource['spec']['prometheus'],
): Promise<{ ok: true; credentials: Credentials } | Extract<SecretText, { ok: false }>> {
  const credentials: Credentials = {};
  if (auth?.basic) {
    const password = await readSecretKey(cluster, ownNamespace, auth.basic.password);
    if (!password.ok) return password;
    credentials.basic = { username: auth.basic.username, password: password.text };
  }
  if (auth?.bearer) {
    const token = await readSecretKey(cluster, ownNamespace, auth.bearer.token);
    if (!token.ok) return token;
    credentials.bearer = token.text;
  }
  return { ok: true, credentials };
}
