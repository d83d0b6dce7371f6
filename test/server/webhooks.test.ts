import { afterEach, describe, expect, test } from 'vitest';
import type { HorizontalPodAutoscaler, KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Rollout } from '../../src/api/rollout.ts';
import type { RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { makeCertificates } from '../../src/server/certificate.ts';
import { makeLookup } from '../../src/server/lookup.ts';
import { createWebhookServer } from '../../src/server/webhooks.ts';
import { memoryCluster } from '../world/cluster.ts';
import { post } from './https.ts';
import { CONTROLLER, deployment, reviewOf, rollout } from './requests.ts';

const NOW = Date.parse('2026-03-04T05:06:07.890Z');
const names = { dnsNames: [], ipAddresses: ['127.0.0.1'], now: Date.now(), validDays: 365 };
const certificates = await makeCertificates(names);
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface WorldOptions {
  ready?: boolean;
  cluster?: (cluster: Cluster) => Cluster;
}

/** The real server on a port of its own, before a cluster in memory that holds these objects. */
async function world(
  objects: readonly KubeObject[] = [],
  { ready = true, cluster: wrap }: WorldOptions = {},
) {
  const memory = memoryCluster({ now: () => NOW });
  for (const object of objects) {
    const resource = Object.values(resources).find(({ kind }) => kind === object.kind);
    if (!resource) throw new Error(`no resource of kind ${object.kind}`);
    await memory.cluster.create(resource, object);
  }
  const cluster = wrap ? wrap(memory.cluster) : memory.cluster;
  const answers: string[] = [];
  const errors: string[] = [];
  const { server, useCertificates } = createWebhookServer({
    certificates,
    controller: CONTROLLER,
    cluster,
    rollouts: memory.stores.of<Rollout>(resources.rollout),
    guards: memory.stores.of<RolloutGuard>(resources.rolloutGuard),
    autoscalers: memory.stores.of<HorizontalPodAutoscaler>(resources.autoscaler),
    lookup: makeLookup(cluster, new Map()),
    isReady: () => ready,
    now: () => NOW,
    onAnswer: (webhook, allowed) => answers.push(`${webhook} ${allowed}`),
    onError: (error) => errors.push(error.message),
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  closing.push(() => server.close());
  const address = server.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const send = (path: string, body: unknown, ca = certificates.ca) =>
    post(port, path, ca, typeof body === 'string' ? body : JSON.stringify(body));
  return { send, port, answers, errors, useCertificates, cluster: memory.cluster };
}

function patchIn(body: unknown): unknown {
  const { patch } = (body as { response: { patch: string } }).response;
  return JSON.parse(Buffer.from(patch, 'base64').toString());
}

const template = {
  apiVersion: 'assay.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { metrics: [{ name: 'success-rate', query: 'up', successCondition: 'value > 0' }] },
};
const source = {
  apiVersion: 'assay.dev/v1alpha1',
  kind: 'ClusterMetricSource',
  metadata: { name: 'default' },
  spec: { prometheus: { address: 'http://prometheus:9090' } },
};

describe('each path has its webhook', () => {
  test('/mutate-workload pauses and marks', async () => {
    const { send, answers } = await world([rollout()]);
    const review = reviewOf({ oldObject: deployment(), object: deployment({ image: 'echo:2' }) });
    const { status, body } = await send('/mutate-workload', review);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'review-1', allowed: true, patchType: 'JSONPatch' },
    });
    expect(patchIn(body)).toEqual([
      { op: 'add', path: '/spec/paused', value: true },
      {
        op: 'add',
        path: '/metadata/annotations',
        value: { 'rollouts.kruise.io/in-progressing': '{"rolloutName":"demo"}' },
      },
    ]);
    expect(answers).toEqual(['mutate-workload true']);
  });

  test('/mutate-workload knows the Rollouts of other namespaces apart', async () => {
    const elsewhere = rollout();
    const { send } = await world([{ ...elsewhere, metadata: { ...elsewhere.metadata, namespace: 'bank' } }]);
    const review = reviewOf({ oldObject: deployment(), object: deployment({ image: 'echo:2' }) });
    expect((await send('/mutate-workload', review)).body).toMatchObject({
      response: { uid: 'review-1', allowed: true },
    });
    expect((await send('/mutate-workload', review)).body).not.toHaveProperty('response.patch');
  });

  const paused = {
    phase: 'Progressing',
    canaryStatus: { currentStepIndex: 1, currentStepState: 'StepPaused' },
  };
  const approval = reviewOf({
    subResource: 'status',
    oldObject: rollout({ status: paused }),
    object: rollout({
      status: { ...paused, canaryStatus: { ...paused.canaryStatus, currentStepState: 'StepReady' } },
    }),
  });
  const record = {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'RolloutRecord',
    metadata: {
      name: 'demo',
      namespace: 'shop',
      ownerReferences: [
        { apiVersion: 'rollouts.kruise.io/v1beta1', kind: 'Rollout', name: 'demo', uid: 'rollout-uid' },
      ],
    },
    status: { releaseId: 3, stepEntry: 8, release: { step: { index: 1, entry: 8, state: 'StepPaused' } } },
  } as KubeObject;

  test('/mutate-rollout-status reads the record for this request', async () => {
    const { send } = await world([record]);
    const { body } = await send('/mutate-rollout-status', approval);
    expect(patchIn(body)).toEqual([
      {
        op: 'add',
        path: '/status/approvals',
        value: [{ releaseId: 3, stepEntry: 8, step: 1, user: 'alice', at: '2026-03-04T05:06:07.890Z' }],
      },
    ]);
  });

  test.each([
    ['NotFound', 409, 'step 1 of Rollout shop/demo is on the move'],
    ['Unavailable', 503, 'the record of this Rollout could not be read: gone fishing. Try again'],
  ] as const)('/mutate-rollout-status without a record: %s', async (kind, code, message) => {
    const { send, answers } = await world([], {
      cluster: (cluster) => ({
        ...cluster,
        get: async () => ({ ok: false, fault: { kind, message: 'gone fishing' } }),
      }),
    });
    const { status, body } = await send('/mutate-rollout-status', approval);
    expect(status).toBe(200);
    expect(body).toMatchObject({ response: { allowed: false, status: { code } } });
    expect((body as { response: { status: { message: string } } }).response.status.message).toContain(
      message,
    );
    expect(answers).toEqual(['mutate-rollout-status false']);
  });

  test('/validate refuses, and takes in what was made a moment ago', async () => {
    const { send, answers, cluster } = await world();
    const review = reviewOf({ object: template });
    expect((await send('/validate', review)).body).toMatchObject({
      response: {
        uid: 'review-1',
        allowed: false,
        status: {
          code: 422,
          reason: 'Invalid',
          message:
            'AnalysisTemplate shop/web is not valid: spec.metrics[0].source: ClusterMetricSource "default" does ' +
            'not exist. Create it, or name one that kubectl get clustermetricsources shows',
        },
      },
    });
    await cluster.create(resources.clusterMetricSource, source);
    expect((await send('/validate', review)).body).toMatchObject({ response: { allowed: true } });
    expect(answers).toEqual(['validate false', 'validate true']);
  });

  const conversion = (objects: unknown[], desiredAPIVersion = 'rollouts.kruise.io/v1beta1') => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'conversion-1', desiredAPIVersion, objects },
  });

  test('/convert converts all objects, before anything is ready', async () => {
    const { send } = await world([], { ready: false });
    const old = {
      apiVersion: 'rollouts.kruise.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'demo', namespace: 'shop' },
      spec: {
        objectRef: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' } },
        strategy: { canary: { steps: [{ weight: 5, pause: {} }] } },
      },
    };
    const { status, body } = await send('/convert', conversion([old, rollout()]));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      response: {
        uid: 'conversion-1',
        result: { status: 'Success' },
        convertedObjects: [
          {
            apiVersion: 'rollouts.kruise.io/v1beta1',
            spec: {
              workloadRef: { name: 'echoserver' },
              strategy: { canary: { steps: [{ traffic: '5%', replicas: '5%' }] } },
            },
          },
          { apiVersion: 'rollouts.kruise.io/v1beta1', metadata: { name: 'demo' } },
        ],
      },
    });
  });

  test('/convert says what it cannot convert', async () => {
    const { send } = await world();
    expect((await send('/convert', conversion([rollout(), deployment()]))).body).toEqual({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'ConversionReview',
      response: {
        uid: 'conversion-1',
        result: { status: 'Failure', message: 'only the kind Rollout can be converted, not "Deployment"' },
      },
    });
  });
});

