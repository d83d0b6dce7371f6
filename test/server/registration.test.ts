import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { injectCaBundle, registerWebhooks } from '../../src/server/registration.ts';
import {
  mutatingWebhooks,
  validatingWebhooks,
  type WebhookConfiguration,
} from '../../src/server/webhook-configuration.ts';
import { memoryCluster } from '../world/cluster.ts';

const CA = '-----BEGIN CERTIFICATE-----\nca\n-----END CERTIFICATE-----\n';
const ENCODED = Buffer.from(CA).toString('base64');
const settings = {
  caBundle: CA,
  target: { url: 'https://127.0.0.1:9443/' },
  namespace: 'assay-system',
  controllerUsername: 'system:serviceaccount:assay-system:assay',
};
const CRD = 'rollouts.rollouts.kruise.io';

function world() {
  const writes: string[] = [];
  const memory = memoryCluster({
    now: () => 0,
    onWrite: (verb, { kind }, { metadata }) => writes.push(`${verb} ${kind} ${metadata.name}`),
  });
  const configuration = async (which: 'mutatingWebhook' | 'validatingWebhook') => {
    const read = await memory.cluster.get<WebhookConfiguration>(resources[which], { name: 'assay' });
    if (!read.ok) throw new Error(read.fault.message);
    return read.object;
  };
  /** As the chart installs it: without an authority, and through a Service. */
  const installChart = async () => {
    const chart = {
      target: { service: { namespace: 'assay-system', name: 'assay-webhook' } },
      namespace: 'assay-system',
    };
    await memory.cluster.create(resources.mutatingWebhook, mutatingWebhooks(chart));
    await memory.cluster.create(resources.validatingWebhook, validatingWebhooks(chart));
    await memory.cluster.create(resources.crd, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: CRD },
      spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: {} } } } },
    } as KubeObject);
    writes.length = 0;
  };
  return { ...memory, writes, configuration, installChart };
}

describe('registering the webhooks', () => {
  test('beside Kruise Rollouts registers those of its own kinds, and takes the others away', async () => {
    const { cluster, configuration } = world();
    expect(await registerWebhooks({ cluster, ...settings, ownKindsOnly: true })).toBeUndefined();
    expect((await configuration('mutatingWebhook')).webhooks).toEqual([]);
    expect((await configuration('validatingWebhook')).webhooks.map(({ name }) => name)).toEqual([
      'authored.assay.dev',
      'controlled.assay.dev',
    ]);
  });

  test('says where they are, whom to trust, and what happens when they are down', async () => {
    const { cluster, configuration, writes } = world();
    expect(await registerWebhooks({ cluster, ...settings })).toBeUndefined();
    const both = [await configuration('mutatingWebhook'), await configuration('validatingWebhook')];
    const rows = both.flatMap(({ webhooks }) =>
      webhooks.map((webhook) => [
        webhook.name,
        webhook.clientConfig.url,
        webhook['failurePolicy'],
        webhook['timeoutSeconds'],
      ]),
    );
    expect(rows).toEqual([
      ['guarded-workloads.assay.dev', 'https://127.0.0.1:9443/mutate-workload', 'Fail', 5],
      ['other-workloads.assay.dev', 'https://127.0.0.1:9443/mutate-workload', 'Ignore', 2],
      ['approvals.rollouts.kruise.io', 'https://127.0.0.1:9443/mutate-rollout-status', 'Fail', 5],
      ['rollouts.rollouts.kruise.io', 'https://127.0.0.1:9443/validate', 'Fail', 5],
      ['authored.assay.dev', 'https://127.0.0.1:9443/validate', 'Fail', 5],
      ['controlled.assay.dev', 'https://127.0.0.1:9443/validate', 'Fail', 5],
    ]);
    expect(new Set(both.flatMap(({ webhooks }) => webhooks.map((w) => w.clientConfig.caBundle)))).toEqual(
      new Set([ENCODED]),
    );
    expect(writes).toEqual([
      'patch ValidatingWebhookConfiguration assay',
      'patch MutatingWebhookConfiguration assay',
    ]);
  });

  test('again writes nothing', async () => {
    const { cluster, writes } = world();
    await registerWebhooks({ cluster, ...settings });
    writes.length = 0;
    expect(await registerWebhooks({ cluster, ...settings })).toBeUndefined();
    expect(writes).toEqual([]);
  });

  test('fields that the API server or others add do not matter', async () => {
    const { cluster, configuration, writes } = world();
    await registerWebhooks({ cluster, ...settings });
    const present = await configuration('mutatingWebhook');
    await cluster.replace(resources.mutatingWebhook, {
      ...present,
      webhooks: present.webhooks.map((webhook) => ({ ...webhook, added: 'by a default' })),
    } as WebhookConfiguration);
    writes.length = 0;
    await registerWebhooks({ cluster, ...settings });
    expect(writes).toEqual([]);
  });

  test.each([
    ['another authority', { caBundle: `${CA}${CA}` }],
    ['another place', { target: { url: 'https://127.0.0.1:9444' } }],
    ['another account', { controllerUsername: 'admin' }],
  ])('%s is written', async (_title, part) => {
    const { cluster, writes } = world();
    await registerWebhooks({ cluster, ...settings });
    writes.length = 0;
    await registerWebhooks({ cluster, ...settings, ...part });
    expect(writes).toHaveLength(2);
  });

  test('a webhook that somebody took out is put back', async () => {
    const { cluster, configuration } = world();
    await registerWebhooks({ cluster, ...settings });
    const present = await configuration('mutatingWebhook');
    await cluster.replace(resources.mutatingWebhook, { ...present, webhooks: present.webhooks.slice(1) });
    await registerWebhooks({ cluster, ...settings });
    expect((await configuration('mutatingWebhook')).webhooks).toHaveLength(3);
  });

  test('what stands in the way is told', async () => {
    const { cluster, failNext } = world();
    failNext('Refused');
    expect(await registerWebhooks({ cluster, ...settings })).toEqual({
      kind: 'Refused',
      message: 'ValidatingWebhookConfiguration assay: it fails because the test says so',
    });
  });
});

