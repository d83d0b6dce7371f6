import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTraffic } from '../../playground/traffic.ts';
import {
  HOST,
  hasEnded,
  imageIn,
  imageOf,
  NAMESPACE,
  PATH,
  ROLLOUT,
  releaseTag,
  until,
  WORKLOAD,
} from '../../playground/walkthrough.ts';
import type { Deployment, Ingress, Pod, Service } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { instantOf, openWorld, type World } from './open-world.ts';

/** The walkthrough as its author tells it, by hand and without a guard. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world?.close();
});

/** As kubectl-kruise sends it. */
const APPROVAL = '{"status":{"canaryStatus":{"currentStepState":"StepReady"}}}';

const approve = () =>
  world.kubectl([
    'patch',
    'rollout',
    ROLLOUT,
    '-n',
    NAMESPACE,
    '--subresource=status',
    '--type=merge',
    '-p',
    APPROVAL,
  ]);
const state = () => world.watched.rollout()?.status?.canaryStatus?.currentStepState;

describe('a healthy version, approved by hand', () => {
  const times = { applied: 0, firstPod: 0, paused: 0, approved: 0, healthy: 0 };

  it('pauses at the step within 12 s, its first pod coming within 1 s and the grace period', async () => {
    const pods = world.watched.store<Pod>(resources.pod);
    const unsubscribe = pods.subscribe(({ before, after }) => {
      if (!before && after?.metadata.name.startsWith(`${WORKLOAD}-`) && times.applied > 0)
        times.firstPod ||= Date.now();
    });
    times.applied = Date.now();
    await releaseTag(world.playground, '1.10.3');
    await until('the step is paused', () => state() === 'StepPaused');
    times.paused = Date.now();
    unsubscribe();
    // kubectl itself takes some 100 ms to start; the record has the time at which the change was seen.
    const seen = instantOf(world.decisions(), 'NewRevision');
    console.log(
      `template change → first canary pod ${times.firstPod - seen} ms, → StepPaused ${times.paused - times.applied} ms`,
    );
    expect(times.firstPod - seen).toBeLessThan(4_000);
    expect(times.paused - times.applied).toBeLessThan(12_000);
  });

  it('has the objects that the walkthrough shows', () => {
    const { watched } = world;
    const canaries = watched.leftOver().filter(({ kind }) => kind === 'Deployment') as Deployment[];
    expect(canaries).toHaveLength(1);
    const [canary] = canaries;
    expect(canary?.metadata.name).toMatch(/^echoserver-[a-z0-9]{5}$/);
    expect(canary?.metadata.labels).toEqual({
      app: WORKLOAD,
      'rollouts.kruise.io/canary-deployment': WORKLOAD,
    });
    expect(canary?.metadata.annotations?.['rollouts.kruise.io/in-progressing']).toBe(
      `{"rolloutName":"${ROLLOUT}"}`,
    );
    expect(canary?.metadata.annotations?.['batchrelease.rollouts.kruise.io/control-info']).toContain(
      '"controller":true',
    );
    expect(canary?.spec.replicas).toBe(1);
    const stable = watched.deployment();
    expect(stable?.spec.paused).toBe(true);
    expect(stable?.status).toMatchObject({ readyReplicas: 5, availableReplicas: 5 });
    expect(stable?.status?.updatedReplicas).toBeUndefined();
    const hash = watched.rollout()?.status?.canaryStatus?.podTemplateHash;
    const service = watched.get<Service>(resources.service, `${WORKLOAD}-canary`);
    expect(service?.spec.selector).toEqual({ app: WORKLOAD, 'pod-template-hash': hash });
    const ingress = watched.get<Ingress>(resources.ingress, `${WORKLOAD}-canary`);
    expect(ingress?.metadata.annotations).toEqual({
      'kubernetes.io/ingress.class': 'nginx',
      'nginx.ingress.kubernetes.io/canary': 'true',
      'nginx.ingress.kubernetes.io/canary-weight': '5',
    });
    expect(ingress?.spec.rules?.[0]?.http?.paths[0]?.backend.service?.name).toBe(`${WORKLOAD}-canary`);
  });

  it('sends 5 % of the requests to the canary, within a point over 10,000', async () => {
    const traffic = startTraffic({
      url: world.playground.ingressUrl,
      host: HOST,
      path: PATH,
      ratePerSecond: 1_000,
      maxRequests: 10_000,
      maxSeconds: 60,
    });
    await traffic.done;
    const canary = world.watched.leftOver().find(({ kind }) => kind === 'Deployment')?.metadata.name ?? '';
    const pods = Object.entries(traffic.counts.byPod);
    const total = pods.reduce((sum, [, count]) => sum + count, 0);
    const reached = pods
      .filter(([pod]) => pod.startsWith(`${canary}-`))
      .reduce((sum, [, count]) => sum + count, 0);
    console.log(`${reached} of ${total} requests reached the canary`);
    expect(total).toBe(10_000);
    expect(Math.abs((100 * reached) / total - 5)).toBeLessThan(1);
  });

  it('is approved by the patch that kubectl-kruise sends, and is Healthy with nothing left over within 15 s', async () => {
    times.approved = Date.now();
    await approve();
    await until('the release has ended', () => hasEnded(world.watched, 0));
    await until('nothing is left over', () => world.watched.leftOver().length === 0, { limitMs: 1_000 });
    times.healthy = Date.now();
    console.log(`approval → Healthy, canary gone ${times.healthy - times.approved} ms`);
    expect(times.healthy - times.approved).toBeLessThan(15_000);
    const deployment = world.watched.deployment();
    expect(imageIn(deployment)).toBe(imageOf('1.10.3'));
    expect(deployment?.status).toMatchObject({ replicas: 5, updatedReplicas: 5, availableReplicas: 5 });
    expect(deployment?.spec.paused ?? false).toBe(false);
    expect(deployment?.metadata.annotations).not.toHaveProperty('rollouts.kruise.io/in-progressing');
    expect(world.watched.get<Service>(resources.service, WORKLOAD)?.spec.selector).toEqual({ app: WORKLOAD });
    expect(world.decisions().map(({ reason }) => reason)).toContain('Approved');
  });
});

