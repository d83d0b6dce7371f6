import { expect, test } from 'vitest';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { OAuth2Config } from '../../src/prometheus/oauth2.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { openSource, serverFor } from './open-source.ts';
import { answers, type Script, vector } from './scripted-server.ts';

const FAR_END = { access_token: 'token', token_type: 'Bearer', expires_in: 3_600 };

/** A source whose tokens come from a scripted endpoint, by a clock that the test sets. */
async function open(
  options: { endpoint?: Script; prometheus?: Script; oauth2?: Partial<OAuth2Config> } = {},
) {
  let now = Date.now();
  const endpoint = await serverFor(options.endpoint ?? numberedTokens());
  const prometheus = await serverFor(options.prometheus ?? answers(200, vector('1')));
  const oauth2 = {
    tokenUrl: `${endpoint.address}/token`,
    clientId: 'assay',
    clientSecret: 's3cret',
    ...options.oauth2,
  };
  const ask = openSource(prometheus.address, { oauth2, timeoutMs: 500 }, { now: () => now });
  const sent = () => prometheus.received.map(({ headers }) => headers.authorization);
  const advance = (ms: number) => {
    now += ms;
  };
  return { ask, endpoint, prometheus, sent, advance };
}

/** token-1, token-2, … */
function numberedTokens(fields: object = {}): Script {
  let count = 0;
  return (response, received) => {
    count += 1;
    answers(200, { ...FAR_END, access_token: `token-${count}`, ...fields })(response, received);
  };
}

const answered: QueryAnswer = { kind: 'samples', values: [1], warnings: [] };

test('the token is asked for as RFC 6749 says, and sent', async () => {
  const { ask, endpoint, sent } = await open({
    oauth2: {
      clientId: 'a b:c',
      clientSecret: 'p+ü',
      scopes: ['read', 'query'],
      params: { audience: 'mimir' },
    },
  });
  expect(await ask()).toEqual(answered);
  expect(endpoint.received).toMatchObject([
    {
      method: 'POST',
      url: '/token',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
        authorization: `Basic ${Buffer.from('a+b%3Ac:p%2B%C3%BC').toString('base64')}`,
      },
      form: { grant_type: 'client_credentials', scope: 'read query', audience: 'mimir' },
    },
  ]);
  expect(sent()).toEqual(['Bearer token-1']);
});

test('without scopes none is asked for', async () => {
  const { ask, endpoint } = await open();
  await ask();
  expect(endpoint.received[0]?.form).toEqual({ grant_type: 'client_credentials' });
});

test.each([
  ['an hour, until half a minute before its end', 3_600, 3_569_000, 3_570_000],
  ['a time told as text', '3600', 3_569_000, 3_570_000],
  ['40 s, until half of them are over', 40, 19_000, 20_000],
  ['a time that is not told, for some minutes', undefined, 269_000, 270_000],
  ['a time that is no number, for some minutes', 'soon', 269_000, 270_000],
])('a token that lives for %s', async (_title, expires_in, keptMs, goneMs) => {
  const { ask, endpoint, advance } = await open({ endpoint: numberedTokens({ expires_in }) });
  // The servers' clocks do not follow the test's: only whether a token is asked for is looked at here.
  await ask();
  advance(keptMs);
  await ask();
  expect(endpoint.received).toHaveLength(1);
  advance(goneMs - keptMs);
  await ask();
  expect(endpoint.received).toHaveLength(2);
});

test('a clock that was put back does not make a token live longer', async () => {
  const { ask, endpoint, advance } = await open();
  await ask();
  advance(-1);
  await ask();
  expect(endpoint.received).toHaveLength(2);
});

