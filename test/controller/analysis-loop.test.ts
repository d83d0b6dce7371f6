import { expect, test } from 'vitest';
import type { MeasureJob } from '../../src/analysis/measure-job.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { analysisLoop } from '../../src/controller/analysis-loop.ts';
import { freshest } from '../../src/controller/freshest.ts';
import type { JobQueue } from '../../src/queue/port.ts';
import { virtualClock } from '../world/clock.ts';
import { memoryCluster } from '../world/cluster.ts';

const { analysisRun, clusterMetricSource } = resources;
const REF = { name: 'by-hand', namespace: 'shop' };
const KEY = keyOf({ metadata: REF });
const START = Date.UTC(2026, 0, 1);
const METRIC = { name: 'rate', query: 'rate', interval: '10s', count: 2, successCondition: 'value >= 0.5' };

/** The loop over one run of two measurements whose jobs a test answers by hand. */
async function loopOverOne() {
  const clock = virtualClock(START);
  const memory = memoryCluster({ now: clock.now });
  const cache = freshest(memory.cluster, memory.stores, (_, raw) => raw, clock);
  const jobs: MeasureJob[] = [];
  const events: string[] = [];
  const queue = {
    addMeasure: async (job: MeasureJob) => jobs.push(job) > 0,
  } as Partial<JobQueue> as JobQueue;
  const loop = analysisLoop({
    cache,
    queue,
    clock,
    recordEvent: async (_, { reason }) => void events.push(reason),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    wake: () => {},
  });
  await memory.cluster.create(clusterMetricSource, {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'ClusterMetricSource',
    metadata: { name: 'default' },
    spec: { prometheus: { address: 'http://prometheus' } },
  } as KubeObject);
  await memory.cluster.create(analysisRun, {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: REF,
    spec: { metrics: [METRIC] },
  } as KubeObject);
  const run = () => memory.stores.of<AnalysisRun>(analysisRun).get(REF) as AnalysisRun;
  return {
    run,
    events,
    isOwn: () => loop.isOwn(run()),
    cluster: memory.cluster,
    /** Asks, answers with this value, and records. */
    measure: async (value: number) => {
      await loop.pass(KEY);
      const job = jobs.shift() as MeasureJob;
      const answers = job.questions.map(({ name }) => ({
        name,
        answer: { kind: 'samples' as const, values: [value], warnings: [] },
      }));
      loop.measured({ job, startedAt: clock.now(), finishedAt: clock.now(), answers });
      await loop.pass(KEY);
      await clock.advance(11_000);
    },
  };
}

test('what a pass wrote is its own, until somebody else changes the run', async () => {
  const { measure, isOwn, cluster, run } = await loopOverOne();
  expect(isOwn()).toBe(false);
  await measure(1);
  expect([run().status?.phase, isOwn()]).toEqual(['Running', true]);
  await cluster.replace(analysisRun, { ...run(), spec: { ...run().spec, terminate: true } });
  expect(isOwn()).toBe(false);
});

test('the end of a run is looked at once more, for then it is decided when it goes', async () => {
  const { measure, isOwn, run } = await loopOverOne();
  await measure(1);
  await measure(1);
  expect([run().status?.phase, isOwn()]).toEqual(['Successful', false]);
});

test.each([
  [1, 'Successful', []],
  [0, 'Failed', ['MeasurementFailed', 'RunFailed']],
])('a run whose measurements come to %d ends as %s with the Events %j', async (value, phase, reasons) => {
  const { measure, run, events } = await loopOverOne();
  await measure(value);
  if (phase === 'Successful') await measure(value);
  expect([run().status?.phase, events]).toEqual([phase, reasons]);
});
