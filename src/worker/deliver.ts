import { type ReceiverRequest, receiverRequest } from '../alerting/receivers.ts';
import { type AlertReceiver, alertReceiverKind } from '../api/alert-receiver.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { clusterMetricSourceKind } from '../api/metric-source.ts';
import { type Resource, resources } from '../api/resource.ts';
import { type Alert, rolloutRecordKind } from '../api/rollout-record.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { Cluster } from '../cluster/port.ts';
import type { AlertJob, AlertTry, JobWorkers } from '../queue/port.ts';
import { readSecretKey } from './credentials.ts';
import { post, type Send } from './post.ts';

/** The first try and four more: with the pauses between them an endpoint may be away for a minute. */
const TRIES = 5;
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 300_000;

export interface AlertWorkerDeps {
  workers: JobWorkers;
  cluster: Cluster;
  /** `fetch`, or what stands in for it. */
  send: Send;
  clock: Pick<Clock, 'now'>;
  log: Log;
  onDelivered?: (delivered: boolean) => void;
}

/** What came of a step on the way: go on with a value, or stop, for now or for good. */
type Step<T> =
  | { ok: true; value: T }
  | { ok: false; message: string; retryable: boolean; retryAfterMs?: number | undefined };

/**
 * Sends alerts: each job names one, everything else is read from the cluster when it is sent. An alert that
 * is noted as delivered is not sent again. Answers how to stop.
 */
export function alertWorker(deps: AlertWorkerDeps): Promise<() => Promise<void>> {
  const { workers, cluster, send, clock, log } = deps;

  return workers.serveAlerts(async (job, attempt): Promise<AlertTry> => {
    const sent = await deliver(cluster, send, job);
    const finishedAt = clock.now();
    const about = { alert: job.alertId, receiver: `${job.namespace}/${job.receiver}`, attempt };
    if (sent.ok) {
      deps.onDelivered?.(true);
      log.info(about, sent.value);
      return { job, finishedAt, delivered: true, message: sent.value };
    }
    const { message } = sent;
    if (sent.retryable && attempt < TRIES) {
      log.debug(about, `${message}; it is tried again`);
      const retryAfterMs = Math.min(
        sent.retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (attempt - 1),
        LONGEST_PAUSE_MS,
      );
      return { job, finishedAt, delivered: false, message, retryAfterMs };
    }
    deps.onDelivered?.(false);
    log.warn(about, `an alert is not delivered: ${message}`);
    return { job, finishedAt, delivered: false, message };
  });
}

async function deliver(cluster: Cluster, send: Send, job: AlertJob): Promise<Step<string>> {
  const alert = await readAlert(cluster, job);
  if (!alert.ok) return alert;
  if (alert.value.deliveredAt) return { ok: true, value: 'it was delivered before' };
  const request = await readReceiver(cluster, job, alert.value);
  if (!request.ok) return request;
  const url = await readSecretKey(cluster, job.namespace, request.value.urlFrom);
  if (!url.ok) return url;
  const sent = await post(send, url.text, request.value);
  return sent.ok ? { ok: true, value: sent.message } : sent;
}

/** The alert, from the RolloutRecord or the ClusterMetricSource that keeps it. */
async function readAlert(cluster: Cluster, job: AlertJob): Promise<Step<Alert>> {
  const { holder, namespace, record: name, alertId } = job;
  const isOfSource = holder === 'source';
  const kind = isOfSource ? clusterMetricSourceKind : rolloutRecordKind;
  const what = isOfSource ? `ClusterMetricSource ${name}` : `RolloutRecord ${namespace}/${name}`;
  const found = await read(cluster, kind.resource, name, isOfSource ? undefined : namespace, what);
  if (!found.ok) return found;
  const alerts = isOfSource
    ? alertsIn(parseObject(clusterMetricSourceKind, found.value))
    : alertsIn(parseObject(rolloutRecordKind, found.value));
  const alert = alerts.find(({ id }) => id === alertId);
  if (!alert) return { ok: false, message: `${what} has no alert ${alertId}`, retryable: false };
  return { ok: true, value: alert };
}

function alertsIn(
  parsed: { ok: true; object: { status?: { alerts?: Alert[] | undefined } | undefined } } | { ok: false },
): readonly Alert[] {
  return (parsed.ok && parsed.object.status?.alerts) || [];
}

async function readReceiver(cluster: Cluster, job: AlertJob, alert: Alert): Promise<Step<ReceiverRequest>> {
  const what = `AlertReceiver ${job.namespace}/${job.receiver}`;
  const receiver = await read(cluster, resources.alertReceiver, job.receiver, job.namespace, what);
  if (!receiver.ok) return receiver;
  const parsed = parseObject(alertReceiverKind, receiver.value);
  const spec: AlertReceiver['spec'] | undefined = parsed.ok ? parsed.object.spec : undefined;
  const request = spec && receiverRequest(spec, alert);
  if (!request) return { ok: false, message: `${what} names neither slack nor webhook`, retryable: false };
  return { ok: true, value: request };
}

async function read(
  cluster: Cluster,
  resource: Resource,
  name: string,
  namespace: string | undefined,
  what: string,
): Promise<Step<KubeObject>> {
  const answer = await cluster.get<KubeObject>(resource, { name, ...(namespace && { namespace }) });
  if (answer.ok) return { ok: true, value: answer.object };
  const { kind, message, retryAfterMs } = answer.fault;
  if (kind === 'NotFound') return { ok: false, message: `${what} does not exist`, retryable: false };
  return {
    ok: false,
    message: `${what} cannot be read: ${message}`,
    retryable: kind === 'Unavailable',
    retryAfterMs,
  };
}
