import { type Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface FormRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  form: Readonly<Record<string, string>>;
  /** Of an https URL. */
  httpsAgent: Agent;
  timeoutMs: number;
  maxBytes: number;
}

export type FormAnswer =
  | { ok: true; status: number; headers: Readonly<Record<string, unknown>>; body: string }
  | { ok: false; reason: 'Timeout' | 'TooLarge' | 'Unreachable'; code: string };

/**
 * POSTs a form, once, and reads the answer within the time and size given. Redirects are not followed and no
 * proxy of the environment is used: what is sent here is a secret. Never rejects.
 */
export async function postForm(asked: FormRequest): Promise<FormAnswer> {
  const { url, headers, form, httpsAgent, timeoutMs, maxBytes } = asked;
  const deadline = AbortSignal.timeout(timeoutMs);
  const body = new URLSearchParams(form).toString();
  const options = {
    method: 'POST',
    signal: deadline,
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded', Connection: 'close' },
  };
  try {
    return await new Promise<FormAnswer>((resolve, reject) => {
      const sent =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, agent: httpsAgent })
          : httpRequest(url, { ...options, agent: false });
      sent.on('error', reject);
      sent.on('response', (response) => {
        let bytes = 0;
        response.on('data', (chunk: Uint8Array) => {
          bytes += chunk.length;
          if (bytes > maxBytes) response.destroy(Object.assign(new Error(), { code: 'TooLarge' }));
        });
        buffer(response).then((read) => {
          const { statusCode: status = 0, headers: told } = response;
          resolve({ ok: true, status, headers: told, body: read.toString('utf8') });
        }, reject);
      });
      sent.end(body);
    });
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? 'unknown');
    if (deadline.aborted) return { ok: false, reason: 'Timeout', code };
    return { ok: false, reason: code === 'TooLarge' ? 'TooLarge' : 'Unreachable', code };
  }
}
