import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NAMESPACE } from '../../playground/walkthrough.ts';
import { openWorld, type World } from './open-world.ts';

/** Rollouts in both versions before a real API server: its defaults, its conversions, and what its users are told. */
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world?.close();
});

type Fields = Record<string, unknown>;
type Version = 'v1alpha1' | 'v1beta1';

function manifest(version: Version, name: string, spec: Fields, annotations: Fields = {}): string {
  const apiVersion = `rollouts.kruise.io/${version}`;
  return JSON.stringify({ apiVersion, kind: 'Rollout', metadata: { name, annotations }, spec });
}

const workload = (name: string, kind = 'Deployment') => ({ apiVersion: 'apps/v1', kind, name });

async function specOf(version: Version, name: string): Promise<Fields> {
  const resource = `rollouts.${version}.rollouts.kruise.io`;
  const text = await world.kubectl(['get', resource, name, '-n', NAMESPACE, '-o', 'json']);
  return (JSON.parse(text) as { spec: Fields }).spec;
}

async function patch(version: Version, name: string, change: Fields): Promise<void> {
  const resource = `rollouts.${version}.rollouts.kruise.io`;
  await world.kubectl([
    ...['patch', resource, name, '-n', NAMESPACE],
    ...['--type=merge', '-p', JSON.stringify(change)],
  ]);
}

/** What kubectl shows as warnings of an object that the API server takes. */
async function warnings(text: string, flags: string[] = []): Promise<string> {
  const args = ['apply', '-n', NAMESPACE, '--warnings-as-errors', ...flags, '-f', '-'];
  return world.kubectl(args, text).then(
    () => '',
    (error: Error) => error.message,
  );
}

const paths = {
  workloadRef: workload('paths'),
  strategy: {
    canary: {
      enableExtraWorkloadForCanary: true,
      steps: [
        {
          replicas: 1,
          matches: [
            { path: {}, headers: [{ name: 'user', value: 'me' }], queryParams: [{ name: 'a', value: 'b' }] },
          ],
        },
        { replicas: '60%', traffic: '50%' },
      ],
      trafficRoutings: [{ service: 'paths', gateway: { httpRouteName: 'paths' } }],
    },
  },
};

const filledPaths = {
  disabled: false,
  workloadRef: workload('paths'),
  strategy: {
    canary: {
      enableExtraWorkloadForCanary: true,
      steps: [
        {
          replicas: 1,
          matches: [
            {
              path: { type: 'PathPrefix', value: '/' },
              headers: [{ type: 'Exact', name: 'user', value: 'me' }],
              queryParams: [{ type: 'Exact', name: 'a', value: 'b' }],
            },
          ],
        },
        { replicas: '60%', traffic: '50%' },
      ],
      trafficRoutings: [{ service: 'paths', gracePeriodSeconds: 3, gateway: { httpRouteName: 'paths' } }],
    },
  },
};

describe('a Rollout of v1beta1', () => {
  it('gets the defaults of Kruise from the API server', async () => {
    await world.apply(manifest('v1beta1', 'paths', paths));
    expect(await specOf('v1beta1', 'paths')).toEqual(filledPaths);
  });

  it('keeps what v1alpha1 cannot say when it is written there', async () => {
    expect(await specOf('v1alpha1', 'paths')).toMatchObject({
      objectRef: { workloadRef: workload('paths') },
      strategy: {
        canary: { steps: [{ matches: [{ headers: [{ type: 'Exact', name: 'user' }] }] }, { weight: 50 }] },
      },
    });
    await patch('v1alpha1', 'paths', { spec: { strategy: { paused: true } } });
    expect(await specOf('v1beta1', 'paths')).toEqual({
      ...filledPaths,
      strategy: { ...filledPaths.strategy, paused: true },
    });
  });

  it('of a blue-green release as well', async () => {
    const strategy = { blueGreen: { steps: [{ replicas: '100%', traffic: '0%', pause: {} }] } };
    await world.apply(manifest('v1beta1', 'blue', { workloadRef: workload('blue'), strategy }));
    expect((await specOf('v1alpha1', 'blue'))['strategy']).toEqual({});
    await patch('v1alpha1', 'blue', { metadata: { labels: { team: 'shop' } }, spec: { disabled: true } });
    expect(await specOf('v1beta1', 'blue')).toEqual({
      disabled: true,
      workloadRef: workload('blue'),
      strategy,
    });
  });
});

