import type { MetricQuery, QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { canonicalJson } from '../api/canonical.ts';
import { durationMs } from '../api/duration.ts';
import type { ClusterMetricSource } from '../api/metric-source.ts';
import type { Clock } from '../clock.ts';
import type { Cluster } from '../cluster/port.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';
import { readCredentials } from './credentials.ts';

const DEFAULT_TIMEOUT = '10s';
const DEFAULT_EVALUATION_DELAY = '0s';
/** So that a rotated token is found before the old one expires, without a request to the API server a query. */
const CREDENTIALS_MS = 60_000;

export interface AskSourceDeps {
  cluster: Cluster;
  /** The namespace of the controller, where the credentials of sources are. */
  namespace: string;
  openSource: (config: PrometheusConfig) => QuerySource;
  clock: Pick<Clock, 'now'>;
  /** Ends what is under way. */
  signal: AbortSignal;
}

type Opened = { ok: true; source: QuerySource } | { ok: false; fault: QueryAnswer };

interface Entry {
  spec: string;
  openedAt: number;
  opened: Promise<Opened>;
}

/**
 * Asks sources with their credentials. The same query to the same source for the same instant, asked again
 * while it is under way, is one request: a hundred canaries that share a template cost one.
 */
export function askSource(
  deps: AskSourceDeps,
): (source: ClusterMetricSource, query: MetricQuery) => Promise<QueryAnswer> {
  const entries = new Map<string, Entry>();
  const underWay = new Map<string, Promise<QueryAnswer>>();

  async function open({ spec }: ClusterMetricSource): Promise<Opened> {
    const { address, headers, timeout, evaluationDelay } = spec.prometheus;
    const read = await readCredentials(deps.cluster, deps.namespace, spec.prometheus);
    if (!read.ok) {
      // Whether a person adds the Secret or the API server comes back: asking again may help.
      return {
        ok: false,
        fault: { kind: 'fault', reason: 'NoCredentials', message: read.message, retryable: true },
      };
    }
    const source = deps.openSource({
      address,
      headers,
      ...read.credentials,
      timeoutMs: durationMs(timeout ?? DEFAULT_TIMEOUT),
      evaluationDelayMs: durationMs(evaluationDelay ?? DEFAULT_EVALUATION_DELAY),
    });
    return { ok: true, source };
  }

  async function ask(source: ClusterMetricSource, spec: string, query: MetricQuery): Promise<QueryAnswer> {
    const { name } = source.metadata;
    const now = deps.clock.now();
    let entry = entries.get(name);
    if (!entry || entry.spec !== spec || now - entry.openedAt >= CREDENTIALS_MS || now < entry.openedAt) {
      entry = { spec, openedAt: now, opened: open(source) };
      entries.set(name, entry);
    }
    const opened = await entry.opened;
    const answer = opened.ok ? await opened.source(query, deps.signal) : opened.fault;
    const stale = answer.kind === 'fault' && ['NoCredentials', 'Unauthorized'].includes(answer.reason);
    if (stale && entries.get(name) === entry) entries.delete(name);
    return answer;
  }

  return (source, query) => {
    const spec = canonicalJson(source.spec.prometheus);
    const key = canonicalJson([source.metadata.name, spec, query]);
    let asked = underWay.get(key);
    if (!asked) {
      asked = ask(source, spec, query).finally(() => underWay.delete(key));
      underWay.set(key, asked);
    }
    return asked;
  };
}
