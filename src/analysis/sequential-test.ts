import {
  addEvidence,
  type Count,
  evidenceOf,
  type IntervalCounts,
  type LogEvidence,
  logMean,
  noEvidence,
  rateEvidence,
  ratioEvidence,
} from './evidence.ts';

/** What a sequential judge is asked; `SEQUENTIAL_DEFAULTS` has a value for each that must have one. */
export interface SequentialParameters {
  /** The canary may have this many times the rate of the stable version; more of it is a regression. */
  ratio: number;
  /** The chance that a canary within `ratio` ever fails, at any of all looks. */
  alpha: number;
  /** The chance that a canary that is not safe ever passes, at any of all looks. */
  beta: number;
  /** A canary is safe below this many times the stable rate. */
  safeRatio: number;
  /** A canary is safe below this rate as well, whatever the stable one has: events a request, in (0, 1). */
  safeRate?: number;
  /** While the canary has had fewer requests and both versions together fewer events, nothing is decided. */
  minRequests: number;
  minEvents: number;
}

/**
 * The ratio is above 1 because pods of one version differ among themselves: with 1, a difference of 10 % that
 * lasts fails one healthy canary in five once there are enough requests to see it.
 */
export const SEQUENTIAL_DEFAULTS = {
  ratio: 1.25,
  alpha: 0.01,
  beta: 0.05,
  safeRatio: 1.5,
  minRequests: 100,
  minEvents: 5,
} as const satisfies SequentialParameters;

/** All that is kept between two looks: its size does not grow, and it survives JSON unchanged. */
export interface SequentialState {
  /** Against "the canary is within `ratio`". */
  worse: LogEvidence;
  /** Against "the canary is at `safeRatio` or above". */
  safe: LogEvidence;
  /** Against "the canary's rate is at least `safeRate`"; empty without one. */
  rare: LogEvidence;
  /** Of all intervals together. */
  canary: Count;
  stable: Count;
}

export type SequentialReason =
  /** It fails: the canary is worse than `ratio` allows. */
  | 'Regression'
  /** It passes: the canary is below `safeRatio`, or below `safeRate`. */
  | 'Safe'
  /** Undecided: there have been fewer requests than `minRequests`, and fewer events than `minEvents`. */
  | 'LittleTraffic'
  /** Undecided: the data speak clearly for neither. */
  | 'Unclear';

/** What the intervals up to now say. */
export interface SequentialReading {
  decision: 'fail' | 'pass' | 'undecided';
  reason: SequentialReason;
  /** Evidence for failing; it fails at 1/alpha. */
  eFail: number;
  /** Evidence for passing; it passes at 1/beta. */
  ePass: number;
  /** Events a request, of all intervals; undefined while there was no request. */
  rates: { canary: number | undefined; stable: number | undefined };
  exposure: { canaryRequests: number; stableRequests: number; events: number };
}

const FACTORS = [1.1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 20];
const RATE_FACTORS = [0.5, 0.2, 0.05, 0];
const NOTHING: Count = { events: 0, total: 0 };

/** The state before the first interval. */
export function newSequentialState({ safeRate }: Pick<SequentialParameters, 'safeRate'>): SequentialState {
  return {
    worse: noEvidence(FACTORS),
    safe: noEvidence(FACTORS),
    rare: safeRate === undefined ? [] : noEvidence(RATE_FACTORS),
    canary: NOTHING,
    stable: NOTHING,
  };
}

/**
 * Takes in one interval and reads the evidence. Intervals must not overlap, and 0 ≤ events ≤ total must hold.
 *
 * Failing and passing are two tests, each an e-process (conditional rate ratio; Lindon & Malek 2022): they may
 * be read after every interval without raising `alpha` or `beta`. With `safeRate`, a canary is unsafe only if it
 * is neither below `safeRatio` nor below `safeRate`; against that hypothesis the mean of both evidences is
 * evidence again, and it never comes later than half of `beta` for each would. If both tests speak, it fails.
 */
export function takeInterval(
  state: SequentialState,
  counts: IntervalCounts,
  parameters: SequentialParameters,
): { state: SequentialState; reading: SequentialReading } {
  const next = addInterval(state, counts, parameters);
  return { state: next, reading: readState(next, parameters) };
}

/** What one interval adds to a state; the same in every test with these parameters. */
export interface WeighedInterval extends Pick<SequentialState, 'worse' | 'safe' | 'rare'> {
  counts: IntervalCounts;
}

export function weighInterval(
  counts: IntervalCounts,
  { ratio, safeRatio, safeRate }: SequentialParameters,
): WeighedInterval {
  const above = FACTORS.map((factor) => ratio * factor);
  const below = FACTORS.map((factor) => safeRatio / factor);
  const lower = RATE_FACTORS.map((factor) => (safeRate ?? 0) * factor);
  return {
    worse: ratioEvidence(counts, ratio, above),
    safe: ratioEvidence(counts, safeRatio, below),
    rare: safeRate === undefined ? [] : rateEvidence(counts.canary, safeRate, lower),
    counts,
  };
}

/** The state with one more interval in it. */
export function addInterval(
  { worse, safe, rare, canary, stable }: SequentialState,
  counts: IntervalCounts,
  parameters: SequentialParameters,
): SequentialState {
  const more = weighInterval(counts, parameters);
  return {
    worse: addEvidence(worse, more.worse),
    safe: addEvidence(safe, more.safe),
    rare: addEvidence(rare, more.rare),
    canary: sum(canary, counts.canary),
    stable: sum(stable, counts.stable),
  };
}

/** Reads the evidence of a state. */
export function readState(state: SequentialState, parameters: SequentialParameters): SequentialReading {
  return readEvidence(logFail(state), logPass(state), state, parameters);
}

/** The logarithm of the evidence that the canary is worse. */
export function logFail(state: SequentialState): number {
  return logMean(state.worse);
}

/** The logarithm of the evidence that the canary is safe, by ratio or by rate. */
export function logPass({ safe, rare }: SequentialState): number {
  return rare.length === 0 ? logMean(safe) : logMean([logMean(safe), logMean(rare)]);
}

/** The decision on evidence for failing and for passing, both as logarithms. */
export function readEvidence(
  fail: number,
  pass: number,
  { canary, stable }: Pick<SequentialState, 'canary' | 'stable'>,
  { alpha, beta, minRequests, minEvents }: SequentialParameters,
): SequentialReading {
  const events = canary.events + stable.events;
  const reason: SequentialReason =
    canary.total < minRequests && events < minEvents
      ? 'LittleTraffic'
      : fail >= -Math.log(alpha)
        ? 'Regression'
        : pass >= -Math.log(beta)
          ? 'Safe'
          : 'Unclear';
  const decision = reason === 'Regression' ? 'fail' : reason === 'Safe' ? 'pass' : 'undecided';
  return {
    decision,
    reason,
    eFail: evidenceOf(fail),
    ePass: evidenceOf(pass),
    rates: { canary: rateOf(canary), stable: rateOf(stable) },
    exposure: { canaryRequests: canary.total, stableRequests: stable.total, events },
  };
}

function rateOf({ events, total }: Count): number | undefined {
  return total === 0 ? undefined : events / total;
}

function sum(one: Count, other: Count): Count {
  return { events: one.events + other.events, total: one.total + other.total };
}
