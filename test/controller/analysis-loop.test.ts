import { expect, test } from 'vitest';
import type { MeasureJob } from '../../src/analysis/measure-job.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { type KubeObject, keyOf } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
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
  const jobs: MeasureJob[] = [];
  const events: string[] = [];
  /** Of each version that the watch brought, whether it is the loop's own. */
  const own: boolean[] = [];
  let wakes = 0;
  let beforeAnswer = async () => {};
  const cluster: Cluster = {
    ...memory.cluster,
    replace: async (...request) => {
      const answer = await memory.cluster.replace(...request);
      await beforeAnswer();
      return answer;
    },
  };
  const cache = freshest(cluster, memory.stores, (_, raw) => raw, clock);
  const queue = {
    addMeasure: async (job: MeasureJob) => jobs.push(job) > 0,
  } as Partial<JobQueue> as JobQueue;
  const loop = analysisLoop({
    cache,
    queue,
    clock,
    recordEvent: async (_, { reason }) => void events.push(reason),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    wake: () => {
      wakes += 1;
    },
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
  memory.stores.of<AnalysisRun>(analysisRun).subscribe(({ after }) => {
    if (after) own.push(loop.isOwn(after));
  });
  own.length = 0;
  const run = () => memory.stores.of<AnalysisRun>(analysisRun).get(REF) as AnalysisRun;
  return {
    run,
    events,
    own,
    wakes: () => wakes,
    /** What happens between a write and its answer. */
    beforeAnswer: (happens: () => Promise<unknown>) => {
      beforeAnswer = async () => {
        beforeAnswer = async () => {};
        await happens();
      };
    },
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

test('what a pass wrote is its own also when the watch brings it before the answer', async () => {
  const { measure, own, wakes } = await loopOverOne();
  await measure(1);
  // The one wish is that of the measurement.
  expect([own, wakes()]).toEqual([[true], 1]);
});

test('what another writes before the answer to a write comes is looked at after it', async () => {
  const { measure, cluster, run, beforeAnswer, wakes } = await loopOverOne();
  beforeAnswer(() => cluster.replace(analysisRun, { ...run(), spec: { ...run().spec, terminate: true } }));
  await measure(1);
  expect(wakes()).toBe(2);
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
