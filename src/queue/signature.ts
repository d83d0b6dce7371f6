import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * What lies in Redis. Redis is not trusted: without the key nobody can ask a query through a worker's
 * credentials, or tell the controller what a query had answered.
 */
export interface Signed {
  /** JSON as it was signed: the order of its keys need not be known again to check it. */
  body: string;
  /** HMAC-SHA256 in hex over the queue's name and the body. */
  signature: string;
}

/** Signs a body for one queue; moved to another queue it is worth nothing. */
export function sign(key: string | Uint8Array, queue: string, body: unknown): Signed {
  const text = JSON.stringify(body);
  return { body: text, signature: digest(key, queue, text).toString('hex') };
}

/** The body, if it was signed with this key for this queue; else undefined. */
export function verified<T>(key: string | Uint8Array, queue: string, signed: unknown): T | undefined {
  if (typeof signed !== 'object' || signed === null) return undefined;
  const { body, signature } = signed as Partial<Signed>;
  if (typeof body !== 'string' || typeof signature !== 'string') return undefined;
  const claimed = Buffer.from(signature, 'hex');
  const actual = digest(key, queue, body);
  if (claimed.length !== actual.length || !timingSafeEqual(claimed, actual)) return undefined;
  return JSON.parse(body) as T;
}

function digest(key: string | Uint8Array, queue: string, body: string): Buffer {
  // The 2 is the version of the bodies: after an incompatible change old ones are dropped, not misread.
  return createHmac('sha256', key).update(`assay/2/${queue}\n${body}`).digest();
}
