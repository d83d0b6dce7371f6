import { describe, expect, test } from 'vitest';
import type { MetricQuery, QueryAnswer } from '../../src/analysis/query-answer.ts';
import { decodeAnswer } from '../../src/prometheus/decode.ts';
import { openSource, serverFor } from './open-source.ts';
import { answers, matrix, type Script, vector } from './scripted-server.ts';

const RAW = { query: 'up[5m]', raw: true };
const RANGE = { range: { windowMs: 60_000, stepMs: 15_000 } };

async function ask(script: Script, query: Partial<MetricQuery>, config = {}) {
  const server = await serverFor(script);
  return { answer: await openSource(server.address, config)(query), server };
}

const series = (...all: [number, number | 'NaN' | '+Inf' | '-Inf'][][]): QueryAnswer => ({
  kind: 'series',
  series: all.map((samples, n) => ({ labels: { pod: `pod-${n}` }, samples })),
  warnings: [],
});

describe.each([
  ['range', RANGE],
  ['raw', RAW],
])('to a %s query', (_kind, query) => {
  test.each<[string, unknown, QueryAnswer]>([
    ['no series', matrix(), series()],
    ['a series without samples', matrix([]), series([])],
    [
      'several series, in milliseconds',
      matrix(
        [
          [1.5, '1'],
          [2, '1e3'],
        ],
        [[1_700_000_000.123, '-2']],
      ),
      series(
        [
          [1_500, 1],
          [2_000, 1_000],
        ],
        [[1_700_000_000_123, -2]],
      ),
    ],
    [
      'what is no number, told apart',
      matrix([
        [1, 'NaN'],
        [2, '+Inf'],
        [3, '-Inf'],
      ]),
      series([
        [1_000, 'NaN'],
        [2_000, '+Inf'],
        [3_000, '-Inf'],
      ]),
    ],
    [
      'a gap, which is not filled',
      matrix([
        [15, '1'],
        [60, '1'],
      ]),
      series([
        [15_000, 1],
        [60_000, 1],
      ]),
    ],
    [
      'warnings',
      { ...matrix(), warnings: ['store is gone'] },
      { kind: 'series', series: [], warnings: ['store is gone'] },
    ],
  ])('%s is an answer', async (_title, body, expected) => {
    expect((await ask(answers(200, body), query)).answer).toEqual(expected);
  });

  const data = (resultType: string, result: unknown) => ({ status: 'success', data: { resultType, result } });
  const speaks = (message: string) =>
    `Prometheus at HOST does not speak as Prometheus does: it answered ${message}`;
  const wantsMatrix = (what: string) =>
    `the query answers a ${what} and the samples of a time are wanted; write a range selector such as up[5m]`;
  test.each<[string, unknown, string, string]>([
    ['a vector', vector('1'), 'BadQuery', wantsMatrix('vector')],
    ['a scalar', data('scalar', [1, '1']), 'BadQuery', wantsMatrix('scalar')],
    ['a text', data('string', [1, 'x']), 'BadQuery', wantsMatrix('string')],
    [
      'native histograms',
      data('matrix', [{ metric: {}, histograms: [[1, { count: '1', sum: '2', buckets: [] }]] }]),
      'BadQuery',
      'the query answers native histograms; take a number of them with histogram_quantile(), histogram_count() or histogram_sum()',
    ],
    [
      'floats and native histograms',
      data('matrix', [{ metric: {}, values: [[1, '2']], histograms: [[2, {}]] }]),
      'BadQuery',
      expect.stringContaining('native histograms') as unknown as string,
    ],
    [
      'labels that are no texts',
      data('matrix', [{ metric: { a: 1 } }]),
      'NotPrometheus',
      'a series without labels',
    ],
    ['no samples', data('matrix', [{ metric: {} }]), 'NotPrometheus', 'a series without samples'],
    [
      'a sample without a time',
      data('matrix', [{ metric: {}, values: [['1', '2']] }]),
      'NotPrometheus',
      'a sample that is not a time and a text',
    ],
    [
      'a value that is a number',
      data('matrix', [{ metric: {}, values: [[1, 2]] }]),
      'NotPrometheus',
      'a sample that is not a time and a text',
    ],
    ['a value that is none', matrix([[1, 'x']]), 'NotPrometheus', 'the value "x", which is not a number'],
    [
      'samples out of order',
      matrix([
        [2, '1'],
        [1, '1'],
      ]),
      'NotPrometheus',
      'samples that are not in the order of time',
    ],
    ['another type', data('streams', []), 'NotPrometheus', 'a result of the unknown type "streams"'],
  ])('%s is a fault', async (_title, body, reason, message) => {
    const { answer, server } = await ask(answers(200, body), query);
    const shown =
      answer.kind === 'fault' ? { ...answer, message: answer.message.replace(server.host, 'HOST') } : answer;
    expect(shown).toEqual({
      kind: 'fault',
      reason,
      message: reason === 'NotPrometheus' ? speaks(message) : message,
      retryable: false,
    });
  });
});

