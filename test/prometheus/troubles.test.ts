import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { assess } from '../../src/analysis/measure.ts';
import type { MetricQuery, Series } from '../../src/analysis/query-answer.ts';
import type { PrometheusConfig } from '../../src/prometheus/source.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import { resolved } from '../analysis/examples.ts';
import { openSource, serverFor } from './open-source.ts';
import { answers, endless, matrix, type Script, scriptedServer, vector } from './scripted-server.ts';

/** What a server does, and how it is asked; a vector of 1 to an instant query unless something else is said. */
interface Trouble {
  script?: Script;
  query?: Partial<MetricQuery>;
  config?: Partial<PrometheusConfig>;
  clock?: { now(): number };
  certificates?: () => Certificates;
  /** Asked in place of the scripted server. */
  address?: string | (() => Promise<string>);
  /** Another server that the source needs; its address is put into the configuration. */
  tokenEndpoint?: Script;
  /** Of rows whose samples are judged as they are. */
  series?: Series['samples'];
}

const DAY_MS = 86_400_000;
let good: Certificates;
let otherName: Certificates;
let expired: Certificates;
beforeAll(async () => {
  const request = { dnsNames: ['prometheus.test'], ipAddresses: ['127.0.0.1'], validDays: 1 };
  [good, otherName, expired] = await Promise.all([
    makeCertificates({ ...request, now: Date.now() }),
    makeCertificates({ ...request, ipAddresses: [], now: Date.now() }),
    makeCertificates({ ...request, now: Date.now() - 10 * DAY_MS }),
  ]);
});

const success = (data: unknown) => answers(200, { status: 'success', data });
const promError = (status: number, errorType: string, error: string) =>
  answers(status, { status: 'error', errorType, error });
const html = (status: number) => answers(status, '<html>Hello</html>', { 'content-type': 'text/html' });
const raw = { query: 'up[5m]', raw: true };
const range = { range: { windowMs: 60_000, stepMs: 15_000 } };
const short = { timeoutMs: 150 };
const text = JSON.stringify(vector('1'));
const histogram = { count: '3', sum: '4', buckets: [[0, '1', '2', '3']] };

const drip: Script = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};
const breaksOff: Script = (response) => {
  response.writeHead(200, { 'content-length': '1000' }).write('{"status"');
  setImmediate(() => response.destroy());
};

/** A clock that is put back by an hour when it is looked at the second time. */
function stepsBack() {
  let looks = 0;
  return { now: () => Date.now() - (looks++ === 0 ? 0 : 3_600_000) };
}

async function refusedAddress(): Promise<string> {
  const server = await scriptedServer(() => {});
  await server.close();
  return server.address;
}

