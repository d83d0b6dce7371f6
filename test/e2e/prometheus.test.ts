import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricQuery } from '../../src/analysis/query-answer.ts';
import { type PrometheusConfig, prometheusSource } from '../../src/prometheus/source.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import {
  metricSourceContract,
  type OpenSource,
  promqlContract,
} from '../conformance/metric-source.contract.ts';
import { eventually, type PrometheusServer, prometheusServer } from './prometheus-server.ts';

const METRICS = `# TYPE contract_requests_total counter
contract_requests_total{code="200"} 90
contract_requests_total{code="500"} 10
`;
const TRANSIENT = `${METRICS}contract_transient 7\n`;

const wallClock = { now: () => Date.now() };

function askWith(config: Partial<PrometheusConfig> & Pick<PrometheusConfig, 'address'>) {
  const source = prometheusSource({ timeoutMs: 5_000, evaluationDelayMs: 0, ...config }, wallClock);
  return {
    source,
    ask: (query: Partial<MetricQuery>) =>
      source({ query: 'up', evaluateAt: Date.now(), ...query }, new AbortController().signal),
  };
}

async function openDebians(): Promise<OpenSource> {
  const server = await prometheusServer(METRICS);
  const { source, ask } = askWith({ address: `http://127.0.0.1:${server.port}` });
  let presentAt = 0;
  await eventually(server, async () => {
    presentAt = Date.now();
    const query = 'count(contract_requests_total offset 3s) + count(contract_requests_total)';
    expect(await ask({ query, evaluateAt: presentAt })).toMatchObject({ values: [4] });
  });
  const selectors = {
    one: 'contract_requests_total{code="200"}',
    both: 'contract_requests_total',
    none: 'contract_no_such_metric',
  };
  return { source, presentAt, selectors, close: server.close };
}

metricSourceContract("Debian's Prometheus", openDebians);
promqlContract("Debian's Prometheus", openDebians);

describe('a series that ends', () => {
  let server: PrometheusServer;
  beforeAll(async () => {
    server = await prometheusServer(TRANSIENT);
  });
  afterAll(() => server?.close());

  test('is marked by Prometheus, and the mark is in no answer', async () => {
    const { ask } = askWith({ address: `http://127.0.0.1:${server.port}` });
    await eventually(server, async () => {
      expect(await ask({ query: 'contract_transient' })).toMatchObject({ values: [7] });
    });
    server.expose(METRICS);
    await eventually(server, async () => {
      expect(await ask({ query: 'contract_transient' })).toMatchObject({ kind: 'samples', values: [] });
    });
    for (const query of [
      { query: 'contract_transient[1m]', raw: true },
      { query: 'contract_transient', range: { windowMs: 60_000, stepMs: 1_000 } },
    ]) {
      const answer = await ask(query);
      const samples = answer.kind === 'series' ? answer.series.flatMap((each) => each.samples) : [];
      expect(samples.length).toBeGreaterThan(0);
      expect(samples.filter(([, value]) => value !== 7)).toEqual([]);
    }
  });
});

describe('a Prometheus with TLS and a user', () => {
  let server: PrometheusServer;
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates({
      dnsNames: ['prometheus.test'],
      ipAddresses: [],
      now: Date.now(),
      validDays: 1,
    });
    server = await prometheusServer(METRICS, {
      config: {
        tls_server_config: { cert_file: 'cert.pem', key_file: 'key.pem' },
        // bcrypt of "test".
        basic_auth_users: { assay: '$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay' },
      },
      files: { 'cert.pem': certificates.cert, 'key.pem': certificates.key },
    });
    const { ask } = good();
    await eventually(server, async () => {
      expect(await ask({ query: 'vector(1)' })).toMatchObject({ values: [1] });
    });
  });
  afterAll(() => server?.close());

  const settings = () => ({
    address: `https://127.0.0.1:${server.port}`,
    basic: { username: 'assay', password: 'test' },
    tls: { ca: certificates.ca, serverName: 'prometheus.test' },
  });
  const good = () => askWith(settings());

  test.each([
    ['no credentials', { basic: undefined }, 'Unauthorized'],
    ['a wrong password', { basic: { username: 'assay', password: 'guess' } }, 'Unauthorized'],
    ['an unknown authority', { tls: { serverName: 'prometheus.test' } }, 'Untrusted'],
  ])('refuses %s, or is refused', async (_title, wrong, reason) => {
    expect(await askWith({ ...settings(), ...wrong }).ask({})).toMatchObject({ kind: 'fault', reason });
  });

  test('is refused by the name of another', async () => {
    const { ca } = settings().tls;
    expect(await askWith({ ...settings(), tls: { ca } }).ask({})).toMatchObject({ reason: 'Untrusted' });
  });

  test('is not asked by http', async () => {
    const { ask } = askWith({ ...settings(), address: `http://127.0.0.1:${server.port}` });
    expect(await ask({})).toMatchObject({ kind: 'fault', reason: 'NotPrometheus' });
  });
});