describe('what the webhooks are called for', () => {
  const conditions = (controllerUsername?: string) =>
    mutatingWebhooks({ ...settings, controllerUsername }).webhooks.map(
      (webhook) => webhook['matchConditions'] as { name: string; expression: string }[],
    );

  test('not for what the controller writes itself', () => {
    for (const all of conditions('ns:"x"')) {
      expect(all.at(-1)).toEqual({
        name: 'not-by-the-controller',
        expression:
          '!(request.userInfo.username == "ns:\\"x\\"" && has(request.options) && ' +
          "has(request.options.fieldManager) && request.options.fieldManager == 'assay')",
      });
    }
  });

  test('for everybody, as long as the own account is unknown', () => {
    expect(conditions().map((all) => all.map(({ name }) => name))).toEqual([
      ['guarded-fields'],
      ['guarded-fields'],
      [],
    ]);
  });

  test('never for workloads of the own namespace or of Kubernetes, which must start without them', () => {
    const [guarded, others, approvals] = mutatingWebhooks(settings).webhooks;
    const selector = {
      matchExpressions: [
        {
          key: 'kubernetes.io/metadata.name',
          operator: 'NotIn',
          values: ['kube-system', 'assay-system'],
        },
      ],
    };
    expect(guarded?.['namespaceSelector']).toEqual(selector);
    expect(others?.['namespaceSelector']).toEqual(selector);
    expect(approvals?.['namespaceSelector']).toEqual({});
  });
});

describe('putting the authority into what the chart installed', () => {
  test('changes nothing else', async () => {
    const { cluster, installChart, configuration, writes } = world();
    await installChart();
    const before = await configuration('mutatingWebhook');
    expect(await injectCaBundle({ cluster, caBundle: CA })).toBeUndefined();
    const after = await configuration('mutatingWebhook');
    expect(after.webhooks).toEqual(
      before.webhooks.map((webhook) => ({
        ...webhook,
        clientConfig: { ...webhook.clientConfig, caBundle: ENCODED },
      })),
    );
    const crd = await cluster.get(resources.crd, { name: CRD });
    expect(crd).toMatchObject({
      object: { spec: { conversion: { webhook: { clientConfig: { caBundle: ENCODED } } } } },
    });
    expect(writes).toEqual([
      'patch ValidatingWebhookConfiguration assay',
      'patch MutatingWebhookConfiguration assay',
      `patch CustomResourceDefinition ${CRD}`,
    ]);
  });

  test('again writes nothing', async () => {
    const { cluster, installChart, writes } = world();
    await installChart();
    await injectCaBundle({ cluster, caBundle: CA });
    writes.length = 0;
    await injectCaBundle({ cluster, caBundle: CA });
    expect(writes).toEqual([]);
  });

  test('a replica that was faster is no trouble', async () => {
    const { cluster, installChart, failNext, configuration } = world();
    await installChart();
    failNext('Conflict', 4);
    expect(await injectCaBundle({ cluster, caBundle: CA })).toBeUndefined();
    expect((await configuration('validatingWebhook')).webhooks[0]?.clientConfig.caBundle).toBe(ENCODED);
  });

  test('what never stops changing is told', async () => {
    const { cluster, installChart, failNext } = world();
    await installChart();
    failNext('Conflict', 5);
    expect(await injectCaBundle({ cluster, caBundle: CA })).toMatchObject({ kind: 'Conflict' });
  });

  test('a configuration that is not there is told', async () => {
    const { cluster } = world();
    expect(await injectCaBundle({ cluster, caBundle: CA })).toMatchObject({ kind: 'NotFound' });
  });

  test('a CRD that no webhook converts is left as it is', async () => {
    const { cluster, installChart, writes } = world();
    await installChart();
    await cluster.patch(
      resources.crd,
      { name: CRD },
      { type: 'merge', body: { spec: { conversion: { strategy: 'None', webhook: null } } } },
    );
    writes.length = 0;
    expect(await injectCaBundle({ cluster, caBundle: CA })).toBeUndefined();
    expect(writes).toHaveLength(2);
  });
});
