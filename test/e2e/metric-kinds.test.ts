import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { decideRun } from '../../src/analysis/decide-run.ts';
import { deliver, type InFlight } from '../../src/analysis/in-flight.ts';
import type { Answered, MeasureJob } from '../../src/analysis/measure-job.ts';
import { type AnalysisRun, analysisRunKind } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { crdOf } from '../../src/api/crd.ts';
import { resources } from '../../src/api/resource.ts';
import { parseTime } from '../../src/api/timestamp.ts';
import { clusterClient } from '../../src/cluster/client.ts';
import { loadKubeConfig } from '../../src/cluster/kubeconfig.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { prometheusSource } from '../../src/prometheus/source.ts';
import { must } from '../conformance/open-cluster.ts';
import { eventually, type PrometheusServer, prometheusServer } from './prometheus-server.ts';

/** Every kind of metric, judged against a real Prometheus and kept by a real API server. */
let playground: Playground;
let cluster: Cluster;
let server: PrometheusServer;
let growing: NodeJS.Timeout;
let requests = 0;

const VERSIONS = { good: 0.01, bad: 0.4, stable: 0.01 };
const CLOCK = { now: () => Date.now() };

/** Ten thousand requests more of each version, at each look; a share of them fails. */
function exposition(): string {
  requests += 10_000;
  const lines = Object.entries(VERSIONS).flatMap(([version, share]) => [
    `requests_total{v="${version}"} ${requests}`,
    `errors_total{v="${version}"} ${Math.round(requests * share)}`,
    `latency_bucket{v="${version}",le="0.3"} ${Math.round(requests * (1 - share))}`,
    `latency_bucket{v="${version}",le="+Inf"} ${requests}`,
    `latency_mean{v="${version}"} ${1 + share + Math.abs(Math.sin(requests)) / 100}`,
  ]);
  return `${lines.join('\n')}\n`;
}

beforeAll(async () => {
  server = await prometheusServer(exposition());
  growing = setInterval(() => server.expose(exposition()), 500);
  playground = await openPlayground({});
  cluster = clusterClient(loadKubeConfig(playground.adminKubeconfig), { fieldManager: 'assay-test' });
  await must(cluster.create(resources.crd, crdOf([analysisRunKind])));
  await vi.waitFor(() => must(cluster.list(resources.analysisRun)), { timeout: 10_000, interval: 50 });
  await eventually(server, async () => {
    const answer = await ask('count_over_time(requests_total{v="good"}[1m])');
    expect(answer.kind === 'samples' && Number(answer.values[0])).toBeGreaterThan(15);
  });
});
afterAll(async () => {
  clearInterval(growing);
  await server?.close();
  await playground?.close();
});

function source() {
  const address = `http://127.0.0.1:${server.port}`;
  return prometheusSource({ address, timeoutMs: 5_000, evaluationDelayMs: 0 }, CLOCK);
}

function ask(query: string) {
  return source()({ query, evaluateAt: Date.now() }, new AbortController().signal);
}

function answersOf({ questions, evaluateAt }: MeasureJob): Promise<Answered[]> {
  const { signal } = new AbortController();
  return Promise.all(
    questions.map(async ({ name, ...query }) => ({
      name,
      answer: await source()({ ...query, evaluateAt }, signal),
    })),
  );
}

/** Creates a run of one metric, measures until it ends, and answers what the API server kept of it. */
async function judged(name: string, metric: Omit<Metric, 'name'>): Promise<AnalysisRun> {
  let run = await must(
    cluster.create<AnalysisRun>(resources.analysisRun, {
      apiVersion: 'assay.dev/v1alpha1',
      kind: 'AnalysisRun',
      metadata: { namespace: 'default', name },
      spec: { metrics: [{ name, ...metric }], maxDuration: '12s' },
    }),
  );
  let inFlight: readonly InFlight[] = [];
  let begunAt: number | undefined;
  for (;;) {
    const decision = decideRun({ run, inFlight, now: Date.now(), begunAt });
    inFlight = decision.inFlight;
    begunAt = parseTime(decision.status.startedAt);
    if (decision.changed) {
      run = await must(cluster.replace(resources.analysisRun, { ...run, status: decision.status }, 'status'));
    }
    if (decision.wakeAt === undefined) return run;
    for (const job of decision.jobs) {
      const startedAt = Date.now();
      const answers = await answersOf(job);
      inFlight = deliver(inFlight, { job, startedAt, finishedAt: Date.now(), answers }, Date.now());
    }
    if (decision.jobs.length === 0) await sleep(Math.max(0, Math.min(decision.wakeAt - Date.now(), 500)));
  }
}

const arms = (metric: string, canary: string) => ({
  canary: `${metric}{v="${canary}"}`,
  stable: `${metric}{v="stable"}`,
});
const sequential = (canary: string) => ({
  interval: '2s',
  sequential: { events: arms('errors_total', canary), total: arms('requests_total', canary) },
});

test.each<[name: string, metric: Omit<Metric, 'name'>, phase: string]>([
  [
    'ratio-of-two-queries',
    {
      queries: {
        errors: { query: 'sum(increase(errors_total{v="bad"}[10s]))', whenEmpty: 0 },
        requests: { query: 'sum(increase(requests_total{v="bad"}[10s]))' },
      },
      successCondition: 'errors / requests < 0.05',
    },
    'Failed',
  ],
  [
    'errors-that-never-occurred',
    {
      queries: {
        errors: { query: 'sum(increase(errors_total{v="nobody"}[10s]))', whenEmpty: 0 },
        requests: { query: 'sum(increase(requests_total{v="good"}[10s]))' },
      },
      successCondition: 'errors / requests < 0.05',
    },
    'Successful',
  ],
  [
    'range',
    {
      query: 'latency_mean{v="good"}',
      range: { window: '10s', step: '1s' },
      successCondition: 'count(values) >= 8 and quantile(values, 0.9) < 1.1',
    },
    'Successful',
  ],
  [
    'too-little-traffic',
    {
      query: 'latency_mean{v="good"}',
      minimum: { query: 'sum(requests_total{v="nobody"})', value: 1 },
      successCondition: 'value > 0',
    },
    'Inconclusive',
  ],
  ['sequential-regression', sequential('bad'), 'Failed'],
  ['sequential-safe', sequential('good'), 'Successful'],
  [
    'sequential-histogram',
    { interval: '2s', sequential: { histogram: arms('latency_bucket', 'bad') } },
    'Failed',
  ],
  ['sequential-nobody', { ...sequential('nobody') }, 'Inconclusive'],
  [
    'mann-whitney',
    {
      range: { window: '15s', step: '1s' },
      mannWhitney: { ...arms('latency_mean', 'bad'), direction: 'increase' },
    },
    'Failed',
  ],
])('%s', async (name, metric, phase) => {
  const { status } = await judged(name, metric);
  expect(status?.phase, JSON.stringify(status, null, 2)).toBe(phase);
  const [result] = status?.metricResults ?? [];
  const isSequential = metric.sequential !== undefined && phase !== 'Inconclusive';
  expect(result?.state?.tests.length ?? 0).toBe(isSequential ? 1 : 0);
});
