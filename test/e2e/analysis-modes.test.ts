import { afterAll, beforeAll, expect, it } from 'vitest';
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

/** What watches beside the steps, and what judges after the last one, on real parts. */
let world: World;
let traffic: Traffic;
beforeAll(async () => {
  world = await openWorld();
  await world.kubectl(['apply', '-f', '-'], source(world.playground.prometheusUrl));
  traffic = startTraffic({
    url: world.playground.ingressUrl,
    host: HOST,
    path: PATH,
    ratePerSecond: 100,
    maxSeconds: 300,
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
---
apiVersion: assay.dev/v1alpha1
kind: ClusterAnalysisTemplate
metadata: { name: success }
spec:
  metrics:
    - name: success-rate
      interval: 1s
      count: 5
      minWindow: 6s
      query: >-
        sum(increase(http_requests_total{namespace="{{namespace}}",pod=~"{{canary.pods}}",code!~"5.."}[{{window}}]))
        / (sum(increase(http_requests_total{namespace="{{namespace}}",pod=~"{{canary.pods}}"}[{{window}}])) > 0)
      successCondition: value >= 0.95
      noData: Wait
---
apiVersion: assay.dev/v1alpha1
kind: ClusterAnalysisTemplate
metadata: { name: content }
spec:
  args: [{ name: count, type: number, value: "1" }]
  metrics:
    - { name: one, query: "vector(1)", interval: 1s, count: "{{args.count}}", successCondition: value == 1 }
`;

/** Steps that are content with anything, for so many seconds, and `success` in another mode. */
const guard = (mode: 'Background' | 'PostPromotion', stepSeconds: number) => `
apiVersion: assay.dev/v1alpha1
kind: RolloutGuard
metadata: { name: ${WORKLOAD} }
spec:
  rolloutRef: { name: rollouts-demo-1 }
  analyses:
    - name: step
      template: { kind: ClusterAnalysisTemplate, name: content }
      args: [{ name: count, value: "${stepSeconds}" }]
    - name: success
      mode: ${mode}
      template: { kind: ClusterAnalysisTemplate, name: success }
`;

const runOf = (mode: string) =>
  world.watched
    .store<AnalysisRun>(resources.analysisRun)
    .list(NAMESPACE)
    .find(
      ({ spec: { key } }) => key?.mode === mode && key.releaseId === world.watched.record()?.status.releaseId,
    );
const release = () => world.watched.record()?.status.release;

it('a Background analysis that fails takes the release back at once, while its step has long to go', async () => {
  await world.apply(guard('Background', 120));
  const decisions = await world.releaseToEnd('1.10.4-errors');
  expect(release()).toMatchObject({ outcome: 'RolledBack', reason: 'AnalysisFailed', step: { index: 1 } });
  expect(runOf('Background')?.status).toMatchObject({
    phase: 'Failed',
    message: expect.stringMatching(/^success-rate 0\.\d+ does not satisfy value >= 0\.95/),
  });
  expect(runOf('Step')?.status?.phase).toBe('Cancelled');
  // Found and followed are one pass apart, not one step.
  const failed = decisions.find(({ reason }) => reason === 'AnalysisFailed');
  const measuredAt = runOf('Background')?.status?.metricResults[0]?.measurements.at(-1)?.finishedAt ?? '';
  expect(Date.parse(failed?.at ?? '') - Date.parse(measuredAt)).toBeLessThan(2_000);
  expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.2'));
  expect(world.watched.leftOver()).toEqual([]);
});

it('a PostPromotion analysis that fails restores the former template, without steps', async () => {
  await world.apply(guard('PostPromotion', 1));
  const before = world.watched.record()?.status.releaseId ?? 0;
  await releaseTag(world.playground, '1.10.5-errors');
  await until('every pod has the new version', () => release()?.stage === 'PostPromotion');
  expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.5-errors'));
  await until('the former template is back', () => release()?.outcome === 'RolledBack');
  await until('the release has ended', () => hasEnded(world.watched, before));
  expect(release()).toMatchObject({ outcome: 'RolledBack', reason: 'AnalysisFailed' });
  expect(runOf('PostPromotion')?.status?.phase).toBe('Failed');
  expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.2'));
  expect(world.watched.deployment()?.metadata.annotations?.['assay.dev/restore']).toBe(String(before + 1));
  // No release of its own came of the restore.
  expect(world.watched.record()?.status.releaseId).toBe(before + 1);
  expect(world.watched.leftOver()).toEqual([]);
});
