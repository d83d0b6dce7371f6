import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { freePort } from '../../playground/address-block.ts';
import { answersOk, type Part, startPart } from '../../playground/process.ts';
import { installSystemPackages, programs } from '../../playground/system-packages.ts';

const run = promisify(execFile);
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const SCRAPE_SECONDS = 30;

/** Epoch seconds of the Monday at which the week begins. */
const BEGIN = Date.parse('2025-03-03T00:00:00Z') / 1_000;
const END = BEGIN + 7 * 24 * HOUR;

interface Stretch {
  from: number;
  to: number;
}

/** What happens in the week, in epoch seconds. */
export const WEEK = {
  from: BEGIN,
  to: END,
  /** A fifth of all requests fail. */
  errors: stretch(28, 30 * MINUTE),
  /** Answers take a second. */
  slowness: stretch(76, 30 * MINUTE),
  /** One pod of two fails five orders of a hundred, in place of one. */
  sickPod: stretch(100, 30 * MINUTE),
  /** From its tenth minute on half of all requests fail. */
  incident: stretch(132, HOUR),
} as const;

function stretch(startHour: number, seconds: number): Stretch {
  return { from: BEGIN + startHour * HOUR, to: BEGIN + startHour * HOUR + seconds };
}

/** `2025-03-03T00:00:00.000Z` */
export function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}

export interface PastPrometheus {
  url: string;
  /** How many queries came since it was started; each goes through a proxy that counts. */
  queries(): number;
  close(): Promise<void>;
}

/** A real Prometheus that holds a whole week of a shop with two pods, written by promtool, and scrapes nothing. */
export async function startPastPrometheus(): Promise<PastPrometheus> {
  await installSystemPackages(() => {});
  const dir = await mkdtemp(join(tmpdir(), 'assay-past-'));
  const data = join(dir, 'data');
  await mkdir(data);
  const text = join(dir, 'week.om');
  await pipeline(Readable.from(weekLines()), createWriteStream(text));
  await run('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', text, data], { maxBuffer: 10_000_000 });
  await rm(text);
  const part = await startIdlePrometheus(dir, data);
  const proxy = await countingProxy(part.url);
  return {
    url: proxy.url,
    queries: proxy.count,
    close: async () => {
      proxy.close();
      await part.kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A real Prometheus on loopback that has what is in `data`, and scrapes what `scrapeConfigs` say: nothing by itself. */
export async function startIdlePrometheus(
  dir: string,
  data = join(dir, 'data'),
  scrapeConfigs: unknown[] = [],
): Promise<Part> {
  const config = join(dir, 'prometheus.yml');
  await writeFile(config, JSON.stringify({ scrape_configs: scrapeConfigs }));
  const port = await freePort('127.0.0.1');
  const url = `http://127.0.0.1:${port}`;
  return startPart({
    name: 'prometheus',
    command: programs.prometheus,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      // The week is long ago, and it is to stay.
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    url,
    logsDir: dir,
    isReady: answersOk(`${url}/-/ready`),
  });
}

/** The week as OpenMetrics. It begins a quarter of an hour early, so that the first windows are whole. */
function* weekLines(): Generator<string> {
  const good = [0, 0];
  const bad = [0, 0];
  const failedOrders = [0, 0];
  let orders = 0;
  // A quarter of a minute off the minute, so that no window has a sample on its edge.
  for (let at = BEGIN - 15 * MINUTE + 15; at < END; at += SCRAPE_SECONDS) {
    const broken = within(at, WEEK.errors)
      ? 0.2
      : within(at, { from: WEEK.incident.from + 10 * MINUTE, to: WEEK.incident.to })
        ? 0.5
        : 0;
    let lines = '';
    orders += 1_000;
    for (const pod of [0, 1]) {
      good[pod] = (good[pod] ?? 0) + 1_000 * (1 - broken);
      bad[pod] = (bad[pod] ?? 0) + 1_000 * broken;
      const labels = `namespace="shop",pod="shop-7d4b9c-${pod}"`;
      lines += `http_requests_total{${labels},code="200"} ${good[pod]} ${at}\n`;
      lines += `http_requests_total{${labels},code="500"} ${bad[pod]} ${at}\n`;
      lines += `request_seconds_max{${labels}} ${within(at, WEEK.slowness) ? 1 : 0.1} ${at}\n`;
      failedOrders[pod] = (failedOrders[pod] ?? 0) + (pod === 0 && within(at, WEEK.sickPod) ? 50 : 10);
      lines += `orders_total{${labels}} ${orders} ${at}\n`;
      lines += `orders_failed_total{${labels}} ${failedOrders[pod]} ${at}\n`;
    }
    yield lines;
  }
  yield '# EOF\n';
}

function within(at: number, { from, to }: Stretch): boolean {
  return at >= from && at < to;
}

/** Passes everything on and counts the queries. */
async function countingProxy(
  target: string,
): Promise<{ url: string; count: () => number; close: () => void }> {
  let count = 0;
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk as Buffer);
    if (request.url?.includes('/api/v1/query')) count += 1;
    const answer = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'text/plain' },
      ...(body.length > 0 && { body: Buffer.concat(body) }),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    count: () => count,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
