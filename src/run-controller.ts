import { randomBytes } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { ASSAY_NAME } from './api/group.ts';
import type { Secret } from './api/kubernetes.ts';
import { resources } from './api/resource.ts';
import { systemClock } from './clock.ts';
import { clusterClient } from './cluster/client.ts';
import { loadKubeConfig } from './cluster/kubeconfig.ts';
import { runWithLease } from './cluster/lease.ts';
import type { Cluster } from './cluster/port.ts';
import { type ControllerDeps, startController } from './controller/controller.ts';
import type { EngineName } from './controller/engine.ts';
import { watchedKindsOf } from './controller/watched-kinds.ts';
import { localCopies } from './local-copies.ts';
import { bullmqQueue, bullmqWorkers } from './queue/bullmq.ts';
import { createMetrics } from './server/metrics.ts';
import { findRival, missKruise } from './server/rival.ts';
import { required, StartFault, surrounding } from './start-fault.ts';
import { startHealth } from './start-health.ts';
import { startWebhooks } from './start-webhooks.ts';
import { startWorkers } from './start-workers.ts';

export interface ControllerOptions {
  kubeconfig?: string;
  namespace: string;
  redisUrl: string;
  queuePrefix: string;
  engine: EngineName;
  installCrds: boolean;
  webhookUrl?: string;
  webhookService: string;
  webhookPort: number;
  healthPort: number;
  bindAddress: string;
  leaderElect: boolean;
  name: string;
  logLevel: string;
}

const LEASE_NAME = 'assay-controller';
const KEY_SECRET = 'assay-queue-key';

/**
 * Runs one replica of the controller until `stopped` is aborted or its lease is lost. Every replica serves
 * webhooks, measures and sends alerts; the one that holds the lease decides. Answers the exit code.
 */
export async function runController(options: ControllerOptions, stopped: AbortSignal): Promise<number> {
  const log = pino({ level: options.logLevel, base: { name: options.name } });
  try {
    return await run(options, stopped, log);
  } catch (error) {
    if (error instanceof StartFault) log.fatal(error.message);
    else log.fatal({ err: error }, 'stopping because of an error that should not occur');
    return 1;
  }
}

async function run(options: ControllerOptions, stopped: AbortSignal, log: Logger): Promise<number> {
  const clock = systemClock;
  const metrics = createMetrics();
  const kubeConfig = await surrounding('cannot start', () => loadKubeConfig(options.kubeconfig));
  const cluster = clusterClient(kubeConfig, {
    fieldManager: ASSAY_NAME,
    monotonic: clock.monotonic,
    onRequest: (verb, resource, _ms, code) =>
      metrics.apiRequests.inc({ verb, resource: resource.plural, code: String(code) }),
  });
  const { engine } = options;
  const unfit = engine === 'kruise' ? await missKruise(cluster) : await findRival(cluster, clock.now());
  if (unfit) throw new StartFault(unfit);

  const kinds = watchedKindsOf(engine);
  const copies = localCopies({ kubeConfig, kinds, cluster, log, random: Math.random });
  const transport = {
    redisUrl: options.redisUrl,
    prefix: options.queuePrefix,
    key: await queueKey(cluster, options.namespace),
    log,
    here: {},
    onForged: (queue: string) => metrics.forged.inc({ queue }),
  };
  const queue = bullmqQueue(transport);
  const workers = bullmqWorkers(transport);
  const username = await ownUsername(cluster);
  const shared = {
    ...options,
    ownKindsOnly: engine === 'kruise',
    cluster,
    copies,
    metrics,
    clock,
    log,
    username,
  };
  const stopHealth = await startHealth({ ...shared, queue });
  const stopWebhooks = await startWebhooks(shared);
  await copies.start();
  log.info({ username, namespace: options.namespace, engine }, 'the cluster is read');
  const stopWorkers = await startWorkers({ ...shared, workers });

  const exitCode = await lead(options, stopped, {
    engine,
    cluster,
    stores: copies,
    parse: copies.parse,
    queue,
    clock,
    log,
    onDecision: ({ decision, reason }) => metrics.decisions.inc({ decision, reason }),
    onPass: (loop, ms) => metrics.reconcileSeconds.observe({ loop }, ms / 1_000),
    onLeading: (leading) => metrics.leader.set(leading ? 1 : 0),
  });
  await stopWorkers();
  copies.stop();
  await Promise.all([queue.close(), workers.close(), stopWebhooks(), stopHealth()]);
  return exitCode;
}

/** Decides for as long as this replica is the leader. A leader that lost its lease ends the process, so that nothing of it lives on. */
async function lead(
  { leaderElect, namespace, name }: ControllerOptions,
  stopped: AbortSignal,
  deps: ControllerDeps & { onLeading(leading: boolean): void },
): Promise<number> {
  const { cluster, clock, log } = deps;
  let stopController: (() => Promise<void>) | undefined;
  async function start(): Promise<void> {
    deps.onLeading(true);
    log.info({ identity: name }, 'deciding from now on');
    stopController = await startController(deps);
  }
  if (!leaderElect) {
    await start();
    await new Promise((resolve) => stopped.addEventListener('abort', resolve, { once: true }));
    await stopController?.();
    return 0;
  }
  let exitCode = 0;
  await runWithLease({
    cluster,
    namespace,
    name: LEASE_NAME,
    identity: name,
    clock,
    log,
    onElected: start,
    onLost: async (reason) => {
      deps.onLeading(false);
      if (!stopped.aborted) {
        log.error({ reason }, 'the lease is lost; this process ends');
        exitCode = 1;
      }
      await stopController?.();
    },
    signal: stopped,
  });
  return exitCode;
}

/** Who the API server takes the controller for. */
async function ownUsername(cluster: Cluster): Promise<string> {
  const { kind } = resources.selfSubjectReview;
  const review = await cluster.create(resources.selfSubjectReview, {
    apiVersion: 'authentication.k8s.io/v1',
    kind,
    metadata: { name: '' },
  });
  const answered = required('asking the API server who the controller is', review) as unknown as {
    status?: { userInfo?: { username?: string } };
  };
  return answered.status?.userInfo?.username ?? '';
}

/** The key that signs what comes back through Redis: the same for all replicas, made by the first. */
async function queueKey(cluster: Cluster, namespace: string): Promise<string> {
  const ref = { name: KEY_SECRET, namespace };
  const present = await cluster.get<Secret>(resources.secret, ref);
  if (present.ok && present.object.data?.['key']) return present.object.data['key'];
  const key = randomBytes(32).toString('base64');
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: ref, type: 'Opaque', data: { key } };
  const created = await cluster.create<Secret>(resources.secret, secret);
  if (created.ok) return key;
  const other = required(
    `Secret ${namespace}/${KEY_SECRET}`,
    await cluster.get<Secret>(resources.secret, ref),
  );
  if (other.data?.['key']) return other.data['key'];
  throw new StartFault(
    `Secret ${namespace}/${KEY_SECRET} has no field "key"; delete it, and it is made anew`,
  );
}
