import type { MetricQuery, QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { readCaBundle } from '../api/ca-bundle.ts';
import { canonicalJson, sameJson } from '../api/canonical.ts';
import { durationMs } from '../api/duration.ts';
import type { ClusterMetricSource } from '../api/metric-source.ts';
import type { Clock } from '../clock.ts';
import type { Cluster } from '../cluster/port.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';
import type { Turn } from '../queue/port.ts';
import { readCredentials } from './credentials.ts';

const DEFAULT_TIMEOUT = '10s';
const DEFAULT_EVALUATION_DELAY = '0s';
/** So that a rotated token is found before the old one expires, without a request to the API server a query. */
const CREDENTIALS_MS = 60_000;
/** A source that refuses every query must not become a flood of requests to the API server. */
const REREAD_PAUSE_MS = 5_000;
/** Faults after which the Secret may have changed: it is read again before the query is given up. */
const REFUSALS = ['Unauthorized', 'NoToken'];

export interface AskSourceDeps {
  cluster: Cluster;
  /** The namespace of the controller, where the credentials of sources are. */
  namespace: string;
  openSource: (config: PrometheusConfig) => QuerySource;
  clock: Pick<Clock, 'now'>;
  /** Ends what is under way. */
  signal: AbortSignal;
}

type Opened =
  | { ok: true; source: QuerySource; config: PrometheusConfig }
  | { ok: false; fault: Extract<QueryAnswer, { kind: 'fault' }> };

/** A source as it was opened last. */
interface Entry {
  spec: string;
  readAt: number;
  /** Whether it was read because the server had refused what was read before. */
  isReread: boolean;
  opened: Promise<Opened>;
}

/**
 * Asks sources with their credentials, which are read again every minute, and at once when a server refuses
 * them. The same query to the same source for the same instant, asked again while it is under way, is one
 * request: a hundred canaries that share a template cost one. No answer and no fault is kept. Every request to a
 * source waits for its `turn`.
 */
export function askSource(
  deps: AskSourceDeps,
): (source: ClusterMetricSource, query: MetricQuery, turn: Turn) => Promise<QueryAnswer> {
  const { clock, signal } = deps;
  const entries = new Map<string, Entry>();
  const underWay = new Map<string, Promise<QueryAnswer>>();

  async function open(source: ClusterMetricSource, before: Entry | undefined): Promise<Opened> {
    const read = await readConfig(deps, source);
    if (!read.ok) return read;
    // The same source with the same credentials keeps its token.
    const opened = await before?.opened;
    if (opened?.ok && sameJson(opened.config, read.config)) return opened;
    return { ...read, source: deps.openSource(read.config) };
  }

  function enter(source: ClusterMetricSource, spec: string, isReread: boolean): Entry {
    const { name } = source.metadata;
    const opened = open(source, entries.get(name));
    const entry = { spec, readAt: clock.now(), isReread, opened };
    entries.set(name, entry);
    return entry;
  }

  function current(source: ClusterMetricSource, spec: string): Entry {
    const entry = entries.get(source.metadata.name);
    const ageMs = entry ? clock.now() - entry.readAt : 0;
    const isFresh = entry?.spec === spec && ageMs >= 0 && ageMs < CREDENTIALS_MS;
    return isFresh ? entry : enter(source, spec, false);
  }

  /** The entry to ask again with after a refusal; undefined when nothing newer can be had. */
  function newer(source: ClusterMetricSource, spec: string, refused: Entry): Entry | undefined {
    const entry = entries.get(source.metadata.name);
    if (entry !== refused) return entry?.spec === spec ? entry : undefined;
    if (refused.isReread && Math.abs(clock.now() - refused.readAt) < REREAD_PAUSE_MS) return undefined;
    return enter(source, spec, true);
  }

  async function ask(
    source: ClusterMetricSource,
    spec: string,
    query: MetricQuery,
    turn: Turn,
  ): Promise<QueryAnswer> {
    const entry = current(source, spec);
    const opened = await entry.opened;
    if (!opened.ok) {
      const { name } = source.metadata;
      // The next query looks again whether a person has mended it.
      if (entries.get(name) === entry) entries.delete(name);
      return opened.fault;
    }
    await turn();
    const answer = await opened.source(query, signal);
    if (answer.kind !== 'fault' || !REFUSALS.includes(answer.reason) || answer.retryable) return answer;
    const reopened = await newer(source, spec, entry)?.opened;
    if (!reopened?.ok || reopened.source === opened.source) return answer;
    await turn();
    return reopened.source(query, signal);
  }

  return (source, query, turn) => {
    const spec = canonicalJson(source.spec.prometheus);
    const key = canonicalJson([source.metadata.name, spec, query]);
    let asked = underWay.get(key);
    if (!asked) {
      asked = ask(source, spec, query, turn).finally(() => underWay.delete(key));
      underWay.set(key, asked);
    }
    return asked;
  };
}

/** What a source is opened with: its spec, its Secrets, and what is unset filled in. */
async function readConfig(
  { cluster, namespace }: AskSourceDeps,
  { metadata, spec }: ClusterMetricSource,
): Promise<{ ok: true; config: PrometheusConfig } | Extract<Opened, { ok: false }>> {
  const { address, headers, timeout, evaluationDelay, tls } = spec.prometheus;
  const caBundle = tls?.caBundle === undefined ? undefined : readCaBundle(tls.caBundle);
  if (caBundle?.ok === false) {
    const message = `spec.prometheus.tls.caBundle of ClusterMetricSource ${metadata.name} ${caBundle.message}`;
    return { ok: false, fault: { kind: 'fault', reason: 'BadSource', message, retryable: false } };
  }
  const read = await readCredentials(cluster, namespace, spec.prometheus);
  if (!read.ok) {
    // Whether a person adds the Secret or the API server comes back: asking again may help.
    const { message } = read;
    return { ok: false, fault: { kind: 'fault', reason: 'NoCredentials', message, retryable: true } };
  }
  const config: PrometheusConfig = {
    address,
    headers,
    ...read.credentials,
    ...(tls && {
      tls: { ca: caBundle?.pem, serverName: tls.serverName, insecureSkipVerify: tls.insecureSkipVerify },
    }),
    timeoutMs: durationMs(timeout ?? DEFAULT_TIMEOUT),
    evaluationDelayMs: durationMs(evaluationDelay ?? DEFAULT_EVALUATION_DELAY),
  };
  return { ok: true, config };
}