describe('an image that cannot be pulled', () => {
  const stays = async () => {
    await releaseTag(world.playground, 'failed');
    await until('pods are waited for', () => state() === 'StepUpgrade');
    await until('the pods say why', () => /ImagePull/.test(world.watched.rollout()?.status?.message ?? ''));
    expect(state()).toBe('StepUpgrade');
  };

  it('stays in StepUpgrade, which cannot be approved', async () => {
    await stays();
    await expect(approve()).rejects.toThrow(/is in StepUpgrade \(its pods are not ready yet\)/);
    expect(state()).toBe('StepUpgrade');
  });

  it('a. is taken back by restoring the former template', async () => {
    const before = (world.watched.record()?.status.releaseId ?? 0) - 1;
    await releaseTag(world.playground, '1.10.3');
    await until('the release has ended', () => hasEnded(world.watched, before));
    await until('nothing is left over', () => world.watched.leftOver().length === 0, { limitMs: 5_000 });
    expect(world.watched.record()?.status.release).toMatchObject({
      outcome: 'RolledBack',
      reason: 'StableTemplateRestored',
    });
    expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.3'));
    expect(world.watched.deployment()?.status?.availableReplicas).toBe(5);
  });

  it('b. makes room for a third version, which continues', async () => {
    await stays();
    const failed = world.watched.record()?.status.releaseId ?? 0;
    await releaseTag(world.playground, '1.10.5');
    await until(
      'the third version is paused at its step',
      () => state() === 'StepPaused' && (world.watched.record()?.status.releaseId ?? 0) > failed,
    );
    await approve();
    await until('the release has ended', () => hasEnded(world.watched, failed));
    expect(imageIn(world.watched.deployment())).toBe(imageOf('1.10.5'));
    expect(world.watched.deployment()?.status).toMatchObject({ updatedReplicas: 5, availableReplicas: 5 });
    expect(world.watched.leftOver()).toEqual([]);
  });
});

describe('an idle Rollout', () => {
  it('causes no writes to the API server but those of the lease', async () => {
    const writes = async () => {
      const text = await (await fetch(`${world.assay.healthUrl}/metrics`)).text();
      const counted = [...text.matchAll(/^assay_api_requests_total\{(.*)\} (\d+)/gm)]
        .filter(
          ([, labels = '']) =>
            /verb="(create|update|patch|delete)"/.test(labels) && !/resource="leases"/.test(labels),
        )
        .map(([, labels = '', count]) => [labels, Number(count)] as const);
      return Object.fromEntries(counted);
    };
    // The last release has just ended: the very last words of its status are written within five seconds.
    await sleep(7_000);
    const before = await writes();
    await sleep(60_000);
    expect(await writes()).toEqual(before);
  });
});
