import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Cluster, ClusterFault, ClusterResult } from '../cluster/port.ts';
import { type CertificateRequest, type Certificates, makeCertificates } from './certificate.ts';

export const CERTIFICATE_SECRET = 'assay-webhook-tls';

const KEYS = { ca: 'ca.crt', cert: 'tls.crt', key: 'tls.key' } as const;
const RENEW_BEFORE_MS = 30 * 86_400_000;
const TRIES = 5;

/**
 * The certificate that all replicas serve: the one in the Secret, or a new one put there when there is none,
 * when it ends within 30 days, or when it was made for other names. Call it again daily: a renewed Secret also
 * keeps the former authority, so that a replica which still serves the former certificate stays trusted.
 *
 * @param namespace the controller's own
 */
export async function loadCertificates(
  cluster: Cluster,
  namespace: string,
  request: CertificateRequest,
): Promise<{ ok: true; certificates: Certificates } | { ok: false; fault: ClusterFault }> {
  const ref = { name: CERTIFICATE_SECRET, namespace };
  let last: ClusterFault = { kind: 'Conflict', message: `Secret ${namespace}/${ref.name} keeps changing` };
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const read = await cluster.get<Secret>(resources.secret, ref);
    if (!read.ok && read.fault.kind !== 'NotFound') return read;
    const present = read.ok ? certificatesIn(read.object) : undefined;
    if (present && isUsable(present, request)) return { ok: true, certificates: present };

    const made = await makeCertificates(request);
    const certificates = present ? { ...made, ca: made.ca + stillTrusted(present, request.now) } : made;
    const written = read.ok
      ? await cluster.replace<Secret>(resources.secret, { ...read.object, data: dataOf(certificates) })
      : await cluster.create<Secret>(resources.secret, newSecret(namespace, certificates));
    if (written.ok) return { ok: true, certificates };
    if (!wasRace(written)) return written;
    // Another replica was faster: what it wrote is read in the next round.
    last = written.fault;
  }
  return { ok: false, fault: last };
}

function wasRace(written: ClusterResult<Secret>): boolean {
  return !written.ok && ['AlreadyExists', 'Conflict', 'NotFound'].includes(written.fault.kind);
}

function newSecret(namespace: string, certificates: Certificates): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: CERTIFICATE_SECRET, namespace },
    type: 'kubernetes.io/tls',
    data: dataOf(certificates),
  };
}

function dataOf({ ca, cert, key }: Certificates): Record<string, string> {
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return { [KEYS.ca]: encode(ca), [KEYS.cert]: encode(cert), [KEYS.key]: encode(key) };
}

function certificatesIn({ data }: Secret): Certificates | undefined {
  const decode = (key: string) => Buffer.from(data?.[key] ?? '', 'base64').toString();
  const found = { ca: decode(KEYS.ca), cert: decode(KEYS.cert), key: decode(KEYS.key) };
  return found.ca && found.cert && found.key ? found : undefined;
}

/** Whether these are whole, belong together, were made for these names and last long enough. */
function isUsable({ ca, cert, key }: Certificates, request: CertificateRequest): boolean {
  try {
    const leaf = new X509Certificate(cert);
    return (
      leaf.checkPrivateKey(createPrivateKey(key)) &&
      leaf.verify(new X509Certificate(ca).publicKey) &&
      leaf.validFromDate.getTime() <= request.now &&
      leaf.validToDate.getTime() >= request.now + RENEW_BEFORE_MS &&
      request.dnsNames.every((name) => leaf.checkHost(name, { subject: 'never' }) !== undefined) &&
      request.ipAddresses.every((address) => leaf.checkIP(address) !== undefined)
    );
  } catch {
    // Not certificates at all: somebody's own content, or a write that was cut short.
    return false;
  }
}

/** The former authority, as long as it is valid; the ones before it are dropped. */
function stillTrusted({ ca }: Certificates, now: number): string {
  try {
    const former = new X509Certificate(ca);
    return former.validToDate.getTime() > now ? `\n${former.toString()}` : '';
  } catch {
    return '';
  }
}
