import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { freePort } from '../../playground/address-block.ts';
import { programs } from '../../playground/system-packages.ts';

export interface PrometheusServer {
  port: number;
  /** What the target exposes from now on. */
  expose(metrics: string): void;
  close(): Promise<void>;
}

/**
 * A Prometheus of the test's own that scrapes one target every second. `web` is its web configuration, with
 * files beside it.
 */
export async function prometheusServer(
  metrics: string,
  web?: { config: object; files: Record<string, string> },
): Promise<PrometheusServer> {
  let exposed = metrics;
  const target = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(exposed);
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port: targetPort } = target.address() as AddressInfo;

  const dir = await mkdtemp(join(tmpdir(), 'assay-prometheus-'));
  const scrape = {
    job_name: 'contract',
    scrape_interval: '1s',
    static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }],
  };
  // JSON is YAML.
  const files = {
    'prometheus.yml': JSON.stringify({ scrape_configs: [scrape] }),
    ...(web && { 'web.yml': JSON.stringify(web.config), ...web.files }),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const port = await freePort('127.0.0.1');
  const child = spawn(
    programs.prometheus,
    [
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(web ? [`--web.config.file=${join(dir, 'web.yml')}`] : []),
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  return {
    port,
    expose: (changed) => {
      exposed = changed;
    },
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      target.closeAllConnections();
      target.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Waits until something that the server is asked holds; closes the server when it never does. */
export async function eventually(server: PrometheusServer, check: () => Promise<void>): Promise<void> {
  try {
    await vi.waitFor(check, { timeout: 30_000, interval: 200 });
  } catch (error) {
    await server.close();
    throw error;
  }
}
