import { beforeAll, expect, test } from 'vitest';
import type { QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { TlsConfig } from '../../src/prometheus/agent.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import { openSource, serverFor } from './open-source.ts';
import { answers, vector } from './scripted-server.ts';

const DAY_MS = 86_400_000;
let good: Certificates;
let elsewhere: Certificates;
let expired: Certificates;

beforeAll(async () => {
  const request = { dnsNames: ['prometheus.test'], ipAddresses: ['127.0.0.1'], validDays: 1 };
  [good, elsewhere, expired] = await Promise.all([
    makeCertificates({ ...request, now: Date.now() }),
    makeCertificates({ ...request, ipAddresses: [], now: Date.now() }),
    makeCertificates({ ...request, now: Date.now() - 10 * DAY_MS }),
  ]);
});

const answered: QueryAnswer = { kind: 'samples', values: [1], warnings: [] };

async function ask(certificates: Certificates, tls: TlsConfig | undefined) {
  const server = await serverFor(answers(200, vector('1')), certificates);
  const answer = await openSource(server.address, { tls })();
  return answer.kind === 'fault'
    ? { ...answer, message: answer.message.replace(server.host, 'HOST') }
    : answer;
}

const untrusted = (message: string) => ({
  kind: 'fault',
  reason: 'Untrusted',
  message,
  retryable: false,
});

test('a server is trusted by the authority that the source names', async () => {
  expect(await ask(good, { ca: good.ca })).toEqual(answered);
});

test.each([
  ['no authority is named', () => undefined],
  ['another one is named', () => ({ ca: elsewhere.ca })],
])('a server is not trusted when %s', async (_title, tls) => {
  const answer = await ask(good, tls());
  expect(answer).toEqual(
    untrusted(
      expect.stringMatching(
        /^Prometheus at HOST shows a certificate of an authority that is not trusted \([A-Z_]+\); put the authority's certificate into tls.caBundle of the source$/,
      ) as unknown as string,
    ),
  );
});

test('a server whose certificate is for another name is not trusted, unless that name is given', async () => {
  expect(await ask(elsewhere, { ca: elsewhere.ca })).toEqual(
    untrusted(
      'Prometheus at HOST shows a certificate for another name; set tls.serverName of the source to a name that the certificate is for',
    ),
  );
  expect(await ask(elsewhere, { ca: elsewhere.ca, serverName: 'prometheus.test' })).toEqual(answered);
  expect(await ask(elsewhere, { ca: elsewhere.ca, serverName: 'other.test' })).toMatchObject({
    reason: 'Untrusted',
  });
});

test('a certificate that has expired is not trusted', async () => {
  expect(await ask(expired, { ca: expired.ca })).toEqual(
    untrusted('the certificate of Prometheus at HOST has expired; renew it, or check the clock'),
  );
});

test('a source that does not verify trusts anyone', async () => {
  expect(await ask(good, { insecureSkipVerify: true })).toEqual(answered);
});

test('a server that speaks http where https is said is told', async () => {
  const server = await serverFor(answers(200, vector('1')));
  expect(await openSource(`https://${server.host}`)()).toEqual({
    kind: 'fault',
    reason: 'NotPrometheus',
    message: expect.stringMatching(/ does not speak TLS as https asks for \(\w+\); is it http\?$/),
    retryable: false,
  });
});

test('the token endpoint is trusted by the same authority, and verified even if the source is not', async () => {
  const prometheus = await serverFor(answers(200, vector('1')));
  const endpoint = await serverFor(answers(200, { access_token: 'token' }), good);
  const oauth2 = { tokenUrl: endpoint.address, clientId: 'a', clientSecret: 'b' };
  expect(await openSource(prometheus.address, { oauth2, tls: { ca: good.ca } })()).toEqual(answered);
  expect(await openSource(prometheus.address, { oauth2, tls: { insecureSkipVerify: true } })()).toMatchObject(
    { reason: 'NoToken', retryable: true },
  );
});
