import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** A loopback endpoint in the place of Slack: keeps what is posted to it. */
export interface AlertSink {
  readonly url: string;
  readonly received: readonly unknown[];
  close(): void;
}

/** Listens on a free loopback port; `onAlert` is told of every message. */
export async function openAlertSink(onAlert: (body: unknown) => void): Promise<AlertSink> {
  const received: unknown[] = [];
  const server = createServer(async (request, response) => {
    const body = await json(request).catch(() => undefined);
    received.push(body);
    onAlert(body);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the sink has no port');
  return { url: `http://127.0.0.1:${address.port}/services/demo`, received, close: () => server.close() };
}
