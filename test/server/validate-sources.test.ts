import { beforeAll, describe, expect, test } from 'vitest';
import { allow, deny } from '../../src/server/admission-review.ts';
import { type Certificates, makeCertificates } from '../../src/server/certificate.ts';
import { validateMetricSource } from '../../src/server/validate-sources.ts';
import { requestOf } from './requests.ts';

type Fields = Record<string, unknown>;

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates({ dnsNames: ['a'], ipAddresses: [], now: Date.now(), validDays: 1 });
});

function judged(prometheus: Fields) {
  const object = {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name: 'default' },
    spec: { prometheus: { address: 'https://prometheus:9090', ...prometheus } },
  };
  return validateMetricSource(requestOf({ object }), object);
}

const refused = (text: string) =>
  deny(422, `ClusterMetricSource default is not valid: spec.prometheus.${text}`);
const KEY = { name: 'prom', key: 'text' };
const OAUTH2 = { tokenUrl: 'https://idp/token', clientId: 'assay', clientSecret: KEY };

describe('accepted are', () => {
  test.each<[string, Fields]>([
    ['an address with a path', { address: 'http://prometheus:9090/prom/' }],
    ['a tenant', { headers: { 'X-Scope-OrgID': 'shop|bank' } }],
    ['an empty header', { headers: { 'X-Empty': '' } }],
    ['a user', { auth: { basic: { username: '12345', password: KEY } } }],
    ['a token', { auth: { bearer: { token: KEY } } }],
    ['a client', { auth: { oauth2: { ...OAUTH2, scopes: ['a'], params: { audience: 'mimir' } } } }],
    ['a name of the certificate', { tls: { serverName: 'prometheus' } }],
  ])('%s', (_title, fields) => {
    expect(judged(fields)).toEqual(allow());
  });

  test('authorities for a token endpoint, too', () => {
    const tls = { caBundle: Buffer.from(certificates.ca).toString('base64') };
    expect(judged({ tls })).toEqual(allow());
    expect(judged({ address: 'http://prometheus', tls, auth: { oauth2: OAUTH2 } })).toMatchObject({
      allowed: true,
    });
  });
});

describe('accepted with a warning are', () => {
  test.each<[string, Fields, string]>([
    [
      'a certificate that is not verified',
      { tls: { insecureSkipVerify: true } },
      'with tls.insecureSkipVerify anyone between the controller and the server can change measurements',
    ],
    [
      'credentials over http',
      { address: 'http://prometheus', auth: { bearer: { token: KEY } } },
      'its credentials are sent over http, unencrypted',
    ],
    [
      'a secret of a client over http',
      { auth: { oauth2: { ...OAUTH2, tokenUrl: 'http://idp/token' } } },
      'its client secret is sent over http, unencrypted',
    ],
  ])('%s', (_title, fields, text) => {
    expect(judged(fields)).toEqual(allow({ warnings: [`ClusterMetricSource default: ${text}`] }));
  });
});

describe('refused are', () => {
  const notAllowed = 'is no name that HTTP allows for a header';
  const own = 'is set by the controller itself';
  const secret = 'would show a secret to everyone who may read the source; use auth';
  const value = 'has a value that HTTP does not allow: only visible characters, in one line';
  const one = 'auth: give exactly one of basic, bearer and oauth2';
  test.each<[string, Fields, string]>([
    [
      'a password in the address',
      { address: 'https://me:pw@prometheus' },
      'address: must hold no user or password; use auth, which reads a Secret',
    ],
    [
      'a query in the address',
      { address: 'https://prometheus?tenant=a' },
      'address: is a base URL and must have neither a query nor a fragment',
    ],
    ['a header with a blank', { headers: { 'X Tenant': 'a' } }, `headers["X Tenant"]: ${notAllowed}`],
    ['a header without a name', { headers: { '': 'a' } }, `headers[""]: ${notAllowed}`],
    [
      'a header with a line break',
      { headers: { 'X\r\nHost': 'a' } },
      `headers["X\\r\\nHost"]: ${notAllowed}`,
    ],
    ['a value with a line break', { headers: { 'X-A': 'a\r\nHost: b' } }, `headers["X-A"]: ${value}`],
    ['a value that is not Latin-1', { headers: { 'X-A': '東' } }, `headers["X-A"]: ${value}`],
    ['a value that ends in a blank', { headers: { 'X-A': 'a ' } }, `headers["X-A"]: ${value}`],
    ['a secret header', { headers: { authorization: 'Bearer abc' } }, `headers["authorization"]: ${secret}`],
    ['a cookie', { headers: { Cookie: 'a=b' } }, `headers["Cookie"]: ${secret}`],
    ['a header of the connection', { headers: { Host: 'a' } }, `headers["Host"]: ${own}`],
    [
      'a header twice',
      { headers: { 'X-Scope-OrgID': 'a', 'x-scope-orgid': 'b' } },
      'headers["x-scope-orgid"]: is there twice; the case of letters makes no difference',
    ],
    ['auth with nothing', { auth: {} }, one],
    ['auth with two', { auth: { bearer: { token: KEY }, oauth2: OAUTH2 } }, one],
    [
      'a user with a colon',
      { auth: { basic: { username: 'a:b', password: KEY } } },
      'auth.basic.username: must hold neither a colon nor control characters',
    ],
    [
      'a grant of another kind',
      { auth: { oauth2: { ...OAUTH2, params: { grant_type: 'password' } } } },
      'auth.oauth2.params.grant_type: is set by the controller itself, from the fields beside params',
    ],
    [
      'a password in the token URL',
      { auth: { oauth2: { ...OAUTH2, tokenUrl: 'https://me:pw@idp' } } },
      'auth.oauth2.tokenUrl: must hold no user or password; use auth, which reads a Secret',
    ],
    [
      'tls that does nothing',
      { address: 'http://prometheus', tls: { serverName: 'a' } },
      'tls: has no effect, because the address begins with http://',
    ],
    [
      'a bundle that is none',
      { tls: { caBundle: 'hello' } },
      'tls.caBundle: must hold certificates in PEM, or the base64 of such text',
    ],
    [
      'a broken certificate',
      { tls: { caBundle: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } },
      'tls.caBundle: certificate 1 of it cannot be read',
    ],
  ])('%s', (_title, fields, text) => {
    expect(judged(fields)).toEqual(refused(text));
  });

  test('a bundle with a key', () => {
    expect(judged({ tls: { caBundle: certificates.cert + certificates.key } })).toEqual(
      refused('tls.caBundle: must hold certificates only: take out keys and whatever else is there'),
    );
  });

  test('a bundle that is not looked at', () => {
    expect(judged({ tls: { caBundle: certificates.ca, insecureSkipVerify: true } })).toEqual(
      refused('tls: with insecureSkipVerify the caBundle has no effect; leave one of them out'),
    );
  });
});
