import { afterAll, beforeAll, expect, it } from 'vitest';
import { failedRequests, startTraffic } from '../../playground/traffic.ts';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { SharedRouting } from '../../src/api/traffic-routing.ts';
import {
  approvalOf,
  hostOf,
  LABELS,
  manifestOf,
  NAME,
  openReleasePlayground,
  type ReleasePlayground,
  type ReleaseStyle,
  versionPatch,
  watchRelease,
} from './release-world.ts';

const NAMESPACE = 'shared-routes';
const REPLICAS = 3;

const style: ReleaseStyle = {
  name: 'shared-routes',
  resource: resources.deployment,
  spec: (template, replicas) => ({ replicas, selector: { matchLabels: LABELS }, template }),
  strategy: () => ({
    canary: {
      enableExtraWorkloadForCanary: true,
      steps: [{ replicas: 1, pause: {} }],
      trafficRoutingRef: 'testers',
    },
  }),
};

const TESTERS = JSON.stringify({
  apiVersion: 'rollouts.kruise.io/v1alpha1',
  kind: 'TrafficRouting',
  metadata: { name: 'testers', namespace: NAMESPACE },
  spec: {
    objectRef: [{ service: NAME, gracePeriodSeconds: 1, ingress: { name: NAME } }],
    strategy: { matches: [{ headers: [{ type: 'Exact', name: 'x-user', value: 'tester' }] }] },
  },
});

let world: ReleasePlayground;
beforeAll(async () => {
  world = await openReleasePlayground();
});
afterAll(async () => {
  await world?.close();
});

it('is waited for, routes while a release needs it, and leaves the routes as they were', async () => {
  const { playground, copies, closers } = world;
  await playground.createNamespace(NAMESPACE);
  await playground.kubectl(['apply', '-f', '-'], manifestOf(style, REPLICAS, NAMESPACE));
  const watched = watchRelease(style, copies, NAMESPACE);
  const testers = () =>
    copies.of<SharedRouting>(resources.trafficRouting).get({ namespace: NAMESPACE, name: 'testers' });
  const canaryIngress = () =>
    copies.of<Ingress>(resources.ingress).get({ namespace: NAMESPACE, name: `${NAME}-canary` });
  const standing = () => [testers()?.status?.phase, testers()?.metadata.finalizers];

  await until('every pod is ready', () => watched.readyPods() === REPLICAS);
  await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
  const before = watched.left();
  const traffic = startTraffic({
    url: playground.ingressUrl,
    host: hostOf(NAMESPACE),
    path: '/',
    ratePerSecond: 200,
    maxSeconds: 120,
  });
  closers.push(() => traffic.stop());
  await playground.kubectl(versionPatch(style, NAMESPACE, 'v2'));
  const stalled = () => watched.rollout()?.status?.conditions?.find(({ type }) => type === 'Stalled')?.reason;
  await until('the missing TrafficRouting is told', () => stalled() === 'TrafficRoutingNotFound');
  expect(watched.podsOf('v2')).toBe(0);

  await playground.kubectl(['apply', '-f', '-'], TESTERS);
  await until('the step is paused', () => watched.pausedStep() === 1);
  expect(standing()).toEqual([
    'Progressing',
    ['rollouts.kruise.io/trafficrouting', `progressing.rollouts.kruise.io/${NAME}`],
  ]);
  expect(canaryIngress()?.metadata.annotations).toMatchObject({
    'nginx.ingress.kubernetes.io/canary': 'true',
    'nginx.ingress.kubernetes.io/canary-by-header': 'x-user',
    'nginx.ingress.kubernetes.io/canary-by-header-value': 'tester',
  });

  await playground.kubectl(approvalOf(watched.rollout(), NAMESPACE));
  await until('the release has ended', () => hasEnded(watched, 0));
  await until('the TrafficRouting rests', () => testers()?.status?.phase === 'Healthy');
  expect(watched.outcome()).toBe('Promoted');
  expect(standing()).toEqual(['Healthy', ['rollouts.kruise.io/trafficrouting']]);
  expect(watched.left()).toEqual({
    ...before,
    spec: { ...before.spec, template: watched.workload().spec.template },
  });

  await playground.kubectl(['delete', 'trafficroutings.rollouts.kruise.io', 'testers', '-n', NAMESPACE]);
  await until('the TrafficRouting is gone', () => testers() === undefined);
  const counts = await traffic.stop();
  expect(counts.sent).toBeGreaterThan(0);
  expect(failedRequests(counts)).toBe(0);
});
