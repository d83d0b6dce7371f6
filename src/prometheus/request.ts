import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import { PrometheusDriver } from 'prometheus-query';
import type { MetricQuery } from '../analysis/query-answer.ts';
import type { ConnectionTrouble } from './connection-fault.ts';

/** What the server sent, as it was before prometheus-query made something of it. */
export interface RawResponse {
  kind: 'response';
  status: number;
  headers: Readonly<Record<string, unknown>>;
  body: Uint8Array;
}

export interface RequestConfig {
  address: string;
  headers: Readonly<Record<string, string>>;
  agents: { httpAgent: HttpAgent; httpsAgent: HttpsAgent };
  timeoutMs: number;
  /** The largest body that is read, counted after it was unpacked. */
  maxBytes: number;
}

/** What axios gives to interceptors, as far as it is used here. */
interface AxiosResponse {
  status: number;
  headers: object;
  data: unknown;
}

/**
 * Sends one query, evaluated at `evaluateAt`, and gives back the response before the library parses it: the
 * library turns infinities into NaN, throws on histograms, and loses warnings and the status of an HTML error
 * page. When there is no response at all, says why.
 *
 * @param signal ends the request, also while its answer is still coming
 */
export async function send(
  config: RequestConfig,
  { query, evaluateAt, range }: MetricQuery,
  signal: AbortSignal,
): Promise<RawResponse | { kind: 'trouble'; trouble: ConnectionTrouble }> {
  const { timeoutMs, maxBytes, agents } = config;
  let raw: RawResponse | undefined;
  let trouble: { code?: string; message?: string } = {};
  const keep = ({ status, headers, data }: AxiosResponse) => {
    const body = data instanceof Uint8Array ? data : new Uint8Array();
    raw = { kind: 'response', status, headers: { ...headers }, body };
  };
  const driver = new PrometheusDriver({
    endpoint: config.address.replace(/\/+$/, ''),
    headers: { ...config.headers },
    // The signal ends the request; the library's own timer only stands behind it.
    timeout: timeoutMs + 1_000,
    preferPost: true,
    requestInterceptor: {
      onFulfilled: (request) =>
        Object.assign(request, {
          ...agents,
          signal,
          responseType: 'arraybuffer',
          // null, as the library has it, would mean the proxy of the environment.
          proxy: false,
          maxRedirects: 0,
          maxContentLength: maxBytes,
        }),
    },
    responseInterceptor: {
      onFulfilled: (response) => {
        keep(response);
        return { ...response, data: { status: 'success', data: { resultType: 'vector', result: [] } } };
      },
      onRejected: (error) => {
        // With a body that broke off axios gives a response without data: that is no response.
        if (error.response?.data !== undefined) keep(error.response);
        trouble = error;
        throw error;
      },
    },
  });
  // Dates, because to the library the number 0 means now.
  const at = new Date(evaluateAt);
  const timeout = `${timeoutMs}ms`;
  try {
    if (range) {
      const start = new Date(evaluateAt - range.windowMs);
      await driver.rangeQuery(query, start, at, range.stepMs / 1_000, timeout);
    } else {
      await driver.instantQuery(query, at, timeout);
    }
  } catch (error) {
    if (!raw && trouble.message === undefined) trouble = error as { code?: string; message?: string };
  }
  const { code = 'unknown', message = '' } = trouble;
  return raw ?? { kind: 'trouble', trouble: { code, message } };
}
