import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';

/** A TLS handshake reads the real clock, so that the certificates are made for it. */
const now = Date.now();
const request = {
  dnsNames: ['assay-webhook.assay-system.svc'],
  ipAddresses: ['127.0.0.1', '::1'],
  now,
  validDays: 365,
};
const made = await makeCertificates(request);

/** What a client that trusts `ca` and calls the server `servername` comes to: 'trusted', or why not. */
async function handshake(served: Certificates, ca: string, servername: string | undefined): Promise<string> {
  const server = createServer({ cert: served.cert, key: served.key }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('not listening');
  try {
    return await new Promise<string>((resolve) => {
      const socket = connect({
        port: address.port,
        host: '127.0.0.1',
        ca,
        ...(servername ? { servername } : {}),
      });
      socket.on('secureConnect', () => {
        resolve('trusted');
        socket.destroy();
      });
      socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    });
  } finally {
    server.close();
  }
}

describe('a client that trusts the authority', () => {
  test('accepts the server by its IP address', async () => {
    expect(await handshake(made, made.ca, undefined)).toBe('trusted');
  });

  test('accepts the server by its name', async () => {
    expect(await handshake(made, made.ca, 'assay-webhook.assay-system.svc')).toBe('trusted');
  });

  test('refuses another name', async () => {
    expect(await handshake(made, made.ca, 'elsewhere.svc')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('refuses a server of another authority', async () => {
    const other = await makeCertificates(request);
    expect(await handshake(other, made.ca, undefined)).not.toBe('trusted');
  });
});

test('the leaf is for exactly these names and these days, and can vouch for nothing', () => {
  const leaf = new X509Certificate(made.cert);
  expect(leaf.subjectAltName).toBe(
    'DNS:assay-webhook.assay-system.svc, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(new X509Certificate(made.ca).publicKey)).toBe(true);
  const days = (leaf.validToDate.getTime() - now) / 86_400_000;
  expect(Math.round(days)).toBe(365);
  // A clock that is a few minutes behind takes it as well.
  expect(leaf.validFromDate.getTime()).toBeLessThanOrEqual(now - 299_000);
});
