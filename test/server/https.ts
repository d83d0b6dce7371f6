import { request } from 'node:https';

export interface HttpsAnswer {
  status: number;
  body: unknown;
}

/** Sends a POST as the API server does: JSON over TLS, trusting `ca` alone. */
export function post(
  port: number,
  path: string,
  ca: string,
  body: string,
  contentType = 'application/json',
): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { host: '127.0.0.1', port, path, method: 'POST', ca, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve({
            status: answer.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