const TROUBLES: Record<string, Trouble> = {
  'no data': { script: answers(200, vector()) },
  NaN: { script: answers(200, vector('NaN')) },
  '+Inf': { script: answers(200, vector('+Inf')) },
  '-Inf': { script: answers(200, vector('-Inf')) },
  'several series': { script: answers(200, vector('1', '1')) },
  'a text': { script: success({ resultType: 'string', result: [1, 'hello'] }) },
  'a matrix where a vector is asked': { script: answers(200, matrix([[1, '1']])) },
  'a native histogram': {
    script: success({ resultType: 'vector', result: [{ metric: {}, histogram: [1, histogram] }] }),
  },
  'a native histogram in a range': {
    script: success({ resultType: 'matrix', result: [{ metric: {}, histograms: [[1, histogram]] }] }),
    query: range,
  },
  'a counter reset': {
    script: answers(
      200,
      matrix([
        [1, '10'],
        [2, '12'],
        [3, '1'],
      ]),
    ),
    query: raw,
    series: [
      [1_000, 10],
      [2_000, 12],
      [3_000, 1],
    ],
  },
  'a gap in a range': {
    script: answers(
      200,
      matrix([
        [15, '1'],
        [60, '1'],
      ]),
    ),
    query: range,
    series: [
      [15_000, 1],
      [60_000, 1],
    ],
  },
  'warnings of partial data': { script: answers(200, { ...vector('1'), warnings: ['store-3 is gone'] }) },
  infos: { script: answers(200, { ...vector('1'), infos: ['PromQL info: not a counter'] }) },
  'a clock of the server that is a minute behind': {
    script: (response, received) =>
      answers(200, vector('1'), { date: new Date(Date.now() - 60_000).toUTCString() })(response, received),
  },
  'a clock of ours that steps back in the middle': { clock: stepsBack() },
  'HTML with 200': { script: html(200) },
  'HTML with 502': { script: html(502) },
  'an answer that never begins': { script: () => {}, config: short },
  'an answer that drips': { script: drip, config: short },
  'a redirect': { script: answers(302, '', { location: '/login' }) },
  '200 MB': { script: endless({ bytes: 0 }) },
  'a gzip bomb': { script: endless({ bytes: 0 }, 'gzip') },
  'too many samples': {
    script: answers(200, matrix(Array.from({ length: 50_001 }, (_, n) => [n, '1']))),
    query: raw,
  },
  'truncated JSON': { script: answers(200, text.slice(0, -10)) },
  'invalid UTF-8': {
    script: (response) => response.end(Buffer.from(text.replace('pod-0', 'pod-\xff'), 'latin1')),
  },
  'a connection that breaks in the answer': { script: breaksOff },
  '400': { script: promError(400, 'bad_data', 'parse error') },
  '401': { script: answers(401, 'Unauthorized') },
  '403': { script: answers(403, 'Forbidden') },
  '404': { script: answers(404, '404 page not found') },
  '422': { script: promError(422, 'execution', 'many-to-many matching not allowed') },
  '429 with Retry-After': { script: answers(429, '', { 'retry-after': '5' }) },
  '429 without Retry-After': { script: answers(429, '') },
  '503 with Retry-After': { script: answers(503, '', { 'retry-after': '5' }) },
  '503 without Retry-After': { script: answers(503, '') },
  '503 because the query took too long': { script: promError(503, 'timeout', 'query timed out') },
  'a connection that is refused': { address: refusedAddress },
  'a connection that is reset': { script: (response) => response.destroy() },
  'a name that DNS does not know': { address: 'http://prometheus.invalid:9090' },
  'a certificate of an unknown authority': { certificates: () => good },
  'a certificate for another name': { certificates: () => otherName },
  'a certificate that has expired': { certificates: () => expired },
  'http where https is said': {
    address: async () => (await serverFor(answers(200, vector('1')))).address.replace('http:', 'https:'),
  },
  'a token endpoint that refuses the client': { tokenEndpoint: answers(401, { error: 'invalid_client' }) },
  'a token endpoint that is down': { tokenEndpoint: answers(502, '') },
};

/** The rows of the table in the documentation: what happens, outcome, word, asked again. */
function documented(): string[][] {
  const page = readFileSync(new URL('../../docs/metric-sources.md', import.meta.url), 'utf8');
  const table = /<!-- troubles -->\n([\s\S]*?)<!-- \/troubles -->/.exec(page)?.[1] ?? '';
  return table
    .split('\n')
    .slice(2)
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test('the documentation has a row for each trouble, each with something to do', () => {
  const rows = documented();
  expect(rows.map(([what]) => what).toSorted()).toEqual(Object.keys(TROUBLES).toSorted());
  expect(rows.filter((row) => row.length !== 5 || row.includes(''))).toEqual([]);
});

const metric = resolved({ successCondition: 'value >= 0.95 and value <= 1' });

test.each(documented())('%s: %s, %s, asked again: %s', async (what, outcome, word, again) => {
  const trouble = TROUBLES[what ?? ''] ?? {};
  const { script = answers(200, vector('1')), query, clock, certificates, tokenEndpoint } = trouble;
  const server = await serverFor(script, certificates?.());
  const address = typeof trouble.address === 'function' ? await trouble.address() : trouble.address;
  const tokens = tokenEndpoint && (await serverFor(tokenEndpoint));
  // The authority of a certificate that is only wrong in another way is trusted.
  const tls = certificates && certificates() !== good ? { tls: { ca: certificates().ca } } : {};
  const oauth2 = tokens && { oauth2: { tokenUrl: tokens.address, clientId: 'a', clientSecret: 'b' } };
  const ask = openSource(
    address ?? server.address,
    { timeoutMs: 20_000, ...tls, ...oauth2, ...trouble.config },
    clock,
  );

  const answer = await ask(query);

  const askedAgain = (() => {
    if (answer.kind !== 'fault' || !answer.retryable) return 'no';
    return answer.retryAfterMs === undefined ? 'yes' : 'when it says';
  })();
  expect(askedAgain).toBe(again);
  if (outcome === '–') {
    expect([word, answer]).toMatchObject([
      'Answered',
      { kind: 'series', series: [{ samples: trouble.series }] },
    ]);
  } else {
    expect(assess(metric, answer)).toMatchObject({ outcome, reason: word });
  }
});