describe('bad requests', () => {
  const paths = ['/mutate-workload', '/mutate-rollout-status', '/validate', '/convert'];

  test.each(paths)('%s refuses what is no review, and goes on serving', async (path) => {
    const { send, port, errors, answers } = await world();
    const codes = [];
    for (const body of ['', '{', 'null', '[]', '"text"', '{}', '{"apiVersion":"v1","kind":"Pod"}']) {
      codes.push((await send(path, body)).status);
    }
    expect(codes).toEqual([400, 400, 400, 400, 400, 400, 400]);
    expect((await post(port, path, certificates.ca, 'a=b', 'application/x-www-form-urlencoded')).status).toBe(
      415,
    );
    expect((await send(path, `{"a":"${'x'.repeat(10 * 1024 * 1024)}"}`)).status).toBe(413);
    expect(errors).toEqual([]);
    expect(answers).toEqual([]);
    expect((await send(path, '{}')).status).toBe(400);
  });

  test('the answer says what is wrong', async () => {
    const { send } = await world();
    const { body } = await send('/validate', { ...reviewOf({ object: template }), kind: 'Review' });
    expect(body).toEqual({
      message: 'not an AdmissionReview v1: ✖ Invalid input: expected "AdmissionReview"\n  → at kind',
    });
  });

  test('another path is not found', async () => {
    const { send } = await world();
    expect((await send('/', reviewOf({ object: template }))).status).toBe(404);
  });

  test('objects without the fields that their schema demands do no harm', async () => {
    const { send, errors } = await world([source]);
    const kinds = Object.values(resources).filter(
      ({ group }) => group === 'assay.dev' || group === 'rollouts.kruise.io',
    );
    const answers = [];
    for (const { kind, group, version } of kinds) {
      const object = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'x', namespace: 'shop' } };
      const { status, body } = await send('/validate', reviewOf({ object }));
      answers.push([kind, status, (body as { response: { allowed: boolean } }).response.allowed]);
    }
    expect(answers).toEqual(kinds.map(({ kind }) => [kind, 200, false]));
    expect(errors).toEqual([]);
  });
});

test.each(['/mutate-workload', '/mutate-rollout-status', '/validate'])(
  '%s is not there before the cluster has been read',
  async (path) => {
    const { send, answers } = await world([rollout()], { ready: false });
    expect(await send(path, reviewOf({ oldObject: deployment(), object: deployment() }))).toEqual({
      status: 503,
      body: { message: 'assay is still reading the cluster' },
    });
    expect(answers).toEqual([]);
  },
);

test('a bug in a handler is told, and is no yes', async () => {
  const { send, errors, answers } = await world([], {
    cluster: (cluster) => ({
      ...cluster,
      get: () => {
        throw new Error('bug');
      },
    }),
  });
  expect((await send('/validate', reviewOf({ object: template }))).status).toBe(500);
  expect(errors).toEqual(['bug']);
  expect(answers).toEqual([]);
});

test('renewed certificates are served without a restart', async () => {
  const { send, useCertificates } = await world();
  const renewed = await makeCertificates(names);
  useCertificates(renewed);
  expect((await send('/validate', '{}', renewed.ca)).status).toBe(400);
  await expect(send('/validate', '{}', certificates.ca)).rejects.toThrow('certificate');
});
