import { setTimeout as sleep } from 'node:timers/promises';
import { crdOf } from './api/crd.ts';
import { ASSAY_GROUP } from './api/group.ts';
import { customKinds } from './api/kinds.ts';
import type { HorizontalPodAutoscaler } from './api/kubernetes.ts';
import { resources } from './api/resource.ts';
import type { Rollout } from './api/rollout.ts';
import type { RolloutGuard } from './api/rollout-guard.ts';
import type { Clock } from './clock.ts';
import type { Log } from './cluster/log.ts';
import type { Cluster } from './cluster/port.ts';
import type { LocalCopies } from './local-copies.ts';
import { repeat } from './repeat.ts';
import type { Certificates } from './server/certificate.ts';
import { loadCertificates } from './server/certificate-store.ts';
import { installCrds } from './server/install-crds.ts';
import { makeLookup } from './server/lookup.ts';
import type { Metrics } from './server/metrics.ts';
import { injectCaBundle, registerWebhooks } from './server/registration.ts';
import type { WebhookTarget } from './server/webhook-configuration.ts';
import { createWebhookServer } from './server/webhooks.ts';
import { requireDone, StartFault, surrounding } from './start-fault.ts';

export interface WebhookSetup {
  cluster: Cluster;
  copies: LocalCopies;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  /** Who the controller is to the API server. */
  username: string;
  namespace: string;
  webhookUrl?: string | undefined;
  webhookService: string;
  webhookPort: number;
  bindAddress: string;
  installCrds: boolean;
  /** Beside Kruise Rollouts: only Assay's own kinds are installed and admitted. */
  ownKindsOnly: boolean;
}

const CERTIFICATE_DAYS = 365;
const CERTIFICATE_CHECK_MS = 86_400_000;
/** How long requests that are under way at the end may take. */
const LAST_REQUESTS_MS = 1_000;

/**
 * Serves admission and conversion with a certificate that all replicas share, and tells the API server to trust
 * it. Answers how to stop.
 */
export async function startWebhooks(setup: WebhookSetup): Promise<() => Promise<void>> {
  const { cluster, copies, metrics, log } = setup;
  const target = targetOf(setup);
  const certificates = await certificatesFor(setup, target);
  const { server, useCertificates } = createWebhookServer({
    certificates,
    controller: { username: setup.username },
    cluster,
    rollouts: copies.of<Rollout>(resources.rollout),
    guards: copies.of<RolloutGuard>(resources.rolloutGuard),
    ownKindsOnly: setup.ownKindsOnly,
    ...(setup.ownKindsOnly ? {} : { autoscalers: copies.of<HorizontalPodAutoscaler>(resources.autoscaler) }),
    lookup: makeLookup(cluster, copies.byPlural),
    isReady: copies.synced,
    now: setup.clock.now,
    onAnswer: (webhook, allowed) => metrics.admissions.inc({ webhook, allowed: String(allowed) }),
    onError: (error) => log.error({ err: error }, 'a webhook failed'),
  });
  await surrounding('the port of --webhook-port', () =>
    server.listen({ port: setup.webhookPort, host: setup.bindAddress }),
  );
  // The webhooks answer before anybody is told to ask them.
  await register(setup, target, certificates);
  const stopRenewing = repeat(CERTIFICATE_CHECK_MS, setup, async () => {
    const present = await certificatesFor(setup, target);
    useCertificates(present);
    await register(setup, target, present);
  });
  return async () => {
    stopRenewing();
    // The API server keeps its connections open for a minute and more; a request takes milliseconds.
    const cut = setup.clock.after(LAST_REQUESTS_MS, () => server.server.closeAllConnections());
    await server.close();
    cut();
  };
}

function targetOf({ webhookUrl, webhookService, namespace }: WebhookSetup): WebhookTarget {
  return webhookUrl ? { url: webhookUrl } : { service: { namespace, name: webhookService } };
}

async function certificatesFor(setup: WebhookSetup, target: WebhookTarget): Promise<Certificates> {
  const host = 'url' in target ? new URL(target.url).hostname : undefined;
  const isAddress = host !== undefined && /^[\d.]+$|:/.test(host);
  const { webhookService, namespace } = setup;
  const service = [webhookService, `${webhookService}.${namespace}`, `${webhookService}.${namespace}.svc`];
  const loaded = await loadCertificates(setup.cluster, namespace, {
    dnsNames: host === undefined ? service : isAddress ? [] : [host],
    ipAddresses: host !== undefined && isAddress ? [host.replace(/^\[|\]$/g, '')] : [],
    now: setup.clock.now(),
    validDays: CERTIFICATE_DAYS,
  });
  if (loaded.ok) return loaded.certificates;
  throw new StartFault(`the webhook certificate in namespace ${namespace}: ${loaded.fault.message}`);
}

async function register(setup: WebhookSetup, target: WebhookTarget, { ca }: Certificates): Promise<void> {
  const { cluster, namespace, username, ownKindsOnly } = setup;
  if (!setup.installCrds) {
    requireDone(
      'telling the API server to trust the webhooks',
      await injectCaBundle({ cluster, caBundle: ca, ownKindsOnly }),
    );
    return;
  }
  const installed = customKinds.filter((versions) =>
    versions.every(({ resource }) => !ownKindsOnly || resource.group === ASSAY_GROUP),
  );
  const crds = installed.map((versions) => crdOf(versions));
  requireDone('installing the CRDs', await installCrds({ cluster, crds, caBundle: ca, target, sleep }));
  const registered = await registerWebhooks({
    cluster,
    caBundle: ca,
    target,
    namespace,
    controllerUsername: username,
    ownKindsOnly,
  });
  requireDone('registering the webhooks', registered);
}
