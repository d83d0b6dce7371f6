import type { Secret } from '../api/kubernetes.ts';
import type { ClusterMetricSource, SecretKey } from '../api/metric-source.ts';
import { resources } from '../api/resource.ts';
import type { Cluster } from '../cluster/port.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';

export type SecretText = { ok: true; text: string } | { ok: false; message: string; retryable: boolean };

/** How a source wants to be asked; the texts are secret and never logged. */
export type Credentials = Pick<PrometheusConfig, 'basic' | 'bearer' | 'oauth2'>;

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
  const { basic, bearer, oauth2 } = auth ?? {};
  if (basic) {
    const password = await readSecretKey(cluster, ownNamespace, basic.password);
    if (!password.ok) return password;
    return { ok: true, credentials: { basic: { username: basic.username, password: password.text } } };
  }
  if (bearer) {
    const token = await readSecretKey(cluster, ownNamespace, bearer.token);
    if (!token.ok) return token;
    // Anything else in a header would end in a message of the HTTP library that repeats it.
    if (!/^[\x21-\x7e]+$/.test(token.text)) {
      const { name, key } = bearer.token;
      const message = `key ${key} of Secret ${ownNamespace}/${name} holds no bearer token: it is empty, or has blanks, line breaks or letters that are not ASCII`;
      return { ok: false, message, retryable: false };
    }
    return { ok: true, credentials: { bearer: token.text } };
  }
  if (oauth2) {
    const { clientSecret, ...fields } = oauth2;
    const secret = await readSecretKey(cluster, ownNamespace, clientSecret);
    if (!secret.ok) return secret;
    return { ok: true, credentials: { oauth2: { ...fields, clientSecret: secret.text } } };
  }
  return { ok: true, credentials: {} };
}
