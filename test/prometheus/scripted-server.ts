import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { constants, createGzip } from 'node:zlib';

export interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
  form: Record<string, string>;
}

export type Script = (response: ServerResponse, received: Received) => void;

/** A loopback HTTP server that answers as the script says and remembers what it was asked; with `tls` by https. */
export async function scriptedServer(script: Script, tls?: { cert: string; key: string }) {
  const received: Received[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    const asked = { method, url, headers, body, form: Object.fromEntries(new URLSearchParams(body)) };
    received.push(asked);
    script(response, asked);
  };
  const server = tls ? createTlsServer(tls, respond) : createServer(respond);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    address: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    received,
    /** How many connections there were, and how many are open. */
    connections: async () => ({
      made: connections,
      open: await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count))),
    }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers a status and a body, as JSON unless it is text. */
export function answers(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
  };
}

/** An endless answer; tells how much of it was taken. */
export function endless(taken: { bytes: number }, encoding?: 'gzip'): Script {
  return (response) => {
    const headers = { 'content-type': 'application/json', ...(encoding && { 'content-encoding': encoding }) };
    response.writeHead(200, headers);
    const out = encoding ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : response;
    if (out !== response) out.pipe(response);
    const chunk = Buffer.alloc(65_536, ' ');
    const write = () => {
      let goesOn = true;
      while (goesOn && !response.destroyed) {
        goesOn = out.write(chunk);
        taken.bytes += chunk.length;
      }
    };
    out.on('drain', write);
    response.on('close', () => out.destroy());
    write();
  };
}

/** Prometheus's answer of a matrix with these samples, `[seconds, value]`. */
export function matrix(...series: [number, string][][]) {
  return {
    status: 'success',
    data: {
      resultType: 'matrix',
      result: series.map((values, n) => ({ metric: { pod: `pod-${n}` }, values })),
    },
  };
}

/** Prometheus's answer of a vector with these values. */
export function vector(...values: string[]) {
  return {
    status: 'success',
    data: {
      resultType: 'vector',
      result: values.map((value, n) => ({ metric: { pod: `pod-${n}` }, value: [1_700_000_000, value] })),
    },
  };
}
