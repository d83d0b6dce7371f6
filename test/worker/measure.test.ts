import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { MeasureJob, MeasureResult } from '../../src/analysis/measure-job.ts';
import type { MetricQuery, QueryAnswer } from '../../src/analysis/query-answer.ts';
import type { Secret } from '../../src/api/kubernetes.ts';
import type { ClusterMetricSource } from '../../src/api/metric-source.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { PrometheusConfig } from '../../src/prometheus/source.ts';
import { inProcessQueue } from '../../src/queue/in-process.ts';
import type { JobWorkers } from '../../src/queue/port.ts';
import { type Measured, measureWorker } from '../../src/worker/measure.ts';
import { measureJob as contractJob } from '../conformance/queue.contract.ts';
import { memoryCluster } from '../world/cluster.ts';
import { keptLog } from './kept-log.ts';

type PrometheusSpec = ClusterMetricSource['spec']['prometheus'];

const NAMESPACE = 'assay-system';

/** A job with one query. */
function measureJob(id: string, source?: string): MeasureJob {
  return { ...contractJob(id, source), questions: [{ name: 'value', query: 'up' }] };
}

const answered: QueryAnswer = { kind: 'samples', values: [1], warnings: [] };

function metricSource(
  name: string,
  prometheus: Partial<PrometheusSpec> = {},
  allowedNamespaces?: string[],
): ClusterMetricSource {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name },
    spec: {
      prometheus: { address: `http://${name}:9090`, ...prometheus },
      ...(allowedNamespaces && { allowedNamespaces }),
    },
  };
}

function secret(name: string, texts: Record<string, string>): Secret {
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, data };
}

/** A worker over an in-memory cluster and queue, whose sources answer what the test says. */
function world() {
  let now = 1_700_000_000_000;
  const { cluster, stores } = memoryCluster({ now: () => now });
  const { queue, workers } = inProcessQueue({ sleep });
  const served: Parameters<JobWorkers['serveMeasures']>[0][] = [];
  const opened: PrometheusConfig[] = [];
  const asked: MetricQuery[] = [];
  const measured: Measured[] = [];
  const results: MeasureResult[] = [];
  const log = keptLog();
  /** Waits of the worker, in milliseconds; nobody really waits. */
  const waits: number[] = [];
  const after = (ms: number, wake: () => void) => {
    waits.push(ms);
    now += ms;
    wake();
    return () => {};
  };
  let reads = 0;
  const counting: Cluster = {
    ...cluster,
    get: (resource, ref) => {
      reads += 1;
      return cluster.get(resource, ref);
    },
  };
  const state = {
    answer: async (_query: MetricQuery, _signal: AbortSignal): Promise<QueryAnswer> => answered,
  };
  const start = async () => {
    await queue.onMeasured(async (result) => {
      results.push(result);
    });
    return measureWorker({
      workers: {
        ...workers,
        serveMeasures: (source, measure) => {
          served.push(source);
          return workers.serveMeasures(source, measure);
        },
      },
      sources: stores.of<ClusterMetricSource>(resources.clusterMetricSource),
      cluster: counting,
      namespace: NAMESPACE,
      openSource: (config) => {
        opened.push(config);
        return (query, signal) => {
          asked.push(query);
          return state.answer(query, signal);
        };
      },
      clock: { now: () => now, after },
      log,
      onMeasured: (fields) => measured.push(fields),
    });
  };
  const put = async (source: ClusterMetricSource) => {
    const present = await cluster.get<ClusterMetricSource>(resources.clusterMetricSource, {
      name: source.metadata.name,
    });
    if (!present.ok) return cluster.create(resources.clusterMetricSource, source);
    return cluster.replace(resources.clusterMetricSource, {
      ...source,
      metadata: { ...source.metadata, resourceVersion: present.object.metadata.resourceVersion ?? '' },
    });
  };
  return {
    cluster,
    queue,
    start,
    put,
    state,
    served,
    opened,
    asked,
    measured,
    results,
    log,
    waits,
    advance: (ms: number) => {
      now += ms;
    },
    reads: () => reads,
  };
}

let it: ReturnType<typeof world>;
beforeEach(() => {
  it = world();
});

