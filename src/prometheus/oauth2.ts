import type { Agent } from 'node:http';
import { z } from 'zod';
import { type Fault, fault } from './fault.ts';
import { type FormAnswer, postForm } from './post-form.ts';
import { retryAfterMs } from './retry-after.ts';

/** OAuth 2.0 client credentials. */
export interface OAuth2Config {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scopes?: readonly string[] | undefined;
  /** Sent to the token endpoint as they are, such as `audience`. */
  params?: Readonly<Record<string, string>> | undefined;
}

export type TokenAnswer = { ok: true; token: string } | { ok: false; fault: Fault };

/** Gives a token; never the one that the server has `refused`. */
export type TokenSource = (refused?: string) => Promise<TokenAnswer>;

/** So long before its end a token is not used any more; half its life when that is shorter. */
const MARGIN_MS = 30_000;
/** How long a token is used whose end the endpoint does not tell. */
const UNTOLD_LIFE_MS = 300_000;
const MAX_BYTES = 100_000;

const grantSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  // Text at some servers, although RFC 6749 has a number.
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

/** Error codes of RFC 6749 are such words; anything else may repeat what was sent. */
const refusalSchema = z.object({ error: z.string().regex(/^[a-z_]{1,60}$/) });

/**
 * Tokens by the client credentials grant, kept until shortly before they end. Whoever asks while one is being
 * fetched waits for that one; a fault is not kept.
 *
 * @param clock epoch milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export function tokenSource(
  config: OAuth2Config,
  httpsAgent: Agent,
  timeoutMs: number,
  clock: { now(): number },
): TokenSource {
  let held: { token: string; since: number; until: number } | undefined;
  let underWay: Promise<TokenAnswer> | undefined;

  async function fetchToken(): Promise<TokenAnswer> {
    const askedAt = clock.now();
    const answer = await postForm({
      url: new URL(config.tokenUrl),
      headers: { Accept: 'application/json', Authorization: clientAuthorization(config) },
      form: {
        ...config.params,
        grant_type: 'client_credentials',
        ...(config.scopes?.length ? { scope: config.scopes.join(' ') } : {}),
      },
      httpsAgent,
      timeoutMs,
      maxBytes: MAX_BYTES,
    });
    const endpoint = `the token endpoint ${new URL(config.tokenUrl).host}`;
    const grant = answer.ok && answer.status === 200 ? grantSchema.safeParse(json(answer.body)) : undefined;
    if (!grant?.success) return { ok: false, fault: tokenFault(endpoint, answer, timeoutMs, clock.now()) };
    const { access_token: token, expires_in: seconds } = grant.data;
    const lifeMs = seconds === undefined ? UNTOLD_LIFE_MS : seconds * 1_000;
    held = { token, since: askedAt, until: askedAt + Math.max(lifeMs - MARGIN_MS, lifeMs / 2) };
    return { ok: true, token };
  }

  return (refused) => {
    const now = clock.now();
    // A clock that was put back must not make a token live for ever.
    if (held && held.token !== refused && held.since <= now && now < held.until) {
      return Promise.resolve({ ok: true, token: held.token });
    }
    underWay ??= fetchToken().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/** RFC 6749, section 2.3.1: both are encoded as in a form before they become Basic credentials. */
function clientAuthorization({ clientId, clientSecret }: OAuth2Config): string {
  const encoded = [clientId, clientSecret].map((text) =>
    new URLSearchParams({ '': text }).toString().slice('='.length),
  );
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}

/** Why there is no token. Of what the endpoint said only the code is shown: the rest may hold a secret. */
function tokenFault(endpoint: string, answer: FormAnswer, timeoutMs: number, now: number): Fault {
  if (!answer.ok) {
    const why = {
      Timeout: `did not answer within ${timeoutMs} ms`,
      TooLarge: `answered more than ${MAX_BYTES} bytes`,
      Unreachable: `cannot be reached (${answer.code})`,
    }[answer.reason];
    return { ...fault('NoToken', `${endpoint} ${why}`), retryable: answer.reason !== 'TooLarge' };
  }
  const { status, headers, body } = answer;
  if (status === 200) {
    return fault(
      'NoToken',
      `${endpoint} answered 200 without a bearer token; is auth.oauth2.tokenUrl right?`,
    );
  }
  const code = refusalSchema.safeParse(json(body)).data?.error;
  const told = `HTTP ${status}${code === undefined ? '' : `: ${code}`}`;
  const waitMs = retryAfterMs(headers['retry-after'], headers['date'], now);
  if (status === 429 || status >= 500) {
    return {
      ...fault('NoToken', `${endpoint} gives no token now (${told})`),
      retryable: true,
      ...(waitMs !== undefined && { retryAfterMs: waitMs }),
    };
  }
  if (status >= 300 && status < 400) {
    return fault('NoToken', `${endpoint} redirects (${told}), which is not followed; name the final address`);
  }
  return fault('NoToken', `${endpoint} refused the client (${told}); check clientId, its Secret and scopes`);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
