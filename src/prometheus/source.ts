import { PrometheusDriver } from 'prometheus-query';
import type { QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { decodeAnswer } from './decode.ts';
import { fault, statusFault } from './fault.ts';

const MAX_CLOCK_SKEW_MS = 5_000;
const DEFAULT_MAX_BYTES = 10_000_000;

export interface PrometheusConfig {
  /** Base URL; the API is expected below it at `api/v1/`. */
  address: string;
  headers?: Readonly<Record<string, string>> | undefined;
  basic?: { username: string; password: string } | undefined;
  bearer?: string | undefined;
  /** The longest that one query may take, its answer read to the end. */
  timeoutMs: number;
  /** How far behind the wanted instant queries are evaluated. */
  evaluationDelayMs: number;
  /** The largest answer that is read, 10 MB when unset. */
  maxBytes?: number | undefined;
}

/** What the server sent, as it was before prometheus-query made something of it. */
interface RawResponse {
  status: number;
  headers: Record<string, unknown>;
  data: unknown;
}

/**
 * One Prometheus-compatible server as a QuerySource: instant queries by POST, evaluated at a given instant.
 * Every trouble is a fault with a word for it; nothing is thrown.
 */
export function prometheusSource(config: PrometheusConfig, clock: { now(): number }): QuerySource {
  const { address, timeoutMs, evaluationDelayMs } = config;
  const server = `Prometheus at ${URL.parse(address)?.host ?? 'an address that is no URL'}`;
  const maxBytes = config.maxBytes ?? DEFAULT_MAX_BYTES;

  return async ({ query, evaluateAt }, signal) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const ended = AbortSignal.any([signal, deadline]);
    const sentAt = clock.now();
    const response = await ask(config, query, evaluateAt - evaluationDelayMs, maxBytes, ended);

    if (!('status' in response)) {
      const { code, message } = response;
      if (signal.aborted) return fault('Cancelled', 'the query was cancelled');
      if (deadline.aborted) return fault('Timeout', `${server} did not answer within ${timeoutMs} ms`);
      if (/maxContentLength/.test(message)) {
        return fault('TooLarge', `${server} answered more than ${maxBytes} bytes; aggregate in the query`);
      }
      return fault('Unreachable', `${server} cannot be reached: ${message || code}`);
    }
    if (response.status !== 200) {
      const { location } = response.headers;
      return statusFault(
        server,
        response.status,
        response.data,
        typeof location === 'string' ? location : undefined,
      );
    }
    return clockFault(server, response, sentAt, clock.now()) ?? answerOf(server, response);
  };
}

function answerOf(server: string, response: RawResponse): QueryAnswer {
  const answer = decodeAnswer(response.data);
  if (answer.kind === 'fault' && answer.reason === 'NotPrometheus') {
    return { ...answer, message: `${server} does not speak as Prometheus does: ${answer.message}` };
  }
  return answer;
}

/** A server whose clock is wrong would be asked about an instant that means something else to it. */
function clockFault(server: string, response: RawResponse, sentAt: number, receivedAt: number) {
  const date = Date.parse(String(response.headers['date']));
  if (Number.isNaN(date)) return undefined;
  // The header is cut to whole seconds and is set at some instant between sending and receiving.
  const aheadMs = date - receivedAt;
  const behindMs = sentAt - (date + 999);
  const skewMs = Math.max(aheadMs, behindMs);
  if (skewMs <= MAX_CLOCK_SKEW_MS) return undefined;
  const seconds = Math.round(skewMs / 1_000);
  return fault(
    'ClockSkew',
    `the clock of ${server} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one; synchronise them`,
  );
}

/**
 * Sends one query and gives back the response before the library parses it: the library turns infinities
 * into NaN, throws on histograms, and loses warnings and the status of an HTML error page. When there is
 * no response at all, says why.
 */
async function ask(
  config: PrometheusConfig,
  query: string,
  at: number,
  maxBytes: number,
  signal: AbortSignal,
): Promise<RawResponse | { code: string; message: string }> {
  let raw: RawResponse | undefined;
  let trouble: { code?: string; message?: string } = {};
  const driver = new PrometheusDriver({
    endpoint: config.address,
    headers: { ...config.headers, ...authorization(config) },
    // The signal ends the request; the library's own timer only stands behind it.
    timeout: config.timeoutMs + 1_000,
    preferPost: true,
    requestInterceptor: {
      onFulfilled: (request) =>
        Object.assign(request, {
          signal,
          // null, as the library has it, would mean the proxy of the environment.
          proxy: false,
          maxRedirects: 0,
          maxContentLength: maxBytes,
        }),
    },
    responseInterceptor: {
      onFulfilled: (response) => {
        raw = { status: response.status, headers: { ...response.headers }, data: response.data };
        return { ...response, data: { status: 'success', data: { resultType: 'vector', result: [] } } };
      },
      onRejected: (error) => {
        const { response } = error;
        if (response)
          raw = { status: response.status, headers: { ...response.headers }, data: response.data };
        trouble = error;
        throw error;
      },
    },
  });
  try {
    // A Date, because to the library the number 0 means now.
    await driver.instantQuery(query, new Date(at), `${config.timeoutMs}ms`);
  } catch (error) {
    if (!raw && trouble.message === undefined) trouble = error as { code?: string; message?: string };
  }
  return raw ?? { code: trouble.code ?? 'unknown', message: trouble.message ?? '' };
}

function authorization({ basic, bearer }: PrometheusConfig): Record<string, string> {
  // Set here and not left to the library, which drops a user without a password.
  if (basic) {
    const credentials = Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
    return { Authorization: `Basic ${credentials}` };
  }
  return bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` };
}
