import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour } from './pod-behaviour.ts';
import { type PodMetrics, podMetrics } from './pod-metrics.ts';

export interface PodServer {
  /** Takes no new connections, waits at most so long for the answers under way, then closes. */
  drain(withinMs: number): Promise<void>;
}

export interface PodServerOptions {
  name: string;
  ip: string;
  ports: readonly number[];
  /** The tag of its image: what tells versions apart where the pods keep their names. */
  version: string;
  behaviour: Extract<Behaviour, { kind: 'serves' }>;
}

/** Serves one pod: an echo on every path, and its metrics on `/metrics`, on each of its ports. */
export async function servePod(options: PodServerOptions): Promise<PodServer> {
  const metrics = podMetrics(Date.now());
  const isError = evenly(options.behaviour.errorShare);
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away before its answer is no trouble of ours.
    answer(request, response, options, metrics, isError).catch(() => response.destroy());
  };
  const servers: Server[] = [];
  for (const port of options.ports) {
    const server = createServer({ keepAliveTimeout: 60_000 }, listener);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, options.ip, resolve);
    });
    servers.push(server);
  }
  return {
    drain: async (withinMs) => {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      await Promise.race([Promise.all(closed), sleep(withinMs)]);
      for (const server of servers) server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { name, version, behaviour }: PodServerOptions,
  metrics: PodMetrics,
  isError: () => boolean,
): Promise<void> {
  if (request.url === '/metrics') {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
    return;
  }
  const startedMs = performance.now();
  let body = '';
  for await (const chunk of request) body = (body + chunk).slice(0, 10_000);
  if (behaviour.latencyMs > 0) await sleep(behaviour.latencyMs);
  const code = isError() ? 500 : 200;
  response.writeHead(code, { 'content-type': 'text/plain', 'x-pod': name, 'x-version': version });
  response.end(code === 500 ? `Hostname: ${name}\n\nInternal Server Error\n` : echo(request, name, body));
  metrics.answered(request.method ?? '', code, (performance.now() - startedMs) / 1000);
}

function echo(request: IncomingMessage, name: string, body: string): string {
  const [path, query = ''] = (request.url ?? '').split('?', 2);
  const host = request.headers.host ?? '';
  const headers = Object.entries(request.headers).map(([header, value]) => `\t${header}=${value}`);
  return [
    `Hostname: ${name}`,
    '',
    'Request Information:',
    `\tclient_address=${request.socket.remoteAddress}`,
    `\tmethod=${request.method}`,
    `\treal path=${path}`,
    `\tquery=${query}`,
    `\trequest_version=${request.httpVersion}`,
    `\trequest_uri=http://${host}${path}`,
    '',
    'Request Headers:',
    ...headers.sort(),
    '',
    'Request Body:',
    body || '\t-no body in request-',
    '',
  ].join('\n');
}

/** Says true for this share of its calls, evenly spaced, so that few requests already show the share. */
function evenly(share: number): () => boolean {
  let owed = 0;
  return () => {
    owed += share;
    if (owed < 1 - 1e-9) return false;
    owed -= 1;
    return true;
  };
}
