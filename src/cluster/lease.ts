import { type Held, type LeaseClaims, leaseClaims } from './lease-claims.ts';
import type { Log } from './log.ts';
import type { Cluster } from './port.ts';

/** The parts of the process' clock that an election needs; times in milliseconds. */
export interface LeaseClock {
  now(): number;
  monotonic(): number;
  after(ms: number, wake: () => void): () => void;
}

export interface LeaseTimes {
  /** A lease that nobody renewed for so long may be taken by another. */
  leaseMs: number;
  /** A holder that could not renew for so long stops acting; the rest of the lease is its margin for doing so. */
  renewDeadlineMs: number;
  /** The wait between two renewals, and between two looks at a lease that another holds. */
  retryMs: number;
}

export interface LeaseOptions {
  cluster: Cluster;
  namespace: string;
  /** Of the Lease object. */
  name: string;
  /** Of this process, for people; two processes of one name never both lead. */
  identity: string;
  clock: LeaseClock;
  log: Log;
  /** Called when the lease is held. Renewing goes on while it runs; its rejection gives the lease up. */
  onElected(): void | Promise<void>;
  /** Called once for each call of onElected, while no other can hold the lease yet. */
  onLost(reason: string): void | Promise<void>;
  /** Stops: a held lease is given up when onLost has settled, so that another can lead at once. */
  signal: AbortSignal;
  times?: LeaseTimes;
}

export const LEASE_TIMES: LeaseTimes = {
  leaseMs: 6_000,
  renewDeadlineMs: 4_000,
  retryMs: 1_000,
};

/**
 * Waits for the lease, leads for one term, and resolves when that ended and onLost has settled, or when it was
 * stopped before. Rejects with what onElected rejected with. While leading it writes nothing but the renewals.
 */
export async function runWithLease(options: LeaseOptions): Promise<void> {
  const { clock, signal, times = LEASE_TIMES } = options;
  const claims = leaseClaims({ ...options, leaseMs: times.leaseMs });
  while (!signal.aborted) {
    const held = await claims.claim();
    if (held && signal.aborted) return claims.release();
    // A claim that took too long to be answered is waited out rather than relied on.
    const isFresh = held && clock.monotonic() - held.claimedAt < times.renewDeadlineMs;
    if (isFresh) return lead(options, times, claims, held);
    await pause(clock, times.retryMs, signal);
  }
}

async function lead(
  options: LeaseOptions,
  times: LeaseTimes,
  claims: LeaseClaims,
  held: Held,
): Promise<void> {
  const { clock, log, signal } = options;
  const ending = new AbortController();
  const failed: { error: unknown }[] = [];
  let settled: Promise<void> | undefined;

  /** Tells once that the term is over. */
  function over(reason: string): Promise<void> {
    settled ??= attempt(() => options.onLost(reason)).catch((error: unknown) =>
      log.error({ err: error, reason }, 'what follows the end of the lease failed'),
    );
    return settled;
  }

  async function stop(reason: string): Promise<void> {
    await over(reason);
    ending.abort();
  }

  const onAbort = () => void stop('the process stops');
  log.info({ identity: options.identity }, 'the lease is held; this process leads');
  attempt(options.onElected).catch((error: unknown) => {
    failed.push({ error });
    void stop(`starting to lead failed: ${error}`);
  });
  signal.addEventListener('abort', onAbort, { once: true });

  const lost = await keepRenewing(claims, held, { clock, times, ending: ending.signal });
  signal.removeEventListener('abort', onAbort);
  if (lost) await over(lost);
  else await claims.release();
  for (const { error } of failed) throw error;
}

/** Renews until told to end, with undefined as the answer, or until the lease is lost: answers why. */
async function keepRenewing(
  claims: LeaseClaims,
  held: Held,
  { clock, times, ending }: { clock: LeaseClock; times: LeaseTimes; ending: AbortSignal },
): Promise<string | undefined> {
  let { claimedAt } = held;
  for (;;) {
    const leftMs = () => claimedAt + times.renewDeadlineMs - clock.monotonic();
    await pause(clock, Math.min(times.retryMs, leftMs()), ending);
    if (ending.aborted) return undefined;
    if (leftMs() <= 0) return `it could not be renewed for ${times.renewDeadlineMs / 1000} s`;
    // Not cut short at the end: giving the lease up needs to know what the renewal made of it.
    const renewal = await inTime(clock, leftMs(), undefined, claims.renew());
    if (ending.aborted) return undefined;
    if (renewal?.kind === 'taken') return renewal.why;
    if (renewal?.kind === 'held') claimedAt = renewal.claimedAt;
  }
}

/** Waits so long, or until the signal. */
function pause(clock: LeaseClock, ms: number, signal: AbortSignal): Promise<void> {
  return inTime(clock, ms, signal, new Promise<never>(() => undefined)).then(() => undefined);
}

/** What the promise resolves to; undefined once so much time has passed, or at the signal. */
function inTime<T>(
  clock: LeaseClock,
  ms: number,
  signal: AbortSignal | undefined,
  promise: Promise<T>,
): Promise<T | undefined> {
  if (signal?.aborted || ms <= 0) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const end = () => settle(undefined);
    const forget = clock.after(ms, end);
    const settle = (value: T | undefined) => {
      forget();
      signal?.removeEventListener('abort', end);
      resolve(value);
    };
    signal?.addEventListener('abort', end, { once: true });
    promise.then(settle, reject);
  });
}

/** Calls at once; what is thrown becomes a rejection. */
async function attempt(call: () => void | Promise<void>): Promise<void> {
  await call();
}