describe('a Rollout of v1alpha1', () => {
  it('comes back as it was written, with an edit made in v1beta1', async () => {
    const spec = {
      objectRef: { workloadRef: workload('first') },
      rolloutID: 'r1',
      disabled: false,
      strategy: {
        canary: {
          steps: [{ weight: 5 }, { weight: 60, replicas: 3 }],
          trafficRoutings: [
            { service: 'first', gracePeriodSeconds: 3, type: 'nginx', ingress: { name: 'first' } },
          ],
        },
      },
    };
    await world.apply(manifest('v1alpha1', 'first', spec));
    expect(await specOf('v1alpha1', 'first')).toEqual(spec);
    await patch('v1beta1', 'first', { spec: { disabled: true } });
    expect(await specOf('v1alpha1', 'first')).toEqual({ ...spec, disabled: true });
  });

  it('is told of an annotation that names no style, which says nothing in v1beta1', async () => {
    const annotations = { 'rollouts.kruise.io/rolling-style': 'blueGreen' };
    const canary = { steps: [{ replicas: 1 }] };
    const alpha = { objectRef: { workloadRef: workload('styled') }, strategy: { canary } };
    expect(await world.refusal(manifest('v1alpha1', 'styled', alpha, annotations))).toContain(
      'must be canary or partition, and not blueGreen: other styles need rollouts.kruise.io/v1beta1',
    );
    const beta = {
      workloadRef: workload('styled'),
      strategy: { canary: { ...canary, enableExtraWorkloadForCanary: true } },
    };
    expect(await world.apply(manifest('v1beta1', 'styled', beta, annotations))).toContain('created');
  });
});

describe('admission', () => {
  const canary = { steps: [{ replicas: 1 }] };

  it('warns of a style that is left unsaid', async () => {
    const text = await warnings(
      manifest('v1beta1', 'unsaid', { workloadRef: workload('unsaid'), strategy: { canary } }),
    );
    expect(text).toContain('spec.strategy.canary.enableExtraWorkloadForCanary is not given');
    expect(text).toContain(`Deployment ${NAMESPACE}/unsaid does not exist yet`);
  });

  it('warns of an autoscaler that a blue-green release turns off', async () => {
    await world.apply(
      JSON.stringify({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'busy' },
        spec: { maxReplicas: 9, scaleTargetRef: workload('scaled') },
      }),
    );
    const strategy = { blueGreen: { steps: [{ replicas: '100%' }] } };
    const text = manifest('v1beta1', 'scaled', { workloadRef: workload('scaled'), strategy });
    const told = 'HorizontalPodAutoscaler busy scales Deployment scaled';
    // Admission sees it once its own watch has.
    await expect.poll(() => warnings(text, ['--dry-run=server']), { timeout: 20_000 }).toContain(told);
  });

  it('takes a workload of every kind, and refuses others', async () => {
    const spec = (kind: string) => ({
      workloadRef: workload(kind.toLowerCase(), kind),
      strategy: { canary },
    });
    for (const kind of ['StatefulSet', 'DaemonSet']) {
      expect(await world.apply(manifest('v1beta1', kind.toLowerCase(), spec(kind)))).toContain('created');
    }
    expect(await world.refusal(manifest('v1beta1', 'replicaset', spec('ReplicaSet')))).toContain(
      'a workload of kind ReplicaSet (apps/v1) is not supported',
    );
  });

  it('keeps a TrafficRouting that a release which is no more was part of, and lets it go when it is deleted', async () => {
    const text = await warnings(
      JSON.stringify({
        apiVersion: 'rollouts.kruise.io/v1alpha1',
        kind: 'TrafficRouting',
        metadata: { name: 'shared', finalizers: ['progressing.rollouts.kruise.io/lost'] },
        spec: { objectRef: [{ service: 'nowhere', ingress: { name: 'nowhere' } }], strategy: { weight: 5 } },
      }),
    );
    expect(text).toContain('spec.strategy.requestHeaderModifier is not given');
    const named = ['trafficroutings', 'shared', '-n', NAMESPACE];
    const shared = async () =>
      JSON.parse(await world.kubectl(['get', ...named, '-o', 'json'])) as {
        metadata: { finalizers: string[] };
        spec: Fields;
        status?: Fields;
      };
    await expect
      .poll(async () => (await shared()).status, { timeout: 20_000 })
      .toMatchObject({
        phase: 'Initial',
        reason: 'ServiceNotFound',
        message: 'Service nowhere does not exist; create it',
      });
    const { metadata, spec } = await shared();
    expect(metadata.finalizers).toEqual(['rollouts.kruise.io/trafficrouting']);
    expect(spec).toEqual({
      objectRef: [{ service: 'nowhere', gracePeriodSeconds: 3, ingress: { name: 'nowhere' } }],
      strategy: { weight: 5 },
    });
    await world.kubectl(['delete', ...named, '--timeout=20s']);
  });
});
