import type { ClientRequest } from 'node:http';
import type { KubeConfig } from '@kubernetes/client-node';
import { connectionTo, type RequestHead } from './connection.ts';

export interface HttpRequest extends Pick<RequestHead, 'method' | 'path' | 'query'> {
  body?: { contentType: string; text: string };
}

export interface HttpAnswer {
  status: number;
  retryAfter: string | undefined;
  text: string;
}

/** Sends one request; rejects where no complete answer came in time. */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** Whole requests with a deadline, credentials and connecting included. */
export function transport(kubeConfig: KubeConfig, timeoutMs: number): Send {
  const begin = connectionTo(kubeConfig);
  return (request) =>
    new Promise((resolve, reject) => {
      let underWay: ClientRequest | undefined;
      let isLate = false;
      // Not by an AbortSignal: it costs each request a dozen listeners.
      const timer = setTimeout(() => {
        isLate = true;
        underWay?.destroy();
        reject(new Error(`no answer within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      const attempt = async () => {
        underWay = await begin({ ...request, headers: headersOf(request) });
        if (isLate) underWay.destroy();
        return exchange(underWay, request.body?.text);
      };
      attempt()
        .catch((error: unknown) => {
          // A kept connection may be closed by the server just as it is used again. A read is safe to repeat.
          if (request.method === 'GET' && isReset(error) && !isLate) return attempt();
          throw error;
        })
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
}

function headersOf({ body }: HttpRequest): RequestHead['headers'] & {} {
  return body ? { 'Content-Type': body.contentType, 'Content-Length': Buffer.byteLength(body.text) } : {};
}

function exchange(outgoing: ClientRequest, text: string | undefined): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    // For good: an error may also come when the answer is there, and one that nobody listens for ends the process.
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: response.headers['retry-after'],
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.end(text);
  });
}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