describe('a job', () => {
  test('becomes a query to its source, and the answer its result', async () => {
    await it.put(metricSource('default', { timeout: '2s', evaluationDelay: '30s', headers: { 'x-a': 'b' } }));
    it.state.answer = async () => {
      it.advance(25);
      return answered;
    };
    await it.start();
    const job = measureJob('a');
    await it.queue.addMeasure(job);
    await vi.waitFor(() =>
      expect(it.results).toEqual([
        {
          job,
          startedAt: 1_700_000_000_000,
          finishedAt: 1_700_000_000_025,
          answers: [{ name: 'value', answer: answered }],
        },
      ]),
    );
    expect(it.asked).toEqual([{ query: 'up', evaluateAt: job.evaluateAt }]);
    expect(it.opened).toEqual([
      {
        address: 'http://default:9090',
        headers: { 'x-a': 'b' },
        timeoutMs: 2_000,
        evaluationDelayMs: 30_000,
      },
    ]);
    expect(it.measured).toEqual([
      { source: 'default', outcome: 'Answered', durationMs: 25, state: { at: 1_700_000_000_025 } },
    ]);
  });

  test('that is ahead of its instant waits for it, and no longer than a second on a slow clock', async () => {
    await it.put(metricSource('default'));
    await it.start();
    await it.queue.addMeasure({ ...measureJob('ahead'), evaluateAt: 1_700_000_000_400 });
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    await it.queue.addMeasure({ ...measureJob('due'), evaluateAt: 1_700_000_000_400 });
    await vi.waitFor(() => expect(it.results).toHaveLength(2));
    await it.queue.addMeasure({ ...measureJob('far'), evaluateAt: 1_700_000_060_000 });
    await vi.waitFor(() => expect(it.results).toHaveLength(3));
    expect(it.waits).toEqual([400, 1_000]);
    expect(it.results.map(({ startedAt }) => startedAt - 1_700_000_000_000)).toEqual([400, 400, 1_400]);
  });

  test('asks its questions one after the other, each by its name', async () => {
    await it.put(metricSource('default'));
    let underWay = 0;
    let most = 0;
    it.state.answer = async ({ query }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(1);
      underWay -= 1;
      return { kind: 'samples', values: [query.length], warnings: [] };
    };
    await it.start();
    const job = contractJob('a');
    await it.queue.addMeasure(job);
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    expect(most).toBe(1);
    expect(it.results[0]?.answers).toEqual(
      job.questions.map(({ name, query }) => ({
        name,
        answer: { kind: 'samples', values: [query.length], warnings: [] },
      })),
    );
    const { evaluateAt } = job;
    expect(it.asked).toEqual([
      { query: 'sum(rate(http_requests_total{code=~"5.."}[1m]))', evaluateAt },
      { query: 'http_requests_total[5m]', raw: true, evaluateAt },
      { query: 'latency', range: { windowMs: 300_000, stepMs: 15_000 }, evaluateAt },
    ]);
  });

  test('asks nothing more after a fault, which then answers the rest', async () => {
    await it.put(metricSource('default'));
    const down: QueryAnswer = { kind: 'fault', reason: 'Timeout', message: 'late', retryable: true };
    it.state.answer = async ({ raw }) => (raw ? down : answered);
    await it.start();
    await it.queue.addMeasure(contractJob('a'));
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    expect(it.asked).toHaveLength(2);
    expect(it.results[0]?.answers.map(({ answer }) => answer)).toEqual([answered, down, down]);
  });

  test('whatever the measurements ask, no more queries are under way than the source allows', async () => {
    await it.put(metricSource('default', { maxConcurrentQueries: 2 }));
    let underWay = 0;
    let most = 0;
    it.state.answer = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(2);
      underWay -= 1;
      return answered;
    };
    await it.start();
    for (let n = 0; n < 6; n++) await it.queue.addMeasure({ ...contractJob(`job-${n}`), evaluateAt: n });
    await vi.waitFor(() => expect(it.results).toHaveLength(6));
    expect(it.asked).toHaveLength(18);
    expect(most).toBe(2);
  });

  test('begins no more queries in a second than the source allows', async () => {
    await it.put(metricSource('default', { maxQueriesPerSecond: 2 }));
    const at: number[] = [];
    it.state.answer = async () => {
      at.push(performance.now());
      return answered;
    };
    await it.start();
    await it.queue.addMeasure(contractJob('a'));
    await it.queue.addMeasure({ ...contractJob('b'), evaluateAt: 1 });
    await vi.waitFor(() => expect(it.results).toHaveLength(2), { timeout: 5_000 });
    // Timers may fire a millisecond early.
    const pauses = at.slice(2).map((later, index) => later - (at[index] ?? later));
    expect(pauses.filter((pause) => pause < 990)).toEqual([]);
    expect(at).toHaveLength(6);
  });

  test('of a namespace that the source is not for is refused without a query', async () => {
    await it.put(metricSource('default', {}, ['bank']));
    await it.start();
    await it.queue.addMeasure(measureJob('a'));
    await vi.waitFor(() =>
      expect(it.results[0]?.answers[0]?.answer).toEqual({
        kind: 'fault',
        reason: 'Forbidden',
        message:
          'ClusterMetricSource default is not for namespace shop; add it to its allowedNamespaces or name another source',
        retryable: false,
      }),
    );
    expect(it.asked).toEqual([]);
    expect(it.measured).toEqual([{ source: 'default', outcome: 'Forbidden', durationMs: 0 }]);
  });

  test('of a namespace that the source is for is asked', async () => {
    await it.put(metricSource('default', {}, ['bank', 'shop']));
    await it.start();
    await it.queue.addMeasure(measureJob('a'));
    await vi.waitFor(() => expect(it.results[0]?.answers[0]?.answer).toEqual(answered));
  });

  test('of an unknown source stays in its queue', async () => {
    await it.put(metricSource('default'));
    await it.start();
    await it.queue.addMeasure(measureJob('a', 'unknown'));
    await it.queue.addMeasure(measureJob('b'));
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    expect(await it.queue.depths()).toMatchObject({ 'measure-unknown': 1, 'measure-default': 0 });
  });

  test('asks the same as another under way: one query answers both', async () => {
    await it.put(metricSource('default'));
    await it.put(metricSource('other'));
    const release: (() => void)[] = [];
    it.state.answer = () => new Promise((resolve) => release.push(() => resolve(answered)));
    await it.start();
    await it.queue.addMeasure(measureJob('a'));
    await it.queue.addMeasure(measureJob('b'));
    await it.queue.addMeasure({ ...measureJob('later'), evaluateAt: 1 });
    await it.queue.addMeasure({ ...measureJob('differs'), questions: [{ name: 'value', query: 'down' }] });
    await it.queue.addMeasure(measureJob('elsewhere', 'other'));
    await vi.waitFor(() => expect(it.asked).toHaveLength(4));
    for (const go of release.splice(0)) go();
    await vi.waitFor(() => expect(it.results).toHaveLength(5));
    expect(it.asked).toHaveLength(4);
    it.state.answer = async () => answered;
    await it.queue.addMeasure(measureJob('c'));
    await vi.waitFor(() => expect(it.results).toHaveLength(6));
    expect(it.asked).toHaveLength(5);
  });
});

