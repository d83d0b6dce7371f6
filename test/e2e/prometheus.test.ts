import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { freePort } from '../../playground/address-block.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { metricSourceContract } from '../conformance/metric-source.contract.ts';

const METRICS = `# TYPE contract_requests_total counter
contract_requests_total{code="200"} 90
contract_requests_total{code="500"} 10
`;

metricSourceContract("Debian's Prometheus", async () => {
  const target = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(METRICS);
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port: targetPort } = target.address() as AddressInfo;

  const dir = await mkdtemp(join(tmpdir(), 'assay-prometheus-'));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(
    configFile,
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'contract',
          scrape_interval: '1s',
          static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }],
        },
      ],
    }),
  );
  const port = await freePort('127.0.0.1');
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');

  const source = prometheusSource(
    { address: `http://127.0.0.1:${port}`, timeoutMs: 5_000, evaluationDelayMs: 0 },
    { now: () => Date.now() },
  );
  const close = async () => {
    child.kill('SIGKILL');
    await exited;
    target.closeAllConnections();
    target.close();
    await rm(dir, { recursive: true, force: true });
  };

  let presentAt = 0;
  const scraped = vi.waitFor(
    async () => {
      presentAt = Date.now();
      const query = { query: 'count(contract_requests_total)', evaluateAt: presentAt };
      expect(await source(query, new AbortController().signal)).toMatchObject({ values: [2] });
    },
    { timeout: 30_000, interval: 200 },
  );
  await scraped.catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { source, presentAt, close };
});
