import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { webhookMessage } from '../../src/alerting/webhook.ts';
import type { ClusterMetricSource } from '../../src/api/metric-source.ts';
import { resources } from '../../src/api/resource.ts';
import type { Alert } from '../../src/api/rollout-record.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import { inProcessQueue } from '../../src/queue/in-process.ts';
import type { AlertJob, AlertResult } from '../../src/queue/port.ts';
import { alertWorker } from '../../src/worker/deliver.ts';
import { post } from '../../src/worker/post.ts';
import { answers, type Script, scriptedServer } from '../prometheus/scripted-server.ts';
import { memoryCluster } from '../world/cluster.ts';
import { keptLog } from './kept-log.ts';

const NOW = 1_700_000_000_000;
const alert: Alert = {
  id: '4f2a9c01de',
  event: 'Waiting',
  receiver: 'team',
  at: '2026-11-24T10:15:00.000Z',
  rollout: 'checkout',
  namespace: 'shop',
  workload: 'checkout',
  release: 3,
  reason: 'HoldOnSuccess',
  summary: 'Step 1 waits.',
  evidence: [],
  action: 'Held.',
  next: 'Approve it.',
};
const job: AlertJob = {
  id: 'uid__4f2a9c01de',
  namespace: 'shop',
  record: 'checkout',
  receiver: 'team',
  alertId: alert.id,
};

interface World {
  alerts?: Alert[];
  /** Those that the metric source `default` keeps. */
  ofSource?: Alert[];
  job?: AlertJob;
  receiver?: object | undefined;
  secret?: Record<string, string> | undefined;
  cluster?: (cluster: Cluster) => Cluster;
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

let pauses: number[];
let delivered: boolean[];
let log: ReturnType<typeof keptLog>;
beforeEach(() => {
  pauses = [];
  delivered = [];
  log = keptLog();
});

/** Delivers the job to a server that follows the script, and answers the result that the queue reports. */
async function deliver(script: Script, world: World = {}) {
  const server = await scriptedServer(script);
  closers.push(server.close);
  const address = `${server.address}/services/T0/s3cret?token=s3cret`;
  const {
    alerts = [alert],
    receiver = {
      webhook: { url: { secretKeyRef: { name: 'hooks', key: 'url' } }, headers: { 'x-team': 'shop' } },
    },
    secret = { url: `${address}\n` },
  } = world;
  const { cluster } = memoryCluster({ now: () => NOW });
  const metadata = (name: string) => ({ name, namespace: 'shop' });
  const apiVersion = 'assay.dev/v1alpha1';
  const record = {
    apiVersion,
    kind: 'RolloutRecord',
    metadata: metadata('checkout'),
    status: { releaseId: 3, stepEntry: 1, alerts },
  };
  await cluster.create(resources.rolloutRecord, record);
  if (world.ofSource) {
    const created = await cluster.create<ClusterMetricSource>(resources.clusterMetricSource, {
      apiVersion,
      kind: 'ClusterMetricSource',
      metadata: { name: 'default' },
      spec: { prometheus: { address: 'http://prometheus:9090' } },
    });
    if (!created.ok) throw new Error(created.fault.message);
    const status = { alerts: world.ofSource };
    await cluster.replace(resources.clusterMetricSource, { ...created.object, status }, 'status');
  }
  if (!('receiver' in world && world.receiver === undefined)) {
    const object = { apiVersion, kind: 'AlertReceiver', metadata: metadata('team'), spec: receiver };
    await cluster.create(resources.alertReceiver, object);
  }
  if (!('secret' in world && world.secret === undefined)) {
    const data = Object.fromEntries(
      Object.entries(secret).map(([key, text]) => [
        key,
        Buffer.from(text.replace('HOST', server.host)).toString('base64'),
      ]),
    );
    await cluster.create(resources.secret, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('hooks'),
      data,
    } as never);
  }

