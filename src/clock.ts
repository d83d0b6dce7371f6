/** The one way to time: decisions get it as an argument, the shells wait through it, tests turn it by hand. */
export interface Clock {
  /** Wall time in epoch milliseconds; may jump. */
  now(): number;
  /** Milliseconds that only rise, for measuring how long something took. */
  monotonic(): number;
  /** Calls `wake` once after this many milliseconds; the answer takes it back. */
  after(ms: number, wake: () => void): () => void;
}

/** The longest that a timer of Node can wait. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, wake) => {
    const timer = setTimeout(wake, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
