import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildControlPlane } from '../../playground/build.ts';
import { openClusterAccess } from '../../playground/cluster-access.ts';
import { openPlayground, type Playground } from '../../playground/playground.ts';
import { startTraffic } from '../../playground/traffic.ts';
import type { Pod } from '../../src/api/kubernetes.ts';

/** The playground itself: what every other test here stands on. */
const host = 'echoserver.example.com';
const path = '/apis/echo';
let playground: Playground;
let echoserver: string;
let kubectl: Playground['kubectl'];

beforeAll(async () => {
  playground = await openPlayground();
  kubectl = playground.kubectl;
  echoserver = await readFile(new URL('../../examples/walkthrough/echoserver.yaml', import.meta.url), 'utf8');
  await kubectl(['apply', '-f', '-'], echoserver);
  await kubectl(['apply', '-f', '-'], canary);
  await available('echoserver');
  await available('echoserver-canary');
});
afterAll(() => playground?.close());

function available(deployment: string): Promise<string> {
  return kubectl(['rollout', 'status', `deployment/${deployment}`, '--timeout=30s']);
}

function send(ratePerSecond: number, maxRequests: number) {
  const { ingressUrl: url } = playground;
  return startTraffic({ url, host, path, ratePerSecond, maxRequests, maxSeconds: 60 });
}

function setWeight(percent: number): Promise<string> {
  const annotation = `nginx.ingress.kubernetes.io/canary-weight=${percent}`;
  return kubectl(['annotate', '--overwrite', 'ingress', 'echoserver-canary', annotation]);
}

async function podsOf(app: string): Promise<Pod[]> {
  const list = await kubectl(['get', 'pods', '-l', `app=${app}`, '-o', 'json']);
  return (JSON.parse(list) as { items: Pod[] }).items;
}

async function firstValue<T>(read: () => Promise<T | undefined>, what: string): Promise<T> {
  for (let tries = 0; tries < 150; tries += 1) {
    const value = await read();
    if (value !== undefined) return value;
    await sleep(100);
  }
  throw new Error(`${what} did not come within 15 s`);
}

/** One pod of another image, not behind the Service, of its own app. */
function deployment(name: string, image: string, replicas = 1): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers: [{ name: echoserver, image: "${image}", ports: [{ containerPort: 8080 }] }]
`;
}

const canary = `${deployment('echoserver-canary', 'cilium/echoserver:1.10.3', 2)}
---
apiVersion: v1
kind: Service
metadata: { name: echoserver-canary }
spec:
  ports: [{ name: http, port: 80, targetPort: 8080 }]
  selector: { app: echoserver-canary }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: echoserver-canary
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-weight: "0"
spec:
  rules:
    - host: ${host}
      http:
        paths:
          - path: ${path}
            pathType: Exact
            backend: { service: { name: echoserver-canary, port: { number: 80 } } }