  const { queue, workers } = inProcessQueue({
    sleep: async (ms) => {
      pauses.push(ms);
    },
  });
  closers.push(() => queue.close());
  const results: AlertResult[] = [];
  await queue.onAlerted(async (result) => {
    results.push(result);
  });
  await alertWorker({
    workers,
    cluster: world.cluster?.(cluster) ?? cluster,
    send: fetch,
    clock: { now: () => NOW },
    log,
    onDelivered: (ok) => delivered.push(ok),
  });
  await queue.addAlert(world.job ?? job);
  await vi.waitFor(() => expect(results).toHaveLength(1), { timeout: 8_000, interval: 10 });
  const shown = results.map((result) => ({
    ...result,
    message: result.message.replace(server.host, 'HOST'),
  }));
  return { result: shown[0], server };
}

const fails = (message: string) => ({ job, finishedAt: NOW, delivered: false, message });

test('an alert is posted as the receiver says, and its delivery reported', async () => {
  const { result, server } = await deliver(answers(200, 'ok'));
  expect(result).toEqual({ job, finishedAt: NOW, delivered: true, message: 'HOST took it (HTTP 200)' });
  expect(server.received).toMatchObject([
    {
      method: 'POST',
      url: '/services/T0/s3cret?token=s3cret',
      headers: { 'content-type': 'application/json', 'x-team': 'shop' },
    },
  ]);
  expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(webhookMessage(alert));
  expect(delivered).toEqual([true]);
});

test('an alert about a metric source is read from there', async () => {
  const told: Alert = { ...alert, id: 'd0d0', event: 'SourceDown', source: 'default' };
  const ofSource: AlertJob = { ...job, record: 'default', holder: 'source', alertId: 'd0d0' };
  const { result, server } = await deliver(answers(200, 'ok'), { job: ofSource, ofSource: [told] });
  expect(result).toMatchObject({ job: ofSource, delivered: true });
  expect(JSON.parse(server.received[0]?.body ?? '')).toEqual(webhookMessage(told));
  const { result: unknown } = await deliver(answers(200, 'ok'), { job: ofSource, ofSource: [] });
  expect(unknown?.message).toBe('ClusterMetricSource default has no alert d0d0');
});

test('an alert that is noted as delivered is not sent again', async () => {
  const { result, server } = await deliver(answers(200, 'ok'), {
    alerts: [{ ...alert, deliveredAt: '2026-11-24T10:15:01.000Z' }],
  });
  expect(result).toMatchObject({ delivered: true, message: 'it was delivered before' });
  expect(server.received).toEqual([]);
});

describe('an endpoint that may recover is tried five times, with longer and longer pauses', () => {
  test.each([
    [500, 'HOST answered HTTP 500'],
    [503, 'HOST answered HTTP 503'],
    [429, 'HOST answered HTTP 429'],
  ])('HTTP %i', async (status, message) => {
    const { result, server } = await deliver(answers(status, 'no'));
    expect(result).toEqual(fails(message));
    expect(server.received).toHaveLength(5);
    expect(pauses).toEqual([4_000, 8_000, 16_000, 32_000]);
    expect(delivered).toEqual([false]);
  });

  test('a connection that is reset', async () => {
    const { result, server } = await deliver((response) => response.destroy());
    expect(result).toEqual(fails('HOST cannot be reached (UND_ERR_SOCKET)'));
    expect(server.received).toHaveLength(5);
  });

  test('a cluster that cannot be read', async () => {
    let reads = 0;
    const { result } = await deliver(answers(200, 'ok'), {
      cluster: (cluster) => ({
        ...cluster,
        get: async (resource, ref) => {
          reads += 1;
          const fault = { kind: 'Unavailable' as const, message: 'no answer', retryAfterMs: 700 };
          return reads < 3 ? { ok: false, fault } : cluster.get(resource, ref);
        },
      }),
    });
    expect(result).toMatchObject({ delivered: true });
    expect(pauses).toEqual([700, 700]);
  });
});