test('queries that begin together share one token', async () => {
  const { ask, endpoint, sent } = await open();
  await Promise.all([ask(), ask({ query: 'b' }), ask({ query: 'c' })]);
  expect(endpoint.received).toHaveLength(1);
  expect(sent()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
});

test('a token that the server refuses is replaced once, and the query asked again', async () => {
  const { ask, sent, endpoint } = await open({
    prometheus: (response, received) => {
      const isOld = received.headers.authorization === 'Bearer token-1';
      answers(isOld ? 401 : 200, isOld ? 'revoked' : vector('1'))(response, received);
    },
  });
  expect(await Promise.all([ask(), ask({ query: 'b' })])).toEqual([answered, answered]);
  expect(endpoint.received).toHaveLength(2);
  expect(sent().toSorted()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2', 'Bearer token-2']);
});

test.each([401, 403])(
  'a server that answers %i to every token is told after the second one',
  async (status) => {
    const { ask, sent } = await open({ prometheus: answers(status, '') });
    expect(await ask()).toMatchObject({ kind: 'fault', reason: 'Unauthorized', retryable: false });
    expect(sent()).toHaveLength(status === 401 ? 2 : 1);
  },
);

const hang: Script = () => {};
test.each<[string, Script, string, boolean, number?]>([
  [
    'a wrong secret',
    answers(401, { error: 'invalid_client', error_description: 'secret s3cret is wrong' }),
    'refused the client (HTTP 401: invalid_client); check clientId, its Secret and scopes',
    false,
  ],
  [
    'a code that is none',
    answers(400, { error: 'no, s3cret!' }),
    'refused the client (HTTP 400); check clientId, its Secret and scopes',
    false,
  ],
  ['an endpoint that is down', answers(502, '<html>'), 'gives no token now (HTTP 502)', true],
  [
    'an endpoint that asks to wait',
    answers(429, '', { 'retry-after': '7' }),
    'gives no token now (HTTP 429)',
    true,
    7_000,
  ],
  [
    'a redirect',
    answers(302, '', { location: 'https://s3cret/' }),
    'redirects (HTTP 302), which is not followed; name the final address',
    false,
  ],
  [
    'a login page',
    answers(200, '<html>'),
    'answered 200 without a bearer token; is auth.oauth2.tokenUrl right?',
    false,
  ],
  [
    'a token of another type',
    answers(200, { ...FAR_END, token_type: 'mac' }),
    'answered 200 without a bearer token; is auth.oauth2.tokenUrl right?',
    false,
  ],
  [
    'a token that would break the header',
    answers(200, { ...FAR_END, access_token: 'a\r\nX-Admin: 1' }),
    'answered 200 without a bearer token; is auth.oauth2.tokenUrl right?',
    false,
  ],
  ['an endless body', answers(200, 'x'.repeat(200_000)), 'answered more than 100000 bytes', false],
  ['a reset', (response) => response.destroy(), 'cannot be reached (ECONNRESET)', true],
])('%s is described without a secret', async (_title, endpoint, message, retryable, retryAfterMs) => {
  const opened = await open({ endpoint });
  expect(await opened.ask()).toEqual({
    kind: 'fault',
    reason: 'NoToken',
    message: `the token endpoint ${opened.endpoint.host} ${message}`,
    retryable,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
  expect(opened.prometheus.received).toEqual([]);
});

test('an endpoint that hangs uses up the time of the query', async () => {
  const { ask, prometheus } = await open({ endpoint: hang });
  expect(await ask()).toMatchObject({ kind: 'fault', retryable: true });
  expect(prometheus.received).toEqual([]);
});

test('a fault is not kept: the next query asks for a token again', async () => {
  let calls = 0;
  const { ask } = await open({
    endpoint: (response, received) => {
      calls += 1;
      answers(calls === 1 ? 500 : 200, FAR_END)(response, received);
    },
  });
  expect(await ask()).toMatchObject({ reason: 'NoToken' });
  expect(await ask()).toEqual(answered);
});

test('a cancelled query does not wait for its token', async () => {
  const endpoint = await serverFor(hang);
  const source = prometheusSource(
    {
      address: 'http://127.0.0.1:1',
      timeoutMs: 60_000,
      evaluationDelayMs: 0,
      oauth2: { tokenUrl: endpoint.address, clientId: 'a', clientSecret: 'b' },
    },
    { now: () => 0 },
  );
  const cancel = new AbortController();
  const asked = source({ query: 'up', evaluateAt: 0 }, cancel.signal);
  cancel.abort();
  expect(await asked).toMatchObject({ kind: 'fault', reason: 'Cancelled' });
});
