import { readCaBundle } from './ca-bundle.ts';
import type { SchemaFault } from './kind.ts';
import type { ClusterMetricSource } from './metric-source.ts';

type PrometheusSpec = ClusterMetricSource['spec']['prometheus'];

/** What RFC 9110 calls a token. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible Latin-1 with blanks inside: what Node sends as it is. */
const HEADER_VALUE = /^(?:[\x21-\x7e\xa0-\xff](?:[\t\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa0-\xff])?)?$/;
/** Headers that belong to the connection or to the request that is made of a query. */
const OWN_HEADERS = [
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const OWN_PARAMS = ['grant_type', 'scope', 'client_id', 'client_secret'];

/** Checks what the schema of a ClusterMetricSource cannot say. */
export function checkMetricSource({ spec }: ClusterMetricSource): SchemaFault[] {
  const { prometheus } = spec;
  const faults = [
    ...checkUrl('address', prometheus.address),
    ...checkHeaders(prometheus),
    ...checkAuth(prometheus),
    ...checkTls(prometheus),
  ];
  return faults.map(({ path, message }) => ({ path: `spec.prometheus.${path}`, message }));
}

/** What a person should know of a source that is valid. */
export function metricSourceWarnings({ metadata, spec }: ClusterMetricSource): string[] {
  const { address, auth, tls } = spec.prometheus;
  const warnings: string[] = [];
  const say = (text: string) => warnings.push(`ClusterMetricSource ${metadata.name}: ${text}`);
  if (tls?.insecureSkipVerify) {
    say('with tls.insecureSkipVerify anyone between the controller and the server can change measurements');
  }
  if (auth && address.startsWith('http:')) say('its credentials are sent over http, unencrypted');
  if (auth?.oauth2?.tokenUrl.startsWith('http:')) say('its client secret is sent over http, unencrypted');
  return warnings;
}

function checkUrl(path: string, text: string): SchemaFault[] {
  const url = URL.parse(text);
  if (!url) return [];
  if (url.username || url.password) {
    return [{ path, message: 'must hold no user or password; use auth, which reads a Secret' }];
  }
  if (path === 'address' && (url.search || url.hash)) {
    return [{ path, message: 'is a base URL and must have neither a query nor a fragment' }];
  }
  return [];
}

function checkHeaders({ headers = {} }: PrometheusSpec): SchemaFault[] {
  const seen = new Set<string>();
  return Object.entries(headers).flatMap(([name, value]) => {
    const path = `headers[${JSON.stringify(name)}]`;
    const lower = name.toLowerCase();
    const isAgain = seen.has(lower);
    seen.add(lower);
    if (!HEADER_NAME.test(name)) return [{ path, message: 'is no name that HTTP allows for a header' }];
    if (lower === 'authorization' || lower === 'cookie') {
      return [{ path, message: 'would show a secret to everyone who may read the source; use auth' }];
    }
    if (OWN_HEADERS.includes(lower)) return [{ path, message: 'is set by the controller itself' }];
    if (isAgain) return [{ path, message: 'is there twice; the case of letters makes no difference' }];
    if (!HEADER_VALUE.test(value)) {
      return [
        { path, message: 'has a value that HTTP does not allow: only visible characters, in one line' },
      ];
    }
    return [];
  });
}

function checkAuth({ auth }: PrometheusSpec): SchemaFault[] {
  if (!auth) return [];
  const given = [auth.basic, auth.bearer, auth.oauth2].filter((each) => each !== undefined);
  if (given.length !== 1) return [{ path: 'auth', message: 'give exactly one of basic, bearer and oauth2' }];
  if (!auth.oauth2) return [];
  const own = Object.keys(auth.oauth2.params ?? {}).filter((name) => OWN_PARAMS.includes(name));
  return [
    ...checkUrl('auth.oauth2.tokenUrl', auth.oauth2.tokenUrl),
    ...own.map((name) => ({
      path: `auth.oauth2.params.${name}`,
      message: 'is set by the controller itself, from the fields beside params',
    })),
  ];
}

function checkTls({ address, auth, tls }: PrometheusSpec): SchemaFault[] {
  if (!tls) return [];
  const isUsed = [address, auth?.oauth2?.tokenUrl].some((url) => url?.startsWith('https:'));
  if (!isUsed) return [{ path: 'tls', message: 'has no effect, because the address begins with http://' }];
  const bundle = tls.caBundle === undefined ? undefined : readCaBundle(tls.caBundle);
  if (bundle?.ok === false) return [{ path: 'tls.caBundle', message: bundle.message }];
  if (bundle && tls.insecureSkipVerify) {
    return [
      { path: 'tls', message: 'with insecureSkipVerify the caBundle has no effect; leave one of them out' },
    ];
  }
  return [];
}
