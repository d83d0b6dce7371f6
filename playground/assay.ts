import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '../src/api/kubernetes.ts';
import { freePort } from './address-block.ts';
import { marked } from './mark.ts';
import type { Playground } from './playground.ts';
import { type ChartValues, renderChart } from './render-chart.ts';

/** Assay as a person installs it, apart from where its process runs: the chart's objects, and a controller beside the cluster. */
export interface InstalledAssay {
  readonly namespace: string;
  readonly healthUrl: string;
  readonly logFile: string;
  /** Of the controller's process, while it runs. */
  pid(): number;
  /** Starts the controller's process and waits until it is ready. */
  start(): Promise<void>;
  /** Ends it, and waits until it is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

const NAMESPACE = 'assay-system';
const RELEASE = 'assay';
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const READY_MS = 30_000;
/** As in the image. */
const NODE_ARGS = ['--max-semi-space-size=16'];

/** Kinds of the chart that run in a cluster with images, or route to what does: here the process takes their place. */
const NOT_HERE = ['Deployment', 'StatefulSet', 'PodDisruptionBudget', 'NetworkPolicy', 'Service'];

/**
 * Applies the chart's CRDs, RBAC and webhooks as the administrator, and prepares a controller that runs as the
 * chart's ServiceAccount, with no rights but that one's. Not started yet.
 */
export async function installAssay(
  playground: Playground,
  values: ChartValues & { engine?: 'builtin' | 'kruise' } = {},
): Promise<InstalledAssay> {
  const address = playground.webhookAddress;
  const [webhookPort, healthPort] = [await freePort(address), await freePort(address)];
  const webhookUrl = `https://${address}:${webhookPort}`;
  await playground.createNamespace(NAMESPACE);
  const rendered = await renderChart(playground.helmPath, values, NAMESPACE);
  const objects = rendered
    .filter(({ kind }) => !NOT_HERE.includes(kind))
    .map((object) => marked(reachedByUrl(object, webhookUrl)));
  await playground.kubectl(
    ['apply', '--server-side', '-n', NAMESPACE, '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }),
  );
  await playground.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  const account = objects.find(({ kind }) => kind === 'ServiceAccount')?.metadata.name ?? RELEASE;
  const kubeconfig = await playground.userKubeconfig(NAMESPACE, account);
  const logFile = join(playground.logsDir, 'assay.log');
  const flags = {
    kubeconfig,
    namespace: NAMESPACE,
    engine: values.engine ?? 'builtin',
    'redis-url': playground.redisUrl,
    'webhook-url': webhookUrl,
    'webhook-port': String(webhookPort),
    'health-port': String(healthPort),
    'bind-address': address,
  };
  const healthUrl = `http://${address}:${healthPort}`;
  let child: ChildProcess | undefined;
  return {
    namespace: NAMESPACE,
    healthUrl,
    logFile,
    pid: () => {
      if (!child?.pid) throw new Error('the controller does not run');
      return child.pid;
    },
    start: async () => {
      child = startProcess(flags, logFile);
      await ready(child, healthUrl, logFile);
    },
    stop: async (signal) => {
      const running = child;
      child = undefined;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = once(running, 'exit');
      running.kill(signal);
      await gone;
    },
  };
}

/** The chart reaches the webhooks through a Service; here they are reached at a URL. */
function reachedByUrl(object: KubeObject, url: string): KubeObject {
  return JSON.parse(JSON.stringify(object), (key, value: unknown) => {
    if (key !== 'clientConfig' || typeof value !== 'object' || value === null) return value;
    const { service, ...rest } = value as { service?: { path?: string } };
    return service ? { ...rest, url: `${url}${service.path ?? ''}` } : value;
  }) as KubeObject;
}

function startProcess(flags: Record<string, string>, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a');
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [...NODE_ARGS, MAIN, 'controller', ...args], {
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // A controller must not outlive the process that plays with it.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
  return child;
}

async function ready(child: ChildProcess, healthUrl: string, logFile: string): Promise<void> {
  const until = performance.now() + READY_MS;
  while (performance.now() < until) {
    if (child.exitCode !== null) break;
    const answer = await fetch(`${healthUrl}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  throw new Error(`the controller did not become ready; its log ${logFile} ends with:\n${lines}`);
}
