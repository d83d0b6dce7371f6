import { afterEach, expect, test, vi } from 'vitest';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import { type PrometheusConfig, prometheusSource } from '../../src/prometheus/source.ts';
import { answers, type Script, scriptedServer, vector } from './scripted-server.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
  vi.unstubAllEnvs();
});

const wallClock = { now: () => Date.now() };
const EVALUATE_AT = 1_700_000_000_500;

async function ask(script: Script, config: Partial<PrometheusConfig> = {}, clock = wallClock) {
  const server = await scriptedServer(script);
  closers.push(server.close);
  const settings = { address: server.address, timeoutMs: 2_000, evaluationDelayMs: 0, ...config };
  const source = prometheusSource(settings, clock);
  const answer = await source({ query: 'up', evaluateAt: EVALUATE_AT }, new AbortController().signal);
  return { answer, server };
}

const samples = (...values: (number | 'NaN' | '+Inf' | '-Inf')[]): QueryAnswer => ({
  kind: 'samples',
  values,
  warnings: [],
});
const success = (data: unknown) => answers(200, { status: 'success', data });

test.each<[string, Script, QueryAnswer]>([
  ['a vector of one series', answers(200, vector('0.25')), samples(0.25)],
  ['a vector of several series', answers(200, vector('1', '2e-3', '-7')), samples(1, 0.002, -7)],
  ['an empty vector', answers(200, vector()), samples()],
  ['a scalar', success({ resultType: 'scalar', result: [1.5, '42'] }), samples(42)],
  ['a number that is none', answers(200, vector('NaN')), samples('NaN')],
  ['infinities, told apart', answers(200, vector('+Inf', '-Inf', 'Inf')), samples('+Inf', '-Inf', '+Inf')],
  [
    'warnings and infos, told apart',
    answers(200, { ...vector('1'), warnings: ['store c is gone'], infos: ['PromQL info: not a counter'] }),
    { kind: 'samples', values: [1], warnings: ['store c is gone'], infos: ['PromQL info: not a counter'] },
  ],
  [
    'infos among the warnings, as older servers have them',
    answers(200, { ...vector('1'), warnings: ['store c is gone', 'PromQL info: not a counter'] }),
    { kind: 'samples', values: [1], warnings: ['store c is gone'], infos: ['PromQL info: not a counter'] },
  ],
  ['null for no warnings', answers(200, { ...vector('1'), warnings: null }), samples(1)],
])('%s is an answer', async (_title, script, expected) => {
  expect((await ask(script)).answer).toEqual(expected);
});

interface FaultRow {
  title: string;
  script: Script;
  config?: Partial<PrometheusConfig>;
  clock?: { now(): number };
  reason: string;
  retryable: boolean;
  /** With HOST for the address of the server. */
  message: string;
}

const promError = (errorType: string, error: string) => ({ status: 'error', errorType, error });
const drip: Script = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
};
const histogram = {
  resultType: 'vector',
  result: [
    { metric: {}, histogram: [1_700_000_000, { count: '3', sum: '4', buckets: [[0, '1', '2', '3']] }] },
  ],
};
const offBy = (ms: number) => ({ now: () => Date.now() + ms });

