import { z } from 'zod';
import type { QueryAnswer } from '../analysis/query-answer.ts';
import { retryAfterMs } from './retry-after.ts';

export type Fault = Extract<QueryAnswer, { kind: 'fault' }>;

/** Why a server gave no answer that can be judged. The word stands in measurements, Events and metrics. */
export type FaultReason = keyof typeof RETRYABLE;

/** Whether asking the same again later may help. */
const RETRYABLE = {
  Timeout: true,
  Unreachable: true,
  Untrusted: false,
  BadQuery: false,
  Unauthorized: false,
  NoToken: false,
  TooManyRequests: true,
  ServerError: true,
  NotPrometheus: false,
  BrokenAnswer: true,
  TooLarge: false,
  Redirected: false,
  ClockSkew: true,
  Cancelled: true,
} as const;

const SHOWN_CHARACTERS = 500;

export function fault(reason: FaultReason, message: string): Fault {
  return { kind: 'fault', reason, message, retryable: RETRYABLE[reason] };
}

/** What a server said, short enough for the status of a run. */
export function excerpt(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}

const errorBodySchema = z.object({
  status: z.literal('error'),
  errorType: z.string().optional(),
  error: z.string().optional(),
});

/** A response as far as its status tells what went wrong. */
export interface FailedResponse {
  status: number;
  headers: Readonly<Record<string, unknown>>;
  /** The parsed body; undefined when it is no JSON. */
  body: unknown;
}

/**
 * What an HTTP status other than 200 means.
 *
 * @param server how people know the server
 * @param now epoch milliseconds, for a `Retry-After` that names a date
 */
export function statusFault(server: string, response: FailedResponse, now: number): Fault {
  const { status, headers, body } = response;
  const told = errorBodySchema.safeParse(body).data;
  const said = excerpt(told?.error ?? '');
  const because = said && `: ${said}`;

  if (status >= 300 && status < 400) {
    const { location } = headers;
    const to = typeof location === 'string' ? ` to ${withoutSecrets(location)}` : '';
    return fault(
      'Redirected',
      `${server} redirects${to}; redirects are not followed, so name the final address`,
    );
  }
  if (status === 401 || status === 403) {
    return fault(
      'Unauthorized',
      `${server} refused the credentials of the source (HTTP ${status}${because})`,
    );
  }
  if (status === 408 || told?.errorType === 'timeout') {
    return fault('Timeout', `${server} gave up on the query${because}`);
  }
  const waitMs = retryAfterMs(headers['retry-after'], headers['date'], now);
  if (status === 429) {
    return waiting(
      fault('TooManyRequests', `${server} asks for fewer requests (HTTP 429${because})`),
      waitMs,
    );
  }
  if (status >= 500) {
    const failed = fault('ServerError', `${server} answered HTTP ${status}${because}`);
    return status === 503 ? waiting(failed, waitMs) : failed;
  }
  if (told && status >= 400) return fault('BadQuery', said || `${server} answered HTTP ${status}`);
  return fault(
    'NotPrometheus',
    `${server} answered HTTP ${status} and not as Prometheus does; is the address of the source right?`,
  );
}

/** The fault of a server that asks to be left alone for `waitMs`, where it does. */
function waiting(failed: Fault, waitMs: number | undefined): Fault {
  if (waitMs === undefined) return failed;
  const seconds = Math.ceil(waitMs / 1_000);
  return { ...failed, message: `${failed.message}; it is left alone for ${seconds} s`, retryAfterMs: waitMs };
}

/** A redirect's target as far as it may be shown: without user, password and query. */
function withoutSecrets(location: string): string {
  const url = URL.parse(location);
  return url ? `${url.origin}${url.pathname}` : (location.split(/[?#]/)[0] ?? '');
}
