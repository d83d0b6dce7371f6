import http from 'node:http';
import https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

export interface RequestHead {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Readonly<Record<string, string>>;
  headers?: http.OutgoingHttpHeaders;
}

/** Begins one request; its body is up to the caller, who ends it. */
export type BeginRequest = (head: RequestHead) => Promise<http.ClientRequest>;

const TLS_OPTIONS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const;

/**
 * Connections to the API server of `kubeConfig` that are kept: client-node's own API clients make a TLS context, and
 * so a connection, for each request. Credentials are asked for anew each time, since tokens and exec plugins rotate
 * them; only when that changes the TLS options is there a new agent.
 */
export function connectionTo(kubeConfig: KubeConfig): BeginRequest {
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error('the kubeconfig has no current cluster');
  const server = new URL(cluster.server);
  const isPlain = server.protocol === 'http:';
  const base = server.href.replace(/\/$/, '');
  let kept: { tls: string; agent: http.Agent } | undefined;

  async function credentials(): Promise<https.RequestOptions> {
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

  return async ({ method, path, query, headers }) => {
    const { headers: ours, ...options } = await credentials();
    const url = new URL(base + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return (isPlain ? http : https).request(url, {
      ...options,
      method,
      headers: {
        ...(ours as http.OutgoingHttpHeaders | undefined),
        Accept: 'application/json',
        'User-Agent': 'assay',
        ...headers,
      },
    });
  };
}

function pick<T, K extends keyof T>(object: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    names.filter((name) => object[name] !== undefined).map((name) => [name, object[name]]),
  ) as Pick<T, K>;
}
