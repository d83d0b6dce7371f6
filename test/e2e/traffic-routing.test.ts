import { afterAll, beforeAll, expect, it } from 'vitest';
import { installAssay } from '../../playground/assay.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { failedRequests, startTraffic, type Traffic } from '../../playground/traffic.ts';
import { hasEnded, until } from '../../playground/walkthrough.ts';
import type { Ingress } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { SharedRouting } from '../../src/api/traffic-routing.ts';
import type { LocalCopies } from '../../src/local-copies.ts';
import {
  approvalOf,
  hostOf,
  LABELS,
  manifestOf,
  NAME,
  type ReleaseStyle,
  templateOf,
  watchAll,
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

let playground: Playground;
let copies: LocalCopies;
let traffic: Traffic;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  playground = await openPlayground();
  closers.push(() => playground.close());
  const assay = await installAssay(playground);
  closers.push(() => assay.stop('SIGTERM'));
  await assay.start();
  copies = await watchAll(playground);
  closers.push(() => copies.stop());
  await playground.createNamespace(NAMESPACE);
  await playground.kubectl(['apply', '-f', '-'], manifestOf(style, REPLICAS, NAMESPACE));
});
afterAll(async () => {
  for (const closer of closers.splice(0).reverse()) await closer();
});

it('is waited for, routes while a release needs it, and leaves the routes as they were', async () => {
  const watched = watchRelease(style, copies, NAMESPACE);
  const testers = () =>
    copies.of<SharedRouting>(resources.trafficRouting).get({ namespace: NAMESPACE, name: 'testers' });
  const canaryIngress = () =>
    copies.of<Ingress>(resources.ingress).get({ namespace: NAMESPACE, name: `${NAME}-canary` });
  const standing = () => [testers()?.status?.phase, testers()?.metadata.finalizers];

  await until('every pod is ready', () => watched.readyPods() === REPLICAS);
  await until('the Rollout is Healthy', () => watched.rollout()?.status?.phase === 'Healthy');
  const before = watched.left();
  traffic = startTraffic({
    url: playground.ingressUrl,
    host: hostOf(NAMESPACE),
    path: '/',
    ratePerSecond: 200,
    maxSeconds: 120,
  });
  closers.push(() => traffic.stop());
  const template = JSON.stringify({ spec: { template: templateOf('v2') } });
  await playground.kubectl(['patch', 'deployment', NAME, '-n', NAMESPACE, '--type=merge', '-p', template]);
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
