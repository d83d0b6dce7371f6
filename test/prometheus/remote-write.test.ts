import { once } from 'node:events';
import { createServer } from 'node:http';
import { uncompress } from 'snappyjs';
import { expect, test } from 'vitest';
import { encodeWriteRequest, remoteWrite } from '../../src/prometheus/remote-write.ts';

const series = [
  {
    labels: { job: 'a', __name__: 'up' },
    samples: [
      [1_000, 1.5],
      [2_000, 'stale'],
    ] as const,
  },
];

/** Taken apart by hand, after the definition of the message: field number and wire type, length, content. */
const ENCODED = [
  '0a 36', // timeseries
  '0a 0e 0a 08 5f5f6e616d655f5f 12 02 7570', // label __name__ before job
  '0a 08 0a 03 6a6f62 12 01 61',
  '12 0c 09 000000000000f83f 10 e807', // 1.5 at 1000
  '12 0c 09 020000000000f07f 10 d00f', // the marker of staleness at 2000
]
  .join('')
  .replaceAll(' ', '');

test('a write request is what the protocol says, to the bit', () => {
  expect(Buffer.from(encodeWriteRequest(series)).toString('hex')).toBe(ENCODED);
});

test('it is sent compressed, and a refusal is told with what the server says', async () => {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.from(uncompress(Buffer.concat(chunks))).toString('hex'));
    response
      .writeHead(bodies.length === 1 ? 204 : 400)
      .end(bodies.length === 1 ? undefined : 'out of bounds\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const signal = AbortSignal.timeout(10_000);
  try {
    await remoteWrite(`http://127.0.0.1:${port}`, series, signal);
    await expect(remoteWrite(`http://127.0.0.1:${port}`, series, signal)).rejects.toThrow(
      'Prometheus refused the series (HTTP 400): out of bounds',
    );
  } finally {
    server.close();
  }
  expect(bodies).toEqual([ENCODED, ENCODED]);
});