describe('a job whose source asks to be left alone', () => {
  const busy: QueryAnswer = {
    kind: 'fault',
    reason: 'TooManyRequests',
    message: 'later',
    retryable: true,
    retryAfterMs: 20,
  };
  const job = { ...measureJob('a'), evaluateAt: 1_700_000_000_000 };

  test('comes back without a result, and is asked again', async () => {
    await it.put(metricSource('default'));
    it.state.answer = async () => (it.asked.length === 1 ? busy : answered);
    await it.start();
    await it.queue.addMeasure(job);
    await vi.waitFor(() => expect(it.results.map(({ answers }) => answers[0]?.answer)).toEqual([answered]));
    expect(it.measured.map(({ outcome }) => outcome)).toEqual(['TooManyRequests', 'Answered']);
  });

  test('is given up after two minutes: the fault is its result', async () => {
    await it.put(metricSource('default'));
    it.state.answer = async () => {
      it.advance(60_000);
      return busy;
    };
    await it.start();
    await it.queue.addMeasure(job);
    await vi.waitFor(() => expect(it.results.map(({ answers }) => answers[0]?.answer)).toEqual([busy]));
    expect(it.asked).toHaveLength(2);
  });
});

test('a source that is down is told once, and once when it is back', async () => {
  await it.put(metricSource('default'));
  const down: QueryAnswer = { kind: 'fault', reason: 'Unreachable', message: 'refused', retryable: true };
  it.state.answer = async () => (it.asked.length < 4 ? down : answered);
  await it.start();
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    await it.queue.addMeasure({ ...measureJob(id), questions: [{ name: 'value', query: id }] });
    await vi.waitFor(() => expect(it.results.at(-1)?.job.id).toBe(id));
    it.advance(1_000);
  }
  expect(it.log.lines.filter((line) => / is down| answers again/.test(line))).toEqual([
    'a metric source is down: refused {"source":"default","reason":"Unreachable"}',
    'a metric source answers again {"source":"default","downSince":1700000000000}',
  ]);
  expect(it.measured[2]?.state).toEqual({
    at: 1_700_000_002_000,
    down: { since: 1_700_000_000_000, reason: 'Unreachable', message: 'refused' },
  });
  expect(it.measured[4]?.state).toEqual({ at: 1_700_000_004_000 });
});

