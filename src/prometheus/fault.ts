import { z } from 'zod';
import type { QueryAnswer } from '../analysis/query-answer.ts';

type Fault = Extract<QueryAnswer, { kind: 'fault' }>;

/** Why a server gave no answer that can be judged. The word stands in measurements, Events and metrics. */
export type FaultReason =
  | 'Timeout'
  | 'Unreachable'
  | 'BadQuery'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'ServerError'
  | 'NotPrometheus'
  | 'TooLarge'
  | 'Redirected'
  | 'ClockSkew'
  | 'Cancelled';

/** Whether asking the same again later may help. */
const RETRYABLE = {
  Timeout: true,
  Unreachable: true,
  BadQuery: false,
  Unauthorized: false,
  TooManyRequests: true,
  ServerError: true,
  NotPrometheus: false,
  TooLarge: false,
  Redirected: false,
  ClockSkew: true,
  Cancelled: true,
} as const satisfies Record<FaultReason, boolean>;

export function fault(reason: FaultReason, message: string): Fault {
  return { kind: 'fault', reason, message, retryable: RETRYABLE[reason] };
}

const errorBodySchema = z.object({
  status: z.literal('error'),
  errorType: z.string().optional(),
  error: z.string().optional(),
});

/** What an HTTP status other than 200 means; `server` is how people know the server. */
export function statusFault(server: string, status: number, body: unknown, location?: string): Fault {
  const told = errorBodySchema.safeParse(body).data;
  const said = told?.error ?? '';
  const told4xx = told !== undefined && status < 500;

  if (status >= 300 && status < 400) {
    const to = location === undefined ? '' : ` to ${withoutSecrets(location)}`;
    return fault(
      'Redirected',
      `${server} redirects${to}; redirects are not followed, so name the final address`,
    );
  }
  if (status === 401 || status === 403) {
    return fault(
      'Unauthorized',
      `${server} refused the credentials of the source (HTTP ${status}${said && `: ${said}`})`,
    );
  }
  if (status === 408 || told?.errorType === 'timeout') {
    return fault('Timeout', `${server} gave up on the query${said && `: ${said}`}`);
  }
  if (status === 429) {
    return fault('TooManyRequests', `${server} asks for fewer requests (HTTP 429${said && `: ${said}`})`);
  }
  if (status >= 500) {
    return fault('ServerError', `${server} answered HTTP ${status}${said && `: ${said}`}`);
  }
  if (told4xx) return fault('BadQuery', said || `${server} answered HTTP ${status}`);
  return fault(
    'NotPrometheus',
    `${server} answered HTTP ${status} and not as Prometheus does; is the address of the source right?`,
  );
}

/** A redirect's target as far as it may be shown: without user, password and query. */
function withoutSecrets(location: string): string {
  const url = URL.parse(location);
  return url ? `${url.origin}${url.pathname}` : (location.split('?')[0] ?? '');
}
