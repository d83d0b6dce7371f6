import type { ReceiverRequest } from '../alerting/receivers.ts';

const TIMEOUT_MS = 5_000;

/** As much of `fetch` as is needed. */
export type Send = (
  url: URL,
  init: {
    method: 'POST';
    headers: Headers;
    body: string;
    redirect: 'manual';
    signal: AbortSignal;
  },
) => Promise<Response>;

export type Posted =
  | { ok: true; message: string }
  | { ok: false; message: string; retryable: boolean; retryAfterMs?: number };

/**
 * POSTs a request as JSON, once. Of the URL only the host is ever shown: the rest of a webhook's URL is its
 * password. Redirects are not followed, so that an alert goes nowhere that nobody named.
 */
export async function post(
  send: Send,
  address: string,
  { headers, body }: Pick<ReceiverRequest, 'headers' | 'body'>,
  timeoutMs = TIMEOUT_MS,
): Promise<Posted> {
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) return final('the Secret holds no http or https URL');
  if (url.username || url.password) {
    return final(`the URL for ${url.host} holds a user or password; send an Authorization header instead`);
  }
  const asked = headersOf(headers);
  if (!asked) return final('the receiver has a header that HTTP does not allow');
  let response: Response;
  try {
    response = await send(url, {
      method: 'POST',
      headers: asked,
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
  } catch (error) {
    return { ok: false, message: `${url.host} ${unreachable(error, timeoutMs)}`, retryable: true };
  }
  const { status } = response;
  if (status >= 200 && status < 300) return { ok: true, message: `${url.host} took it (HTTP ${status})` };
  if (status >= 300 && status < 400) {
    return final(`${url.host} redirects (HTTP ${status}); put the final URL into the Secret`);
  }
  const retryable = status === 429 || status >= 500;
  const message = `${url.host} answered HTTP ${status}`;
  const retryAfterMs = retryable ? secondsMs(response.headers.get('retry-after')) : undefined;
  return { ok: false, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function final(message: string): Posted {
  return { ok: false, message, retryable: false };
}

function headersOf(headers: Record<string, string>): Headers | undefined {
  try {
    return new Headers(headers);
  } catch {
    return undefined;
  }
}

/** Why there was no response, from the code and not from the text, which may repeat the URL. */
function unreachable(error: unknown, timeoutMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return `did not answer within ${timeoutMs} ms`;
  return `cannot be reached (${cause?.code ?? name ?? 'unknown'})`;
}

/** `Retry-After` in seconds; its other form, a date, is rare for webhooks and left to the usual pause. */
function secondsMs(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) * 1_000 : undefined;
}