test('a range goes to its own endpoint, from the window before the instant to it', async () => {
  const { server } = await ask(answers(200, matrix()), RANGE, { evaluationDelayMs: 30_000 });
  expect(server.received).toMatchObject([
    {
      method: 'POST',
      url: '/api/v1/query_range',
      form: { query: 'up', start: '1699999910.5', end: '1699999970.5', step: '15', timeout: '2000ms' },
    },
  ]);
});

test('a raw query is an instant query', async () => {
  const { server } = await ask(answers(200, matrix()), RAW);
  expect(server.received).toMatchObject([
    { method: 'POST', url: '/api/v1/query', form: { query: 'up[5m]', time: '1700000000.5' } },
  ]);
});

test('a range that ends at the instant 0 is not one that ends now', async () => {
  const { server } = await ask(answers(200, matrix()), { ...RANGE, evaluateAt: 0 });
  expect(server.received[0]?.form).toMatchObject({ start: '-60', end: '0' });
});

test.each([
  [10_999, 1, true],
  [11_000, 1, false],
  [10_999_999, 1_000, true],
  [11_000_000, 1_000, false],
  [0, 1_000, true],
])('a range of %i ms in steps of %i ms is sent: %s', async (windowMs, stepMs, isSent) => {
  const { answer, server } = await ask(answers(200, matrix()), { range: { windowMs, stepMs } });
  expect(server.received).toHaveLength(isSent ? 1 : 0);
  expect(answer.kind).toBe(isSent ? 'series' : 'fault');
});

test.each([
  [
    { windowMs: 86_400_000, stepMs: 1_000 },
    'a range of 86400 s in steps of 1 s has 86401 points a series, and Prometheus answers at most 11000; make the steps longer or the range shorter',
  ],
  [{ windowMs: 60_000, stepMs: 0 }, 'a range of 60000 ms in steps of 0 ms cannot be asked for'],
  [{ windowMs: -1, stepMs: 1_000 }, 'a range of -1 ms in steps of 1000 ms cannot be asked for'],
  [{ windowMs: 1, stepMs: Number.NaN }, 'a range of 1 ms in steps of NaN ms cannot be asked for'],
])('the range %o is refused without a request', async (range, message) => {
  const { answer, server } = await ask(answers(200, matrix()), { range });
  expect(answer).toEqual({ kind: 'fault', reason: 'BadQuery', message, retryable: false });
  expect(server.received).toEqual([]);
});

describe('many samples', () => {
  const minutes = (count: number): [number, string][] =>
    Array.from({ length: count }, (_, n) => [1_700_000_000 + n, String(n / 4)]);
  const tooMany = (limit: number) => ({
    kind: 'fault',
    reason: 'TooLarge',
    message: `the answer has more than ${limit} samples; aggregate in the query, or ask for a shorter time`,
    retryable: false,
  });

  test('as many as are allowed are an answer, one more is not, counted over all series', async () => {
    const script = answers(200, matrix(minutes(6), minutes(4)));
    expect((await ask(script, RAW, { maxSamples: 10 })).answer.kind).toBe('series');
    expect((await ask(script, RAW, { maxSamples: 9 })).answer).toEqual(tooMany(9));
  });

  test('50,000 are allowed when nothing else is said', async () => {
    expect((await ask(answers(200, matrix(minutes(50_000))), RAW)).answer.kind).toBe('series');
    expect((await ask(answers(200, matrix(minutes(50_001))), RAW)).answer).toEqual(tooMany(50_000));
  });

  test('a vector of too many series is refused as well', async () => {
    const script = answers(200, vector('1', '2', '3'));
    expect((await ask(script, {}, { maxSamples: 2 })).answer).toEqual(tooMany(2));
  });

  test('200,000 are decoded in slices, between which the event loop does other work', async () => {
    const body = Buffer.from(JSON.stringify(matrix(minutes(100_000), minutes(100_000))));
    let turns = 0;
    let timer = setImmediate(function turn() {
      turns += 1;
      timer = setImmediate(turn);
    });
    const answer = await decodeAnswer(body, 'raw', 200_000);
    clearImmediate(timer);
    expect(answer).toMatchObject({ kind: 'series', series: [{ samples: { length: 100_000 } }, {}] });
    expect(turns).toBeGreaterThanOrEqual(39);
  });
});
