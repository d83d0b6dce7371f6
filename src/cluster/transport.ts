import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: { contentType: string; text: string };
}

export interface HttpAnswer {
  status: number;
  retryAfter: string | undefined;
  text: string;
}

/** Sends one request; rejects where no complete answer came in time. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const;

/**
 * Requests to the API server of `kubeConfig` over connections that are kept: client-node's own API clients make
 * a TLS context, and so a connection, for each request. Credentials are asked for anew each time, since tokens
 * and exec plugins rotate them; only when that changes the TLS options is there a new agent.
 */
export function transport(kubeConfig: KubeConfig, timeoutMs: number): Send {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const server = new URL(cluster.server);
  const isPlain = server.protocol === 'http:';
  let kept: { tls: string; agent: http.Agent } | undefined;

  async function connection(): Promise<https.RequestOptions> {
    const options: https.RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(options);
    const { headers, auth, agent } = options;
    const common = { ...(headers && { headers }), ...(auth !== undefined && { auth }) };
    // Only client-node knows how to go through a proxy.
    if (cluster?.proxyUrl && agent !== undefined) return { ...common, agent };
    return { ...common, agent: agentFor(options) };
  }

  function agentFor(options: https.RequestOptions): http.Agent {
    const tls = TLS_OPTIONS.map((name) => String(options[name])).join('\n');
    if (kept?.tls !== tls) {
      const agent = isPlain
        ? new http.Agent({ keepAlive: true })
        : new https.Agent({ keepAlive: true, ...pick(options, TLS_OPTIONS) });
      kept = { tls, agent };
    }
    return kept.agent;
  }

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { headers, ...options } = await connection();
    signal.throwIfAborted();
    const { body, method } = request;
    const url = new URL(server.href.replace(/\/$/, '') + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const outgoing = (isPlain ? http : https).request(url, {
        ...options,
        method,
        signal,
        headers: {
          ...(headers as http.OutgoingHttpHeaders | undefined),
          Accept: 'application/json',
          'User-Agent': 'assay',
          ...(body && { 'Content-Type': body.contentType, 'Content-Length': Buffer.byteLength(body.text) }),
        },
      });
      outgoing.on('response', resolve);
      outgoing.on('error', reject);
      outgoing.end(body?.text);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      text: Buffer.concat(chunks).toString('utf8'),
    };
  }

  return async (request) => {
    const deadline = new AbortController();
    const late = new Error(`no answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => deadline.abort(late), timeoutMs);
    const overdue = new Promise<never>((_, reject) => {
      deadline.signal.addEventListener('abort', () => reject(late), { once: true });
    });
    const attempt = () => Promise.race([exchange(request, deadline.signal), overdue]);
    try {
      return await attempt().catch((error: unknown) => {
        // A kept connection may be closed by the server just as it is used again. A read is safe to repeat.
        if (request.method === 'GET' && isReset(error)) return attempt();
        throw error;
      });
    } finally {
      clearTimeout(timer);
    }
  };
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function pick<T, K extends keyof T>(object: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]),
  ) as Pick<T, K>;
}