test('Retry-After is kept to, up to five minutes', async () => {
  let calls = 0;
  const { result } = await deliver((response, received) => {
    calls += 1;
    if (calls === 1) answers(429, '', { 'retry-after': '7' })(response, received);
    else if (calls === 2) answers(503, '', { 'retry-after': '86400' })(response, received);
    else answers(204, '')(response, received);
  });
  expect(result).toMatchObject({ delivered: true, message: 'HOST took it (HTTP 204)' });
  expect(pauses).toEqual([7_000, 300_000]);
});

describe('what trying again does not mend is given up at once', () => {
  test.each<[string, Script, World, string, number]>([
    ['a wrong URL', answers(404, 'no_service'), {}, 'HOST answered HTTP 404', 1],
    ['a body that is refused', answers(400, 'invalid_blocks'), {}, 'HOST answered HTTP 400', 1],
    [
      'a redirect, which is not followed',
      answers(302, '', { location: '/elsewhere' }),
      {},
      'HOST redirects (HTTP 302); put the final URL into the Secret',
      1,
    ],
    [
      'a receiver that is gone',
      answers(200, ''),
      { receiver: undefined },
      'AlertReceiver shop/team does not exist',
      0,
    ],
    [
      'a receiver that names nothing',
      answers(200, ''),
      { receiver: {} },
      'AlertReceiver shop/team names neither slack nor webhook',
      0,
    ],
    [
      'a Secret that is gone',
      answers(200, ''),
      { secret: undefined },
      'Secret shop/hooks does not exist; create it with the key url',
      0,
    ],
    [
      'a Secret without the key',
      answers(200, ''),
      { secret: { other: 'x' } },
      'Secret shop/hooks has no key url; add it',
      0,
    ],
    [
      'a URL that is none',
      answers(200, ''),
      { secret: { url: 'hello' } },
      'the Secret holds no http or https URL',
      0,
    ],
    [
      'a URL of a file',
      answers(200, ''),
      { secret: { url: 'file:///etc/passwd' } },
      'the Secret holds no http or https URL',
      0,
    ],
    [
      'a URL with a password',
      answers(200, ''),
      { secret: { url: 'http://me:pw@HOST/' } },
      'the URL for HOST holds a user or password; send an Authorization header instead',
      0,
    ],
    [
      'a header that HTTP does not allow',
      answers(200, ''),
      {
        receiver: {
          webhook: { url: { secretKeyRef: { name: 'hooks', key: 'url' } }, headers: { 'a b': 'c' } },
        },
      },
      'the receiver has a header that HTTP does not allow',
      0,
    ],
    [
      'a record without the alert',
      answers(200, ''),
      { alerts: [] },
      'RolloutRecord shop/checkout has no alert 4f2a9c01de',
      0,
    ],
  ])('%s', async (_title, script, world, message, requests) => {
    const { result, server } = await deliver(script, world);
    expect(result).toEqual(fails(message));
    expect(server.received).toHaveLength(requests);
    expect(pauses).toEqual([]);
    expect(delivered).toEqual([false]);
  });
});

test('an endpoint that hangs is left when its time is over, and may be tried again', async () => {
  const server = await scriptedServer(() => {});
  closers.push(server.close);
  expect(await post(fetch, server.address, { headers: {}, body: {} }, 100)).toEqual({
    ok: false,
    message: `${server.host} did not answer within 100 ms`,
    retryable: true,
  });
});

test('what is secret in a URL is in no log line and no result', async () => {
  for (const script of [
    answers(200, 'ok'),
    answers(500, 's3cret'),
    answers(302, '', { location: '/s3cret' }),
  ]) {
    const { result } = await deliver(script);
    expect(JSON.stringify(result)).not.toContain('s3cret');
  }
  const { result } = await deliver((response) => response.destroy());
  expect(JSON.stringify(result)).not.toContain('s3cret');
  expect(log.lines.join('\n')).not.toContain('s3cret');
});
