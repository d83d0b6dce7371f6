import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTraffic, type Traffic } from '../../playground/traffic.ts';
import {
  HOST,
  hasEnded,
  imageIn,
  imageOf,
  NAMESPACE,
  PATH,
  releaseTag,
  until,
  WORKLOAD,
} from '../../playground/walkthrough.ts';
import type { AnalysisRun } from '../../src/api/analysis-run.ts';
import { resources } from '../../src/api/resource.ts';
import { openWorld, type World } from './open-world.ts';

/** Releases under a guard: nobody touches them, whatever dies in between. */
let world: World;
let traffic: Traffic;
beforeAll(async () => {
  world = await openWorld();
  await world.kubectl(['apply', '-f', '-'], source(world.playground.prometheusUrl));
  await world.apply(guard(world.sink.url));
  traffic = startTraffic({
    url: world.playground.ingressUrl,
    host: HOST,
    path: PATH,
    ratePerSecond: 200,
    maxSeconds: 900,
  });
});
afterAll(async () => {
  await traffic?.stop();
  await world?.close();
});

const source = (address: string) => `
apiVersion: assay.dev/v1alpha1
kind: ClusterMetricSource
metadata: { name: default }
spec: { prometheus: { address: "${address}" } }
`;

/** Five measurements, two seconds apart: time enough to kill something in the middle. */
const guard = (sinkUrl: string) => `
apiVersion: v1
kind: Secret
metadata: { name: channel }
stringData: { url: "${sinkUrl}" }
---
apiVersion: assay.dev/v1alpha1
kind: AlertReceiver
metadata: { name: channel }
spec: { webhook: { url: { secretKeyRef: { name: channel, key: url } } } }
---
apiVersion: assay.dev/v1alpha1
kind: AnalysisTemplate
metadata: { name: success }
spec:
  metrics:
    - name: success-rate
      interval: 2s
      count: 5
      minWindow: 6s
      query: >-
        sum(increase(http_requests_total{namespace="{{namespace}}",pod=~"{{canary.pods}}",code!~"5.."}[{{window}}]))
        / (sum(increase(http_requests_total{namespace="{{namespace}}",pod=~"{{canary.pods}}"}[{{window}}])) > 0)
      successCondition: value >= 0.95
      noData: Wait
---
apiVersion: assay.dev/v1alpha1
kind: RolloutGuard
metadata: { name: ${WORKLOAD} }
spec:
  rolloutRef: { name: rollouts-demo-1 }
  analyses:
    - name: success
      template: { kind: AnalysisTemplate, name: success }
  progressDeadlineSeconds: 12
  alerts: [{ receiver: channel }]
`;

const runs = () => world.watched.store<AnalysisRun>(resources.analysisRun).list(NAMESPACE);
const newestRun = () =>
  runs().find(({ spec }) => spec.key?.releaseId === world.watched.record()?.status.releaseId);
const measurements = () => newestRun()?.status?.metricResults[0]?.measurements ?? [];

/** Each measurement was recorded once, in order, and as many as there were to be. */
function expectEachRecordedOnce(count: number): void {
  expect(measurements().map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: count }, (_, index) => index),
  );
  expect(newestRun()?.status?.metricResults[0]).toMatchObject({
    count,
    successful: count,
    failed: 0,
    inconclusive: 0,
  });
}

async function endOf(releaseBefore: number): Promise<void> {
  await until('the release has ended', () => hasEnded(world.watched, releaseBefore));
  expect(world.watched.leftOver()).toEqual([]);
}

function releaseId(): number {
  return world.watched.record()?.status.releaseId ?? 0;
}

describe('a guarded release', () => {
  it('of a healthy version is promoted by its metrics, with no hand on it', async () => {
    const decisions = await world.releaseToEnd('1.10.3');
    expect(decisions.map(({ reason }) => reason)).toEqual([
      'NewRevision',
      'StepEntered',
      'StableServicePinned',
      'CanaryReady',
      'TrafficRouted',
      'AnalysisStarted',
      'AnalysisSuccessful',
      'StableServiceRestored',
      'WorkloadResumed',
      'CanaryRoutesRemoved',
      'Promoted',
    ]);
    expectEachRecordedOnce(5);
    expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.3'));
    expect(world.watched.leftOver()).toEqual([]);
    expect(world.sink.received).toEqual([]);
  });

  it('of a version that answers errors is found at 5 % of the traffic and rolled back, with one alert', async () => {
    await world.releaseToEnd('1.10.4-errors');
    const { release } = world.watched.record()?.status ?? {};
    expect(release).toMatchObject({ outcome: 'RolledBack', reason: 'AnalysisFailed', step: { index: 1 } });
    expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.3'));
    expect(world.watched.deployment()?.status).toMatchObject({ updatedReplicas: 5, availableReplicas: 5 });
    expect(world.watched.leftOver()).toEqual([]);
    await until('the alert has arrived', () => world.sink.received.length > 0, { limitMs: 10_000 });
    await sleep(1_000);
    expect(world.sink.received).toHaveLength(1);
    const text = JSON.stringify(world.sink.received[0]);
    for (const part of ['success-rate', 'value >= 0.95', 'AnalysisFailed', WORKLOAD])
      expect(text).toContain(part);
    const events = await world.kubectl(['get', 'events', '-n', NAMESPACE, '-o', 'json']);
    const messages = (
      JSON.parse(events) as { items: { reason: string; type: string; message: string }[] }
    ).items
      .filter(({ reason, type }) => reason === 'AnalysisFailed' && type === 'Warning')
      .map(({ message }) => message);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/success-rate 0\.\d+ .*value >= 0\.95/);
  });

  it('of an image that cannot be pulled is rolled back at the progress deadline', async () => {
    const alerts = world.sink.received.length;
    await world.releaseToEnd('failed');
    expect(world.watched.record()?.status.release).toMatchObject({
      outcome: 'RolledBack',
      reason: 'ProgressDeadlineExceeded',
    });
    expect(world.watched.record()?.status.release?.message).toContain('ImagePull');
    expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.3'));
    await until('the alert has arrived', () => world.sink.received.length > alerts, { limitMs: 10_000 });
  });
});

