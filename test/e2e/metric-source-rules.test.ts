import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { crdOf } from '../../src/api/crd.ts';
import { clusterMetricSourceKind } from '../../src/api/metric-source.ts';
import { resources } from '../../src/api/resource.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { must } from '../conformance/open-cluster.ts';

/** What the API server itself refuses of a source, with no webhook there. */
let playground: Playground;
let cluster: Cluster;
beforeAll(async () => {
  playground = await openPlayground({});
  cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'assay-test' });
  await must(cluster.create(resources.crd, crdOf([clusterMetricSourceKind])));
  await vi.waitFor(() => must(cluster.list(resources.clusterMetricSource)), {
    timeout: 10_000,
    interval: 50,
  });
});
afterAll(() => playground?.close());

const KEY = { name: 'prom', key: 'text' };
const basic = { username: '12345', password: KEY };
const bearer = { token: KEY };
const oauth2 = { tokenUrl: 'https://idp/token', clientId: 'a', clientSecret: KEY, scopes: ['read:metrics'] };
const ONE = 'give exactly one of basic, bearer and oauth2 in spec.prometheus.auth';

test.each<[string, object, string | undefined]>([
  ['no-auth', {}, undefined],
  ['basic', { auth: { basic } }, undefined],
  ['bearer', { auth: { bearer } }, undefined],
  ['oauth2', { auth: { oauth2 }, tls: { serverName: 'a' } }, undefined],
  ['nothing', { auth: {} }, ONE],
  ['two', { auth: { basic, oauth2 } }, ONE],
  ['three', { auth: { basic, bearer, oauth2 } }, ONE],
  ['colon', { auth: { basic: { ...basic, username: 'a:b' } } }, 'spec.prometheus.auth.basic.username'],
  ['scope', { auth: { oauth2: { ...oauth2, scopes: ['a b'] } } }, 'spec.prometheus.auth.oauth2.scopes[0]'],
])('a source with auth of the kind %s', async (name, fields, message) => {
  const made = await cluster.create(resources.clusterMetricSource, {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name },
    spec: { prometheus: { address: 'https://prometheus:9090', ...fields } },
  } as never);
  expect(made.ok ? undefined : made.fault.message).toEqual(
    message === undefined ? undefined : expect.stringContaining(message),
  );
});