describe('sources', () => {
  test('are served with their limits, follow changes and are left when they go', async () => {
    await it.put(metricSource('default'));
    await it.start();
    await vi.waitFor(() =>
      expect(it.served).toEqual([{ name: 'default', concurrency: 20, perSecond: undefined }]),
    );
    await it.put(metricSource('late', { maxConcurrentQueries: 2, maxQueriesPerSecond: 5 }));
    await vi.waitFor(() => expect(it.served[1]).toEqual({ name: 'late', concurrency: 2, perSecond: 5 }));
    await it.put(metricSource('late', { maxConcurrentQueries: 3 }));
    await vi.waitFor(() =>
      expect(it.served[2]).toEqual({ name: 'late', concurrency: 3, perSecond: undefined }),
    );
    // Another address is no other limit: the queue is served on.
    await it.put(metricSource('late', { maxConcurrentQueries: 3, address: 'http://moved:9090' }));
    await it.queue.addMeasure(measureJob('a', 'late'));
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    expect(it.opened.at(-1)?.address).toBe('http://moved:9090');
    await it.cluster.delete(resources.clusterMetricSource, { name: 'late' });
    await vi.waitFor(() => expect(it.log.lines.at(-1)).toContain('a metric source is gone'));
    await it.queue.addMeasure(measureJob('b', 'late'));
    await it.queue.addMeasure(measureJob('c'));
    await vi.waitFor(() => expect(it.results).toHaveLength(2));
    expect(it.served).toHaveLength(3);
    expect(await it.queue.depths()).toMatchObject({ 'measure-late': 1 });
  });

  test('stopping ends what is under way and takes nothing more', async () => {
    await it.put(metricSource('default'));
    let signal: AbortSignal | undefined;
    it.state.answer = async (_query, given) => {
      signal = given;
      return answered;
    };
    const stop = await it.start();
    await it.queue.addMeasure(measureJob('a'));
    await vi.waitFor(() => expect(it.results).toHaveLength(1));
    expect(signal?.aborted).toBe(false);
    await stop();
    expect(signal?.aborted).toBe(true);
    await it.queue.addMeasure(measureJob('b'));
    await it.put(metricSource('new'));
    await sleep(20);
    expect(it.asked).toHaveLength(1);
    expect(it.served).toHaveLength(1);
  });
});

describe('credentials', () => {
  const bearer = { auth: { bearer: { token: { name: 'prom', key: 'token' } } } };
  const basic = {
    auth: { basic: { username: 'me', password: { name: 'prom', key: 'password' } } },
  };

  test('come from Secrets of the own namespace and are not logged', async () => {
    await it.cluster.create(resources.secret, secret('prom', { token: 's3cret\n', password: 'pw' }));
    await it.put(metricSource('default', bearer));
    await it.put(metricSource('other', basic));
    await it.start();
    await it.queue.addMeasure(measureJob('a'));
    await it.queue.addMeasure(measureJob('b', 'other'));
    await vi.waitFor(() => expect(it.results).toHaveLength(2));
    expect(it.opened).toMatchObject([{ bearer: 's3cret' }, { basic: { username: 'me', password: 'pw' } }]);
    expect(it.log.lines.join('\n')).not.toMatch(/s3cret|pw/);
  });

  test('are read once a minute, and again when the source changed', async () => {
    await it.cluster.create(resources.secret, secret('prom', { token: 'old', password: 'pw' }));
    await it.put(metricSource('default', bearer));
    await it.start();
    const ask = async (id: string) => {
      const before = it.results.length;
      await it.queue.addMeasure(measureJob(id));
      await vi.waitFor(() => expect(it.results).toHaveLength(before + 1));
    };
    await ask('a');
    it.advance(59_999);
    await ask('b');
    expect(it.reads()).toBe(1);
    it.advance(1);
    await ask('c');
    expect(it.reads()).toBe(2);
    await it.put(metricSource('default', basic));
    await ask('d');
    expect(it.reads()).toBe(3);
    expect(it.opened.at(-1)).toMatchObject({ basic: { password: 'pw' } });
  });

  test.each([
    ['Secret', undefined, 'Secret assay-system/prom does not exist; create it with the key token'],
    ['key', { other: 'x' }, 'Secret assay-system/prom has no key token; add it'],
  ])(
    'without their %s are a fault that says what to do, and are found once they are there',
    async (_what, texts, message) => {
      if (texts) await it.cluster.create(resources.secret, secret('prom', texts));
      await it.put(metricSource('default', bearer));
      await it.start();
      await it.queue.addMeasure(measureJob('a'));
      await vi.waitFor(() =>
        expect(it.results[0]?.answers[0]?.answer).toEqual({
          kind: 'fault',
          reason: 'NoCredentials',
          message,
          retryable: true,
        }),
      );
      await it.cluster.delete(resources.secret, { name: 'prom', namespace: NAMESPACE });
      await it.cluster.create(resources.secret, secret('prom', { token: 'new' }));
      await it.queue.addMeasure(measureJob('b'));
      await vi.waitFor(() => expect(it.results[1]?.answers[0]?.answer).toEqual(answered));
    },
  );
});