describe('what dies in the middle of a step', () => {
  const measuring = () => until('two measurements are there', () => measurements().length >= 2);

  it('the controller, by SIGKILL: started again, the release ends the same, no measurement recorded twice', async () => {
    const before = releaseId();
    await releaseTag(world.playground, '1.10.6');
    await until('the release has begun', () => releaseId() > before);
    await measuring();
    await world.assay.stop('SIGKILL');
    await sleep(1_000);
    await world.assay.start();
    await endOf(before);
    expect(world.watched.record()?.status.release).toMatchObject({
      outcome: 'Promoted',
      reason: 'AnalysisSuccessful',
    });
    expectEachRecordedOnce(5);
  });

  it('Redis, with everything in it: the release ends the same', async () => {
    const before = releaseId();
    await releaseTag(world.playground, '1.10.7');
    await until('the release has begun', () => releaseId() > before);
    await measuring();
    const redis = new Redis(world.playground.redisUrl);
    await redis.flushall();
    redis.disconnect();
    await endOf(before);
    expect(world.watched.record()?.status.release).toMatchObject({
      outcome: 'Promoted',
      reason: 'AnalysisSuccessful',
    });
    expectEachRecordedOnce(5);
  });
});

describe('an AnalysisRun made by hand', () => {
  it('runs without a Rollout', async () => {
    await world.apply(`
apiVersion: assay.dev/v1alpha1
kind: AnalysisRun
metadata: { name: by-hand }
spec:
  args: [{ name: app, value: ${WORKLOAD} }]
  metrics:
    - name: pods
      query: count(up{namespace="{{namespace}}",app="{{args.app}}"})
      successCondition: value >= 5
`);
    const phase = () => world.watched.get<AnalysisRun>(resources.analysisRun, 'by-hand')?.status?.phase;
    await until(
      'it has ended',
      () => phase() !== undefined && phase() !== 'Running' && phase() !== 'Pending',
      { limitMs: 20_000 },
    );
    expect(phase()).toBe('Successful');
  });
});

describe('from the last needed measurement to leaving the step', () => {
  it('takes less than a second, at the 95th percentile of 20 steps', async () => {
    await world.apply(manySteps(20));
    await world.kubectl([
      'wait',
      '-n',
      NAMESPACE,
      '--for=jsonpath={.status.phase}=Healthy',
      'rollout/many-steps',
      '--timeout=30s',
    ]);
    await world.kubectl([
      'set',
      'image',
      '-n',
      NAMESPACE,
      'deployment/many-steps',
      'app=cilium/echoserver:1.10.3',
    ]);
    const record = () =>
      world.watched.get<import('../../src/api/rollout-record.ts').RolloutRecord>(
        resources.rolloutRecord,
        'many-steps',
      );
    await until('all steps are done', () => record()?.status.release?.outcome === 'Promoted');
    const left = (record()?.status.decisions ?? []).filter(({ reason }) => reason === 'AnalysisSuccessful');
    const lastMeasured = new Map(
      runs()
        .filter(({ metadata }) => metadata.name.startsWith('many-steps-'))
        .map(({ spec, status }) => [
          spec.key?.step,
          Date.parse(status?.metricResults[0]?.measurements.at(-1)?.finishedAt ?? ''),
        ]),
    );
    // Ten finished runs are kept; the decisions of all twenty steps are there.
    const latencies = left
      .filter(({ step }) => lastMeasured.has(step))
      .map(({ step, at }) => Date.parse(at) - (lastMeasured.get(step) ?? 0))
      .toSorted((a, b) => a - b);
    const p95 = latencies[Math.ceil(latencies.length * 0.95) - 1] ?? Number.POSITIVE_INFINITY;
    console.log(
      `measurement → step left over ${latencies.length} steps: median ${latencies[Math.floor(latencies.length / 2)]} ms, p95 ${p95} ms`,
    );
    expect(latencies.length).toBeGreaterThanOrEqual(10);
    expect(p95).toBeLessThan(1_000);
  });
});

/** A workload whose plan has many steps without traffic, each judged by one measurement. */
function manySteps(count: number): string {
  const steps = Array.from({ length: count }, () => '{ replicas: 1, pause: {} }').join(', ');
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: many-steps }
spec:
  replicas: 2
  selector: { matchLabels: { app: many-steps } }
  template:
    metadata: { labels: { app: many-steps } }
    spec: { containers: [{ name: app, image: "cilium/echoserver:1.10.2", ports: [{ containerPort: 8080 }] }] }
---
apiVersion: rollouts.kruise.io/v1beta1
kind: Rollout
metadata: { name: many-steps }
spec:
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: many-steps }
  strategy: { canary: { enableExtraWorkloadForCanary: true, steps: [${steps}] } }
---
apiVersion: assay.dev/v1alpha1
kind: AnalysisTemplate
metadata: { name: always }
spec: { metrics: [{ name: one, query: "vector(1)", successCondition: value == 1 }] }
---
apiVersion: assay.dev/v1alpha1
kind: RolloutGuard
metadata: { name: many-steps }
spec:
  rolloutRef: { name: many-steps }
  analyses: [{ name: always, template: { name: always } }]
`;
}
