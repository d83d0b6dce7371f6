/** A server that says "at once" is still left alone for so long, or a queue would ask it in a circle. */
const SHORTEST_MS = 1_000;
/** A mistyped header must not stop the measurements of a whole cluster for a day. */
const LONGEST_MS = 60_000;

/**
 * How long a `Retry-After` header asks to wait, in milliseconds between 1 s and 60 s; undefined when there is
 * none that can be read. Its form of a date is compared with the server's own clock where it tells that.
 *
 * @param date the `Date` header of the same response
 * @param now epoch milliseconds
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function retryAfterMs(header: unknown, date: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - serverTime(date, now);
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, SHORTEST_MS), LONGEST_MS);
}

function serverTime(date: unknown, now: number): number {
  const told = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(told) ? now : told;
}
