import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { retryAfterMs } from '../../src/prometheus/retry-after.ts';
import { openSource, serverFor } from './open-source.ts';
import { answers, endless, type Script, vector } from './scripted-server.ts';

const tooLarge = (host: string, bytes: number) => ({
  kind: 'fault',
  reason: 'TooLarge',
  message: `Prometheus at ${host} answered more than ${bytes} bytes; aggregate in the query`,
  retryable: false,
});

test.each([undefined, 'gzip'] as const)('an endless answer (%s) is left after 10 MB', async (encoding) => {
  const taken = { bytes: 0 };
  const server = await serverFor(endless(taken, encoding));
  expect(await openSource(server.address, { timeoutMs: 20_000 })()).toEqual(
    tooLarge(server.host, 10_000_000),
  );
  await vi.waitFor(async () => expect(await server.connections()).toEqual({ made: 1, open: 0 }));
  expect(taken.bytes).toBeGreaterThan(9_000_000);
});

test('an answer may be packed', async () => {
  const packed: Script = (response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(vector('4'))));
  const server = await serverFor(packed);
  expect(await openSource(server.address)()).toMatchObject({ values: [4] });
});

const LONG = gzipSync(JSON.stringify(vector(...Array.from({ length: 2_000 }, (_, n) => String(n)))));

test.each<[string, Buffer, string]>([
  [
    'a packed answer that is cut',
    LONG.subarray(0, LONG.length / 2),
    'Prometheus at HOST: the answer is no whole JSON; it was probably cut after NNN bytes',
  ],
  [
    'a packed answer that is none',
    Buffer.from('{"status":"success"}'),
    'the compressed answer of Prometheus at HOST is broken (Z_DATA_ERROR)',
  ],
])('%s is asked for again', async (_title, body, message) => {
  const server = await serverFor((response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(body),
  );
  const answer = await openSource(server.address)();
  const shown =
    answer.kind === 'fault' && answer.message.replace(server.host, 'HOST').replace(/\d{3,}/, 'NNN');
  expect({ ...answer, message: shown }).toEqual({
    kind: 'fault',
    reason: 'BrokenAnswer',
    message,
    retryable: true,
  });
});

test('a connection is kept for the moment, whatever the answer was, and not for longer', async () => {
  for (const script of [answers(200, vector('1')), answers(500, 'x'), answers(302, '', { location: '/' })]) {
    const server = await serverFor(script);
    const ask = openSource(server.address);
    const askTen = (round: string) =>
      Promise.all(Array.from({ length: 10 }, (_, n) => ask({ query: `${round}${n}` })));
    await askTen('first');
    await askTen('second');
    expect((await server.connections()).made).toBe(10);
    await vi.waitFor(async () => expect(await server.connections()).toEqual({ made: 10, open: 0 }), 5_000);
  }
});

test('what a server says at length is cut for the status of a run', async () => {
  const server = await serverFor(
    answers(400, { status: 'error', errorType: 'bad_data', error: 'x'.repeat(10_000) }),
  );
  expect(await openSource(server.address)()).toMatchObject({ message: `${'x'.repeat(500)}…` });
});

describe('Retry-After', () => {
  const NOW = Date.parse('Tue, 24 Nov 2026 12:00:00 GMT');
  test.each<[string, unknown, unknown, number | undefined]>([
    ['seconds', '7', undefined, 7_000],
    ['seconds with blanks', ' 7 ', undefined, 7_000],
    ['no wait at all', '0', undefined, 1_000],
    ['a day', '86400', undefined, 60_000],
    ['a date', 'Tue, 24 Nov 2026 12:00:20 GMT', undefined, 20_000],
    [
      'a date by the clock of the server',
      'Tue, 24 Nov 2026 11:00:20 GMT',
      'Tue, 24 Nov 2026 11:00:00 GMT',
      20_000,
    ],
    ['a date that is over', 'Tue, 24 Nov 2026 11:59:00 GMT', undefined, 1_000],
    ['nothing', undefined, undefined, undefined],
    ['nonsense', 'soon', undefined, undefined],
    ['a negative number', '-3x', undefined, undefined],
  ])('%s', (_title, header, date, expected) => {
    expect(retryAfterMs(header, date, NOW)).toBe(expected);
  });

  test.each([
    [429, 'TooManyRequests', 'asks for fewer requests (HTTP 429); it is left alone for 7 s', 7_000],
    [503, 'ServerError', 'answered HTTP 503; it is left alone for 7 s', 7_000],
    [502, 'ServerError', 'answered HTTP 502', undefined],
  ])('a %i with it is the fault %s', async (status, reason, message, waitMs) => {
    const server = await serverFor(answers(status, 'wait', { 'retry-after': '7' }));
    expect(await openSource(server.address)()).toEqual({
      kind: 'fault',
      reason,
      message: `Prometheus at ${server.host} ${message}`,
      retryable: true,
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    });
  });
});