test.each<FaultRow>([
  {
    title: 'a server that never answers',
    script: () => {},
    config: { timeoutMs: 150 },
    reason: 'Timeout',
    retryable: true,
    message: 'Prometheus at HOST did not answer within 150 ms',
  },
  {
    title: 'an answer that drips and never ends',
    script: drip,
    config: { timeoutMs: 150 },
    reason: 'Timeout',
    retryable: true,
    message: 'Prometheus at HOST did not answer within 150 ms',
  },
  {
    title: 'a query that the server gave up on',
    script: answers(503, promError('timeout', 'query timed out in expression evaluation')),
    reason: 'Timeout',
    retryable: true,
    message: 'Prometheus at HOST gave up on the query: query timed out in expression evaluation',
  },
  {
    title: 'a connection that is reset',
    script: (response) => response.destroy(),
    reason: 'Unreachable',
    retryable: true,
    message: 'Prometheus at HOST cannot be reached: socket hang up',
  },
  {
    title: 'a query that does not parse',
    script: answers(400, promError('bad_data', 'invalid parameter "query": 1:4: parse error: unclosed')),
    reason: 'BadQuery',
    retryable: false,
    message: 'invalid parameter "query": 1:4: parse error: unclosed',
  },
  {
    title: 'a query that cannot be executed',
    script: answers(422, promError('execution', 'many-to-many matching not allowed')),
    reason: 'BadQuery',
    retryable: false,
    message: 'many-to-many matching not allowed',
  },
  {
    title: 'a range vector',
    script: success({ resultType: 'matrix', result: [{ metric: {}, values: [[1, '2']] }] }),
    reason: 'BadQuery',
    retryable: false,
    message:
      'the query answers a range of samples for each series; put a function such as rate() or avg_over_time() around it',
  },
  {
    title: 'a text',
    script: success({ resultType: 'string', result: [1, 'hello'] }),
    reason: 'BadQuery',
    retryable: false,
    message: 'the query answers a text, not a number',
  },
  {
    title: 'a native histogram',
    script: success(histogram),
    reason: 'BadQuery',
    retryable: false,
    message:
      'the query answers native histograms; take a number of them with histogram_quantile(), histogram_count() or histogram_sum()',
  },
  {
    title: 'missing credentials',
    script: answers(401, 'Unauthorized'),
    reason: 'Unauthorized',
    retryable: false,
    message: 'Prometheus at HOST refused the credentials of the source (HTTP 401)',
  },
  {
    title: 'a tenant that is not allowed',
    script: answers(403, promError('forbidden', 'no org id')),
    reason: 'Unauthorized',
    retryable: false,
    message: 'Prometheus at HOST refused the credentials of the source (HTTP 403: no org id)',
  },
  {
    title: 'a rate limit',
    script: answers(429, 'slow down'),
    reason: 'TooManyRequests',
    retryable: true,
    message: 'Prometheus at HOST asks for fewer requests (HTTP 429)',
  },
  {
    title: 'the HTML of a proxy with nothing behind it',
    script: answers(502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' }),
    reason: 'ServerError',
    retryable: true,
    message: 'Prometheus at HOST answered HTTP 502',
  },
  {
    title: 'a server that is starting',
    script: answers(503, 'Service Unavailable'),
    reason: 'ServerError',
    retryable: true,
    message: 'Prometheus at HOST answered HTTP 503',
  },
  {
    title: 'an internal error of Prometheus',
    script: answers(500, promError('internal', 'disk is full')),
    reason: 'ServerError',
    retryable: true,
    message: 'Prometheus at HOST answered HTTP 500: disk is full',
  },
  {
    title: 'the HTML of a login page',
    script: answers(200, '<html>Sign in</html>', { 'content-type': 'text/html' }),
    reason: 'NotPrometheus',
    retryable: false,
    message:
      'Prometheus at HOST does not speak as Prometheus does: it answered 200 with something that is not an answer to a query',
  },
  {
    title: 'JSON of another kind',
    script: answers(200, { status: 'green', hits: [] }),
    reason: 'NotPrometheus',
    retryable: false,
    message:
      'Prometheus at HOST does not speak as Prometheus does: it answered 200 with something that is not an answer to a query',
  },
  {
    title: 'an empty body',
    script: answers(200, ''),
    reason: 'NotPrometheus',
    retryable: false,
    message:
      'Prometheus at HOST does not speak as Prometheus does: it answered 200 with something that is not an answer to a query',
  },
  {
    title: 'a value that is not a number',
    script: answers(200, vector('lots')),
    reason: 'NotPrometheus',
    retryable: false,
    message:
      'Prometheus at HOST does not speak as Prometheus does: it answered the value "lots", which is not a number',
  },
  {
    title: 'a path without an API',
    script: answers(404, 'not found'),
    reason: 'NotPrometheus',
    retryable: false,
    message:
      'Prometheus at HOST answered HTTP 404 and not as Prometheus does; is the address of the source right?',
  },
  {
    title: 'an answer that is too large',
    script: answers(200, vector(...Array(1_000).fill('1'))),
    config: { maxBytes: 10_000 },
    reason: 'TooLarge',
    retryable: false,
    message: 'Prometheus at HOST answered more than 10000 bytes; aggregate in the query',
  },
  {
    title: 'a redirect',
    script: answers(302, '', { location: 'https://user:secret@sso.example/login?token=secret' }),
    reason: 'Redirected',
    retryable: false,
    message:
      'Prometheus at HOST redirects to https://sso.example/login; redirects are not followed, so name the final address',
  },
  {
    title: 'a clock that is ahead',
    script: answers(200, vector('1')),
    clock: offBy(-60_000),
    reason: 'ClockSkew',
    retryable: true,
    message: expect.stringMatching(
      /^the clock of Prometheus at HOST is (59|60) s ahead of this one; synchronise them$/,
    ),
  },
  {
    title: 'a clock that is behind',
    script: answers(200, vector('1')),
    clock: offBy(60_000),
    reason: 'ClockSkew',
    retryable: true,
    message: expect.stringMatching(
      /^the clock of Prometheus at HOST is (59|60) s behind this one; synchronise them$/,
    ),
  },
])('$title is the fault $reason', async ({ script, config, clock, reason, retryable, message }) => {
  const { answer, server } = await ask(script, config, clock);
  const shown =
    answer.kind === 'fault' ? { ...answer, message: answer.message.replace(server.host, 'HOST') } : answer;
  expect(shown).toEqual({ kind: 'fault', reason, message, retryable });
});

test('a clock that is a little off is taken as it is', async () => {
  for (const ms of [-3_500, 3_500]) {
    expect((await ask(answers(200, vector('1')), {}, offBy(ms))).answer).toEqual(samples(1));
  }
});

test('a server that nobody runs is unreachable', async () => {
  const server = await scriptedServer(answers(200, vector('1')));
  await server.close();
  const source = prometheusSource(
    { address: server.address, timeoutMs: 1_000, evaluationDelayMs: 0 },
    wallClock,
  );
  expect(await source({ query: 'up', evaluateAt: 1 }, new AbortController().signal)).toEqual({
    kind: 'fault',
    reason: 'Unreachable',
    message: `Prometheus at ${server.host} cannot be reached: connect ECONNREFUSED ${server.host}`,
    retryable: true,
  });
});

test('a cancelled query ends at once', async () => {
  const server = await scriptedServer(() => cancel.abort());
  closers.push(server.close);
  const cancel = new AbortController();
  const source = prometheusSource(
    { address: server.address, timeoutMs: 60_000, evaluationDelayMs: 0 },
    wallClock,
  );
  const answer = await source({ query: 'up', evaluateAt: 1 }, cancel.signal);
  expect(answer).toMatchObject({ kind: 'fault', reason: 'Cancelled', retryable: true });
});

test('a redirect is not followed', async () => {
  const { server } = await ask(answers(307, '', { location: '/elsewhere' }));
  expect(server.received.map(({ url }) => url)).toEqual(['/api/v1/query']);
});

test('the query goes by POST with its evaluation time, the delay taken off', async () => {
  const { server } = await ask(answers(200, vector('1')), { evaluationDelayMs: 30_000 });
  expect(server.received).toMatchObject([
    {
      method: 'POST',
      url: '/api/v1/query',
      form: { query: 'up', time: '1699999970.5', timeout: '2000ms' },
    },
  ]);
});

test('the evaluation time 0 is the year 1970 and not now', async () => {
  const server = await scriptedServer(answers(200, vector('1')));
  closers.push(server.close);
  const source = prometheusSource(
    { address: server.address, timeoutMs: 1_000, evaluationDelayMs: 0 },
    wallClock,
  );
  await source({ query: 'up', evaluateAt: 0 }, new AbortController().signal);
  expect(server.received[0]?.form['time']).toBe('0');
});

test('an address may have a path, with or without a slash at its end', async () => {
  const server = await scriptedServer(answers(200, vector('1')));
  closers.push(server.close);
  for (const path of ['/prom', '/prom/']) {
    const config = { address: server.address + path, timeoutMs: 1_000, evaluationDelayMs: 0 };
    await prometheusSource(config, wallClock)({ query: 'up', evaluateAt: 1 }, new AbortController().signal);
  }
  expect(server.received.map(({ url }) => url)).toEqual(['/prom/api/v1/query', '/prom/api/v1/query']);
});

test.each<[string, Partial<PrometheusConfig>, Record<string, string>]>([
  ['headers of the source', { headers: { 'X-Scope-OrgID': 'shop' } }, { 'x-scope-orgid': 'shop' }],
  ['a bearer token', { bearer: 'abc' }, { authorization: 'Bearer abc' }],
  ['a user', { basic: { username: 'me', password: 'pä' } }, { authorization: 'Basic bWU6cMOk' }],
  ['a user without a password', { basic: { username: 'me', password: '' } }, { authorization: 'Basic bWU6' }],
])('%s are sent', async (_title, config, headers) => {
  const { server } = await ask(answers(200, vector('1')), config);
  expect(server.received[0]?.headers).toMatchObject(headers);
});

test('the proxy of the environment is not used', async () => {
  for (const name of ['http_proxy', 'HTTP_PROXY']) vi.stubEnv(name, 'http://127.0.0.1:1');
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
  expect((await ask(answers(200, vector('1')))).answer).toEqual(samples(1));
});
