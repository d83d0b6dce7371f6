import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import type { Secret } from '../../src/api/kubernetes.ts';
import { secret, withMetadata } from '../conformance/cluster-objects.ts';

/** Says no to one request; the body is a Status with this reason. */
export interface Refusal {
  status: number;
  headers?: Record<string, string>;
  reason?: string;
}

/** How to reach a server without TLS. */
export function kubeConfigFor(server: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser({ name: 'scripted', server, skipTLSVerify: false }, { name: 'test' });
  return kubeConfig;
}

export function versioned(name: string, version: number, key = 'b25l'): Secret {
  return {
    ...withMetadata(secret('shop', name), { uid: name, resourceVersion: `${version}` }),
    data: { key },
  };
}

/** An API server of Secrets that lists what it is told to and watches as the test says, faults included. */
export async function scriptedApiServer() {
  const requests: URL[] = [];
  const watches: ServerResponse[] = [];
  const refusals: { lists: Refusal[]; watches: Refusal[] } = { lists: [], watches: [] };
  let listed: { items: Secret[]; version: number } = { items: [], version: 1 };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://scripted');
    requests.push(url);
    const isWatch = url.searchParams.has('watch');
    const refusal = (isWatch ? refusals.watches : refusals.lists).shift();
    if (refusal) {
      const { status, headers, reason } = refusal;
      response
        .writeHead(status, headers)
        .end(JSON.stringify({ kind: 'Status', reason, message: 'scripted' }));
    } else if (isWatch) {
      watches.push(response);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      response.on('close', () => watches.splice(watches.indexOf(response), 1));
    } else {
      const metadata = { resourceVersion: `${listed.version}` };
      const items = listed.items.map(({ apiVersion: _none, kind: _neither, ...item }) => item);
      response.end(JSON.stringify({ kind: 'SecretList', apiVersion: 'v1', metadata, items }));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const chosen = (watching: boolean) => requests.filter((url) => url.searchParams.has('watch') === watching);

  return {
    kubeConfig: kubeConfigFor(`http://127.0.0.1:${port}`),
    watches,
    refusals,
    lists: () => chosen(false).length,
    /** The query of each watch that was asked for. */
    watchQueries: () => chosen(true).map((url) => Object.fromEntries(url.searchParams)),
    /** What lists answer from now on. */
    holds: (version: number, ...items: Secret[]) => {
      listed = { items, version };
    },
    send: (type: string, object: unknown) => {
      for (const watch of watches) watch.write(`${JSON.stringify({ type, object })}\n`);
    },
    resetWatches: () => {
      for (const watch of [...watches]) watch.socket?.resetAndDestroy();
    },
    endWatches: () => {
      for (const watch of [...watches]) watch.end();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