`;

describe('pods', () => {
  it('of the walkthrough are ready, on loopback addresses of their own', async () => {
    const pods = await podsOf('echoserver');
    expect(new Set(pods.map(({ status }) => status?.podIP)).size).toBe(5);
    expect(pods.every(({ status }) => /^127\.\d+\.0\.\d+$/.test(status?.podIP ?? ''))).toBe(true);
  });

  it('whose image cannot be pulled stay pending and say so', async () => {
    await kubectl(['apply', '-f', '-'], deployment('unpullable', 'cilium/echoserver:failed'));
    const message = await firstValue(async () => {
      const waiting = (await podsOf('unpullable'))[0]?.status?.containerStatuses?.[0]?.state?.waiting;
      return waiting?.reason === 'ImagePullBackOff' ? waiting.message : undefined;
    }, 'ImagePullBackOff');
    expect(message).toBe('Back-off pulling image "cilium/echoserver:failed"');
    expect((await podsOf('unpullable'))[0]?.status?.phase).toBe('Pending');
  });

  it('that crash are restarted', async () => {
    await kubectl(['apply', '-f', '-'], deployment('crashing', 'cilium/echoserver:1-crash'));
    const reason = await firstValue(async () => {
      const status = (await podsOf('crashing'))[0]?.status?.containerStatuses?.[0];
      return status && status.restartCount > 0 ? status.state?.waiting?.reason : undefined;
    }, 'a restart');
    expect(reason).toBe('CrashLoopBackOff');
  });
});

describe('the ingress', () => {
  it('answers with the echo of a pod, and 404 for what no Ingress names', async () => {
    const counts = await send(100, 50).done;
    expect(counts.byStatus).toEqual({ 200: 50 });
    const names = (await podsOf('echoserver')).map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(counts.byPod)));
    expect((await fetch(`${playground.ingressUrl}/nowhere`)).status).toBe(404);
  });

  it('sends 5 % of 10,000 requests to the canary, within a point', async () => {
    await setWeight(5);
    await sleep(500);
    const counts = await send(1_000, 10_000).done;
    const toCanary = Object.entries(counts.byPod)
      .filter(([pod]) => pod.startsWith('echoserver-canary-'))
      .reduce((sum, [, count]) => sum + count, 0);
    expect(counts.byStatus).toEqual({ 200: 10_000 });
    expect(Math.abs(toCanary / 100 - 5)).toBeLessThan(1);
  });

  it('loses no request while the weight changes 10 times', async () => {
    const traffic = send(500, 2_000);
    for (const percent of [10, 20, 40, 60, 80, 100, 50, 30, 5, 0]) {
      await setWeight(percent);
      await sleep(200);
    }
    const counts = await traffic.done;
    expect([counts.byStatus, counts.unanswered]).toEqual([{ 200: 2_000 }, 0]);
  });

  it('loses no request while pods come and go', async () => {
    const traffic = send(400, 2_400);
    await kubectl(['scale', 'deployment/echoserver', '--replicas=1']);
    await sleep(2_000);
    await kubectl(['set', 'image', 'deployment/echoserver', 'echoserver=cilium/echoserver:1.10.3']);
    await available('echoserver');
    await kubectl(['scale', 'deployment/echoserver', '--replicas=5']);
    const counts = await traffic.done;
    expect([counts.byStatus, counts.unanswered]).toEqual([{ 200: 2_400 }, 0]);
    await available('echoserver');
  });

  it('answers 503 when no pod is ready, and 200 again afterwards', async () => {
    const status = async () => (await send(10, 1).done).byStatus;
    const expectStatus = (code: number) =>
      firstValue(async () => ((await status())[code] === 1 ? true : undefined), `status ${code}`);
    await kubectl(['scale', 'deployment/echoserver', '--replicas=0']);
    await expectStatus(503);
    await kubectl(['scale', 'deployment/echoserver', '--replicas=5']);
    await expectStatus(200);
    await available('echoserver');
  });

  it('counts a fifth of the answers of an image with errors as errors', async () => {
    await kubectl(['set', 'image', 'deployment/echoserver', 'echoserver=cilium/echoserver:1.10.4-errors']);
    await available('echoserver');
    // The pods of the former image answer for a moment longer.
    await sleep(1_500);
    const counts = await send(500, 1_000).done;
    expect(counts.byStatus[500]).toBeGreaterThanOrEqual(190);
    expect(counts.byStatus[500]).toBeLessThanOrEqual(210);
  });
});

describe('Prometheus', () => {
  it('sees every pod, with the labels that discovery in a cluster gives', async () => {
    const [pod] = await podsOf('echoserver-canary');
    const query = `orders_total{namespace="default",app="echoserver-canary",pod="${pod?.metadata.name}"}`;
    const metric = await firstValue(async () => {
      const answer = await fetch(
        `${playground.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`,
      );
      const { data } = (await answer.json()) as { data: { result: { metric: Record<string, string> }[] } };
      return data.result[0]?.metric;
    }, 'a series of the canary pod');
    expect(metric['pod_template_hash']).toBe(pod?.metadata.labels?.['pod-template-hash']);
  });
});

describe('access', () => {
  it('by the token of a ServiceAccount has the rights that RBAC gives it, and no others', async () => {
    await kubectl(['create', 'serviceaccount', 'reader']);
    await kubectl(['create', 'role', 'reads-pods', '--verb=get,list', '--resource=pods']);
    await kubectl([
      'create',
      'rolebinding',
      'reader',
      '--role=reads-pods',
      '--serviceaccount=default:reader',
    ]);
    const programs = await buildControlPlane(() => undefined);
    const reader = await openClusterAccess({
      kubectlProgram: programs.kubectl,
      adminKubeconfig: await playground.userKubeconfig('default', 'reader'),
      dir: playground.dir,
    });
    expect(await reader.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).toBe(
      'system:serviceaccount:default:reader',
    );
    expect(await reader.kubectl(['get', 'pods', '-o', 'name'])).toContain('pod/echoserver-');
    await expect(reader.kubectl(['get', 'secrets'])).rejects.toThrow(/secrets is forbidden/);
  });

  it('leaves a record of who changed what', async () => {
    const log = await readFile(`${playground.logsDir}/audit.log`, 'utf8');
    const writers = new Set(
      log
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { user: { username: string } }).user.username),
    );
    expect([...writers]).toEqual(expect.arrayContaining(['admin', 'playground-kubelet']));
  });
});
