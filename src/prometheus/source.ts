import type { MetricQuery, QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { agentsOf, type TlsConfig, tokenAgentOf } from './agent.ts';
import { clockFault } from './clock-fault.ts';
import { connectionFault } from './connection-fault.ts';
import { withDeadline } from './deadline.ts';
import { decodeAnswer } from './decode.ts';
import { type Fault, fault, statusFault } from './fault.ts';
import { type OAuth2Config, type TokenAnswer, tokenSource } from './oauth2.ts';
import { send } from './request.ts';

const DEFAULT_MAX_BYTES = 10_000_000;
/** Answers go through the queue, where each is signed: more than this would hold up the others there. */
const DEFAULT_MAX_SAMPLES = 50_000;
/** What Prometheus itself allows for one series of a range. */
const MAX_RANGE_POINTS = 11_000;

export interface PrometheusConfig {
  /** Base URL; the API is expected below it at `api/v1/`. */
  address: string;
  headers?: Readonly<Record<string, string>> | undefined;
  /** At most one of the three is given. */
  basic?: { username: string; password: string } | undefined;
  bearer?: string | undefined;
  oauth2?: OAuth2Config | undefined;
  tls?: TlsConfig | undefined;
  /** The longest that one query may take, its token fetched and its answer read to the end. */
  timeoutMs: number;
  /** How far behind the wanted instant queries are evaluated. */
  evaluationDelayMs: number;
  /** The largest answer that is read, 10 MB when unset. */
  maxBytes?: number | undefined;
  /** The most samples that an answer may have, 50,000 when unset. */
  maxSamples?: number | undefined;
}

/**
 * One Prometheus-compatible server as a QuerySource: instant, range and raw queries by POST, evaluated at a
 * given instant. Every trouble is a fault with a word for it; nothing is thrown.
 */
export function prometheusSource(config: PrometheusConfig, clock: { now(): number }): QuerySource {
  const { address, timeoutMs, evaluationDelayMs, oauth2, tls } = config;
  const { maxBytes = DEFAULT_MAX_BYTES, maxSamples = DEFAULT_MAX_SAMPLES } = config;
  const server = `Prometheus at ${URL.parse(address)?.host ?? 'an address that is no URL'}`;
  const agents = agentsOf(tls);
  const token = oauth2 && tokenSource(oauth2, tokenAgentOf(tls), timeoutMs, clock);

  async function ask(query: MetricQuery, ended: AbortSignal): Promise<Asked> {
    const request = { address, agents, timeoutMs, maxBytes };
    const post = async (authorization: Record<string, string>): Promise<Asked> => {
      const headers = { ...config.headers, ...authorization };
      const sentAt = clock.now();
      return { sentAt, ...(await send({ ...request, headers }, query, ended)) };
    };
    if (!token) return post(staticAuthorization(config));
    const first = await orAborted(token(), ended);
    if (!first.ok) return { kind: 'noToken', fault: first.fault };
    const asked = await post(bearer(first.token));
    if (asked.kind !== 'response' || asked.status !== 401) return asked;
    const second = await orAborted(token(first.token), ended);
    return second.ok ? post(bearer(second.token)) : { kind: 'noToken', fault: second.fault };
  }

  return async (wanted, signal) => {
    const refused = rangeFault(wanted);
    if (refused) return refused;
    const query = { ...wanted, evaluateAt: wanted.evaluateAt - evaluationDelayMs };
    const { value: asked, endedBy } = await withDeadline(timeoutMs, signal, (ended) => ask(query, ended));
    const receivedAt = clock.now();

    if (asked.kind !== 'response') {
      if (endedBy === 'caller') return fault('Cancelled', 'the query was cancelled');
      if (endedBy === 'deadline') return fault('Timeout', `${server} did not answer within ${timeoutMs} ms`);
      if (asked.kind === 'noToken') return asked.fault;
      if (/maxContentLength/.test(asked.trouble.message)) {
        return fault('TooLarge', `${server} answered more than ${maxBytes} bytes; aggregate in the query`);
      }
      return connectionFault(server, asked.trouble);
    }
    const { status, headers, body, sentAt } = asked;
    if (status !== 200) return statusFault(server, { status, headers, body: json(body) }, receivedAt);
    return (
      clockFault(server, headers['date'], sentAt, receivedAt) ??
      named(server, await decodeAnswer(body, kindOf(wanted), maxSamples))
    );
  };
}

/** What came of asking. */
type Asked = ({ sentAt: number } & Awaited<ReturnType<typeof send>>) | { kind: 'noToken'; fault: Fault };

function kindOf({ range, raw }: MetricQuery): 'instant' | 'range' | 'raw' {
  if (range) return 'range';
  return raw ? 'raw' : 'instant';
}

/** What no server answers is not sent. */
function rangeFault({ range }: MetricQuery): Fault | undefined {
  if (!range) return undefined;
  const { windowMs, stepMs } = range;
  if (!(stepMs >= 1) || !(windowMs >= 0)) {
    return fault('BadQuery', `a range of ${windowMs} ms in steps of ${stepMs} ms cannot be asked for`);
  }
  const points = Math.floor(windowMs / stepMs) + 1;
  if (points <= MAX_RANGE_POINTS) return undefined;
  return fault(
    'BadQuery',
    `a range of ${windowMs / 1_000} s in steps of ${stepMs / 1_000} s has ${points} points a series, and Prometheus answers at most ${MAX_RANGE_POINTS}; make the steps longer or the range shorter`,
  );
}

/** Says which server it was where an answer cannot be used through its fault. */
function named(server: string, answer: QueryAnswer): QueryAnswer {
  if (answer.kind !== 'fault') return answer;
  if (answer.reason === 'NotPrometheus') {
    return { ...answer, message: `${server} does not speak as Prometheus does: ${answer.message}` };
  }
  return answer.reason === 'BrokenAnswer' ? { ...answer, message: `${server}: ${answer.message}` } : answer;
}

/** Waits for a token that others may wait for as well, no longer than its own query lasts. */
async function orAborted(answer: Promise<TokenAnswer>, ended: AbortSignal): Promise<TokenAnswer> {
  const { promise: aborted, resolve } = Promise.withResolvers<TokenAnswer>();
  const onAbort = () => resolve({ ok: false, fault: fault('Cancelled', 'the query was cancelled') });
  ended.addEventListener('abort', onAbort);
  if (ended.aborted) onAbort();
  try {
    return await Promise.race([aborted, answer]);
  } finally {
    ended.removeEventListener('abort', onAbort);
  }
}

function staticAuthorization({ basic, bearer: token }: PrometheusConfig): Record<string, string> {
  // Set here and not left to the library, which drops a user without a password.
  if (basic) {
    const credentials = Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
    return { Authorization: `Basic ${credentials}` };
  }
  return token === undefined ? {} : bearer(token);
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
