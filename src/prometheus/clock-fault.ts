import { type Fault, fault } from './fault.ts';

const MAX_CLOCK_SKEW_MS = 5_000;

/**
 * A server whose clock is more than 5 s off would be asked about an instant that means something else to it.
 * A clock that steps while a query is under way looks the same, and is right again at the next try.
 *
 * @param date the `Date` header of the answer
 * @param sentAt epoch milliseconds, as `receivedAt`
 */
export function clockFault(
  server: string,
  date: unknown,
  sentAt: number,
  receivedAt: number,
): Fault | undefined {
  const serverTime = Date.parse(String(date));
  if (Number.isNaN(serverTime)) return undefined;
  // The header is cut to whole seconds and is set at some instant between sending and receiving.
  const aheadMs = serverTime - receivedAt;
  const behindMs = sentAt - (serverTime + 999);
  const skewMs = Math.max(aheadMs, behindMs);
  if (skewMs <= MAX_CLOCK_SKEW_MS) return undefined;
  const seconds = Math.round(skewMs / 1_000);
  return fault(
    'ClockSkew',
    `the clock of ${server} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one; synchronise them`,
  );
}
