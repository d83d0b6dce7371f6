import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Secret } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { makeCertificates } from '../../src/server/certificate.ts';
import { CERTIFICATE_SECRET, loadCertificates } from '../../src/server/certificate-store.ts';
import { memoryCluster } from '../world/cluster.ts';

const NAMESPACE = 'assay-system';
const START = Date.parse('2026-01-01T00:00:00Z');
const DAY_MS = 86_400_000;
const request = {
  dnsNames: ['assay-webhook', 'assay-webhook.assay-system.svc'],
  ipAddresses: ['127.0.0.1'],
  now: START,
  validDays: 365,
};

function world() {
  const writes: string[] = [];
  const memory = memoryCluster({ now: () => START, onWrite: (verb) => writes.push(verb) });
  const load = async (part: Partial<typeof request> = {}) => {
    const loaded = await loadCertificates(memory.cluster, NAMESPACE, { ...request, ...part });
    if (!loaded.ok) throw new Error(loaded.fault.message);
    return loaded.certificates;
  };
  const secret = async () => {
    const read = await memory.cluster.get<Secret>(resources.secret, {
      name: CERTIFICATE_SECRET,
      namespace: NAMESPACE,
    });
    if (!read.ok) throw new Error(read.fault.message);
    return read.object;
  };
  const put = async (fields: Record<string, string>) => {
    const present = await secret();
    const data = Object.fromEntries(
      Object.entries(fields).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
    await memory.cluster.replace(resources.secret, { ...present, data: { ...present.data, ...data } });
    writes.length = 0;
  };
  return { ...memory, writes, load, secret, put };
}

describe('the first replica', () => {
  test('makes the certificates and puts them into a Secret', async () => {
    const { load, secret, writes } = world();
    const certificates = await load();
    const { type, data } = await secret();
    expect(type).toBe('kubernetes.io/tls');
    expect(data).toEqual({
      'ca.crt': Buffer.from(certificates.ca).toString('base64'),
      'tls.crt': Buffer.from(certificates.cert).toString('base64'),
      'tls.key': Buffer.from(certificates.key).toString('base64'),
    });
    expect(writes).toEqual(['create']);
  });

  test('and all that start with it serve the same', async () => {
    const { load, writes } = world();
    const [one, two, three] = await Promise.all([load(), load(), load()]);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(writes).toEqual(['create']);
  });
});

describe('what is there is used', () => {
  test.each([
    ['at once', {}],
    ['for fewer names', { dnsNames: ['assay-webhook'], ipAddresses: [] }],
    ['until 30 days before its end', { now: START + 334 * DAY_MS }],
  ])('%s', async (_title, part) => {
    const { load, writes } = world();
    const first = await load();
    expect(await load(part)).toEqual(first);
    expect(writes).toEqual(['create']);
  });
});

describe('what is there is renewed', () => {
  test.each([
    ['when less than 30 days are left', { now: START + 336 * DAY_MS }],
    ['when a name is new', { dnsNames: ['other.svc'] }],
    ['when an address is new', { ipAddresses: ['127.0.0.2'] }],
    ['when it is not yet valid', { now: START - DAY_MS }],
  ])('%s', async (_title, part) => {
    const { load, writes } = world();
    const first = await load();
    const second = await load(part);
    expect(second.cert).not.toBe(first.cert);
    expect(await load(part)).toEqual(second);
    expect(writes).toEqual(['create', 'update']);
  });

  test('and who still serves the former one stays trusted', async () => {
    const { load } = world();
    const first = await load();
    const second = await load({ now: START + 336 * DAY_MS });
    const trusted = authorities(second.ca);
    expect(trusted.map((ca) => new X509Certificate(first.cert).verify(ca.publicKey))).toEqual([false, true]);
    expect(trusted.map((ca) => new X509Certificate(second.cert).verify(ca.publicKey))).toEqual([true, false]);
  });

  test('but an authority that is at its end is trusted no longer', async () => {
    const { load } = world();
    await load();
    const renewed = await load({ now: START + 366 * DAY_MS });
    expect(authorities(renewed.ca)).toHaveLength(1);
  });

  const other = makeCertificates(request);
  test.each([
    ['text that is no certificate', async () => ({ 'tls.crt': 'hello' })],
    ['a key that is not its own', async () => ({ 'tls.key': (await other).key })],
    ['an authority that is not its own', async () => ({ 'ca.crt': (await other).ca })],
    ['nothing', async () => ({ 'ca.crt': '', 'tls.crt': '', 'tls.key': '' })],
  ])('when it holds %s', async (_title, content) => {
    const { load, put, writes } = world();
    const first = await load();
    await put(await content());
    const second = await load();
    expect(second.cert).not.toBe(first.cert);
    expect(new X509Certificate(second.cert).verify(new X509Certificate(second.ca).publicKey)).toBe(true);
    expect(writes).toEqual(['update']);
  });
});

describe('trouble', () => {
  test('another replica that is faster wins', async () => {
    const { load, failNext, writes } = world();
    await load();
    failNext('Conflict', 2);
    const renewed = await load({ dnsNames: ['other.svc'] });
    expect(new X509Certificate(renewed.cert).checkHost('other.svc')).toBe('other.svc');
    expect(writes).toEqual(['create', 'update']);
  });

  test.each([
    ['a Secret that never stops changing', 'Conflict', 5],
    ['an API server that does not answer', 'Unavailable', 1],
    ['a right that is missing', 'Refused', 1],
  ] as const)('%s is told', async (_title, kind, times) => {
    const { cluster, failNext, writes } = world();
    failNext(kind, times);
    const loaded = await loadCertificates(cluster, NAMESPACE, request);
    expect(loaded).toEqual({
      ok: false,
      fault: {
        kind,
        message: 'Secret assay-system/assay-webhook-tls: it fails because the test says so',
      },
    });
    expect(writes).toEqual([]);
  });
});

function authorities(bundle: string): X509Certificate[] {
  const pems = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => new X509Certificate(pem));
}
