import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import { deployment } from '../conformance/cluster-objects.ts';

let certificates: Certificates;
let server: Server;
const seen: { authorization: string | undefined; client: string | undefined; port: number | undefined }[] =
  [];

const certificatesOf = () =>
  makeCertificates({ dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'], now: Date.now(), validDays: 1 });

beforeAll(async () => {
  certificates = await certificatesOf();
  const { ca, cert, key } = certificates;
  server = createServer(
    { ca, cert, key, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket;
      seen.push({
        authorization: request.headers.authorization,
        client: socket.getPeerX509Certificate()?.fingerprint256,
        port: socket.remotePort,
      });
      response.end(JSON.stringify(deployment('shop', 'echo')));
    },
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function kubeConfigOf(ca: string, user: { token?: string; certData?: string; keyData?: string }): KubeConfig {
  const kubeConfig = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  const caData = Buffer.from(ca).toString('base64');
  kubeConfig.loadFromClusterAndUser(
    { name: 'c', server: `https://127.0.0.1:${port}`, caData, skipTLSVerify: false },
    { name: 'u', ...user },
  );
  return kubeConfig;
}

const getEcho = (kubeConfig: KubeConfig) => {
  const cluster = clusterClient(kubeConfig, { fieldManager: 'assay' });
  return () => cluster.get(resources.deployment, { namespace: 'shop', name: 'echo' });
};

test('the server is trusted by the CA of the kubeconfig, and knows us by token and certificate', async () => {
  const { ca, cert, key } = certificates;
  const base64 = (pem: string) => Buffer.from(pem).toString('base64');
  const get = getEcho(kubeConfigOf(ca, { token: 'secret', certData: base64(cert), keyData: base64(key) }));
  expect([(await get()).ok, (await get()).ok]).toEqual([true, true]);
  const client = new X509Certificate(cert).fingerprint256;
  const { port } = seen[0] ?? {};
  expect(seen).toEqual(Array(2).fill({ authorization: 'Bearer secret', client, port }));
});

test('a server that another CA vouches for is not spoken to', async () => {
  const { ca } = await certificatesOf();
  seen.length = 0;
  expect(await getEcho(kubeConfigOf(ca, { token: 'secret' }))()).toMatchObject({
    ok: false,
    fault: { kind: 'Unavailable', message: expect.stringContaining('certificate') },
  });
  expect(seen).toEqual([]);
});
