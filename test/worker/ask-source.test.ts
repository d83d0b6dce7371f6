import { beforeEach, describe, expect, test } from 'vitest';
import type { MetricQuery, QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { Secret } from '../../src/api/kubernetes.ts';
import type { ClusterMetricSource } from '../../src/api/metric-source.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { PrometheusConfig } from '../../src/prometheus/source.ts';
import { makeCertificates } from '../../src/server/certificate.ts';
import { askSource } from '../../src/worker/ask-source.ts';
import { memoryCluster } from '../world/cluster.ts';

type PrometheusSpec = ClusterMetricSource['spec']['prometheus'];

const NAMESPACE = 'assay-system';
const QUERY: MetricQuery = { query: 'up', evaluateAt: 1_700_000_000_000 };
const answered: QueryAnswer = { kind: 'samples', values: [1], warnings: [] };
const fault = (reason: string, retryable = false): QueryAnswer => ({
  kind: 'fault',
  reason,
  message: 'no',
  retryable,
});
const BEARER: Partial<PrometheusSpec> = { auth: { bearer: { token: { name: 'prom', key: 'token' } } } };

function sourceOf(prometheus: Partial<PrometheusSpec> = {}): ClusterMetricSource {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name: 'default' },
    spec: { prometheus: { address: 'https://prometheus:9090', ...prometheus } },
  };
}

/** An `askSource` over an in-memory cluster, whose sources answer by the configuration they were opened with. */
function world() {
  let now = 1_700_000_000_000;
  let reads = 0;
  const { cluster } = memoryCluster({ now: () => now });
  const opened: PrometheusConfig[] = [];
  const asked: { config: PrometheusConfig; query: MetricQuery }[] = [];
  const state = { answer: async (_config: PrometheusConfig): Promise<QueryAnswer> => answered };
  const counting: Cluster = {
    ...cluster,
    get: (resource, ref) => {
      reads += 1;
      return cluster.get(resource, ref);
    },
  };
  let turns = 0;
  const turn = async () => {
    turns += 1;
  };
  const askAt = askSource({
    cluster: counting,
    namespace: NAMESPACE,
    openSource: (config) => {
      opened.push(config);
      return (query) => {
        asked.push({ config, query });
        return state.answer(config);
      };
    },
    clock: { now: () => now },
    signal: new AbortController().signal,
  });
  const putSecret = async (texts: Record<string, string>, namespace = NAMESPACE) => {
    const data = Object.fromEntries(
      Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
    const ref = { name: 'prom', namespace };
    await cluster.delete(resources.secret, ref);
    await cluster.create<Secret>(resources.secret, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: ref,
      data,
    });
  };
  const advance = (ms: number) => {
    now += ms;
  };
  const ask = (source: ClusterMetricSource, query: MetricQuery) => askAt(source, query, turn);
  return { ask, putSecret, opened, asked, state, advance, reads: () => reads, turns: () => turns };
}

let it: ReturnType<typeof world>;
beforeEach(() => {
  it = world();
});

describe('a source is opened', () => {
  test('with what is unset filled in', async () => {
    await it.ask(sourceOf(), QUERY);
    expect(it.opened).toEqual([
      { address: 'https://prometheus:9090', timeoutMs: 10_000, evaluationDelayMs: 0 },
    ]);
  });

  test('with the secret of its OAuth 2.0 client', async () => {
    await it.putSecret({ secret: 's3cret\n' });
    const oauth2 = { tokenUrl: 'https://idp/token', clientId: 'assay', scopes: ['read'], params: { a: 'b' } };
    await it.ask(
      sourceOf({ auth: { oauth2: { ...oauth2, clientSecret: { name: 'prom', key: 'secret' } } } }),
      QUERY,
    );
    expect(it.opened[0]?.oauth2).toEqual({ ...oauth2, clientSecret: 's3cret' });
  });

  test('with its authorities, from PEM or from the base64 of it', async () => {
    const { ca } = await makeCertificates({
      dnsNames: ['a'],
      ipAddresses: [],
      now: Date.now(),
      validDays: 1,
    });
    for (const caBundle of [ca, Buffer.from(ca).toString('base64')]) {
      await it.ask(sourceOf({ tls: { caBundle, serverName: 'prometheus' } }), QUERY);
      expect(it.opened.at(-1)?.tls).toEqual({ ca: ca.trim(), serverName: 'prometheus' });
    }
  });

  test('not with authorities that cannot be read', async () => {
    expect(await it.ask(sourceOf({ tls: { caBundle: 'hello' } }), QUERY)).toEqual({
      kind: 'fault',
      reason: 'BadSource',
      message:
        'spec.prometheus.tls.caBundle of ClusterMetricSource default must hold certificates in PEM, or the base64 of such text',
      retryable: false,
    });
    expect(it.opened).toEqual([]);
  });

  test('with Secrets of the own namespace only', async () => {
    await it.putSecret({ token: 'theirs' }, 'shop');
    expect(await it.ask(sourceOf(BEARER), QUERY)).toMatchObject({
      reason: 'NoCredentials',
      message: 'Secret assay-system/prom does not exist; create it with the key token',
      retryable: true,
    });
  });

  test.each(['', 'a b', 'a\nb', 'ü'])(
    'not with %j for a bearer token, which is not repeated',
    async (token) => {
      await it.putSecret({ token });
      expect(await it.ask(sourceOf(BEARER), QUERY)).toEqual({
        kind: 'fault',
        reason: 'NoCredentials',
        message:
          'key token of Secret assay-system/prom holds no bearer token: it is empty, or has blanks, line breaks or letters that are not ASCII',
        retryable: true,
      });
    },
  );
});

