import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

/** Says what is wrong, or undefined when all is well. */
export type HealthCheck = () => string | undefined;

export interface HealthOptions {
  /** By their names; a process that fails one of these should be started anew. */
  alive: Readonly<Record<string, HealthCheck>>;
  /** By their names; a process that fails one of these should get no requests. */
  ready: Readonly<Record<string, HealthCheck>>;
  registry: Registry;
}

/** The plain HTTP server of probes and metrics: /healthz, /readyz, /metrics. Not yet listening. */
export function createHealthServer(options: HealthOptions): FastifyInstance {
  const server = fastify({ logger: false });
  const probes = [
    ['/healthz', options.alive],
    ['/readyz', options.ready],
  ] as const;
  for (const [path, checks] of probes) {
    server.get(path, (_request, reply) => {
      const { healthy, text } = run(checks);
      return reply
        .code(healthy ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .send(text);
    });
  }
  server.get('/metrics', async (_request, reply) => {
    const text = await options.registry.metrics();
    return reply.type(options.registry.contentType).send(text);
  });
  return server;
}

/** One line a check, as the API server's own probes write them. */
function run(checks: Readonly<Record<string, HealthCheck>>): { healthy: boolean; text: string } {
  const results = Object.entries(checks).map(([name, check]) => ({ name, fault: check() }));
  const lines = results.map(({ name, fault }) =>
    fault === undefined ? `[+] ${name} ok` : `[-] ${name}: ${fault}`,
  );
  return {
    healthy: results.every(({ fault }) => fault === undefined),
    text: `${lines.join('\n')}\n`,
  };
}