describe('a rotated Secret', () => {
  test('is found within a minute; one that is unchanged keeps the source open', async () => {
    await it.putSecret({ token: 'old' });
    await it.ask(sourceOf(BEARER), QUERY);
    it.advance(59_999);
    await it.ask(sourceOf(BEARER), QUERY);
    expect(it.reads()).toBe(1);
    it.advance(1);
    await it.ask(sourceOf(BEARER), QUERY);
    expect([it.reads(), it.opened.length]).toEqual([2, 1]);
    await it.putSecret({ token: 'new' });
    it.advance(60_000);
    await it.ask(sourceOf(BEARER), QUERY);
    expect(it.opened.map(({ bearer }) => bearer)).toEqual(['old', 'new']);
  });

  test.each(['Unauthorized', 'NoToken'])('is read at once when the server answers %s', async (reason) => {
    await it.putSecret({ token: 'old' });
    it.state.answer = async ({ bearer }) => (bearer === 'new' ? answered : fault(reason));
    await it.ask(sourceOf(BEARER), { ...QUERY, evaluateAt: 1 });
    await it.putSecret({ token: 'new' });
    it.advance(5_000);
    expect(await it.ask(sourceOf(BEARER), QUERY)).toEqual(answered);
    expect(it.asked.map(({ config }) => config.bearer)).toEqual(['old', 'old', 'new']);
  });

  test('is read once for all queries that were refused together', async () => {
    await it.putSecret({ token: 'old' });
    await it.ask(sourceOf(BEARER), { ...QUERY, evaluateAt: 1 });
    await it.putSecret({ token: 'new' });
    it.state.answer = async ({ bearer }) => (bearer === 'new' ? answered : fault('Unauthorized'));
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((query) => it.ask(sourceOf(BEARER), { ...QUERY, query })),
    );
    expect(answers).toEqual([answered, answered, answered]);
    expect(it.reads()).toBe(2);
  });

  test('is not read again for every query that goes on being refused', async () => {
    await it.putSecret({ token: 'old' });
    it.state.answer = async () => fault('Unauthorized');
    for (let n = 0; n < 10; n++) {
      expect(await it.ask(sourceOf(BEARER), { ...QUERY, evaluateAt: n })).toEqual(fault('Unauthorized'));
    }
    expect(it.reads()).toBe(2);
    expect(it.asked).toHaveLength(10);
    it.advance(5_000);
    await it.ask(sourceOf(BEARER), QUERY);
    expect(it.reads()).toBe(3);
  });

  test('is not read for a fault that has to do with no credentials', async () => {
    await it.putSecret({ token: 'old' });
    for (const answer of [fault('Timeout', true), fault('BadQuery'), fault('NoToken', true)]) {
      it.state.answer = async () => answer;
      expect(await it.ask(sourceOf(BEARER), QUERY)).toEqual(answer);
    }
    expect(it.reads()).toBe(1);
  });
});

describe('the same query under way', () => {
  test('is one request; what differs in anything is another', async () => {
    const { promise, resolve } = Promise.withResolvers<QueryAnswer>();
    it.state.answer = () => promise;
    const range = { windowMs: 60_000, stepMs: 15_000 };
    const queries: MetricQuery[] = [
      QUERY,
      { ...QUERY, query: 'down' },
      { ...QUERY, evaluateAt: 1 },
      { ...QUERY, raw: true },
      { ...QUERY, range },
      { ...QUERY, range: { ...range, stepMs: 30_000 } },
    ];
    const both = [...queries, ...queries].map((query) => it.ask(sourceOf(), query));
    resolve(answered);
    expect(await Promise.all(both)).toEqual(both.map(() => answered));
    expect(it.asked.map(({ query }) => query)).toEqual(queries);
  });

  test.each([
    ['an answer', answered],
    ['a fault', fault('Timeout', true)],
  ])('%s is not kept for the next one', async (_title, answer) => {
    it.state.answer = async () => answer;
    expect(await it.ask(sourceOf(), QUERY)).toEqual(answer);
    it.state.answer = async () => ({ ...answered, values: [2] });
    expect(await it.ask(sourceOf(), QUERY)).toMatchObject({ values: [2] });
  });
});

test('every request to a source takes a turn: one for a shared query, another for asking again', async () => {
  await it.putSecret({ token: 'old' });
  await Promise.all([it.ask(sourceOf(BEARER), QUERY), it.ask(sourceOf(BEARER), QUERY)]);
  expect(it.turns()).toBe(1);
  it.state.answer = async ({ bearer }) => (bearer === 'old' ? fault('Unauthorized') : answered);
  await it.putSecret({ token: 'new' });
  expect(await it.ask(sourceOf(BEARER), QUERY)).toEqual(answered);
  expect(it.turns()).toBe(3);
});
