/**
 * Evidence against a hypothesis that may be looked at after every interval: an e-process. It is the mean, over
 * a few alternatives, of how much likelier the counts are under the alternative than under the hypothesis.
 * While the hypothesis is true its expectation stays at most 1, so it reaches 1/α with probability at most α,
 * however often one looks (Ville 1939). All of it is kept as natural logarithms, one for each alternative.
 */
export type LogEvidence = number[];

/** Events among requests, of one version in one interval. */
export interface Count {
  events: number;
  total: number;
}

/** What both versions did in one and the same interval. */
export interface IntervalCounts {
  canary: Count;
  stable: Count;
}

/** An alternative that has been refuted stays refuted; JSON has no infinity. */
const IMPOSSIBLE = -1e300;
const STORED_DIGITS = 1e6;

/** Evidence before any data: 1 for every alternative. */
export function noEvidence(alternatives: readonly number[]): LogEvidence {
  return alternatives.map(() => 0);
}

/**
 * What one interval adds to the evidence against "the canary's rate is `hypothesis` times the stable one", for each
 * alternative ratio. Given how many events there were in all, those of the canary are binomial, with a chance
 * that depends on the ratio and on the shares of the traffic only: a rate that both versions have in common,
 * such as that of a bad hour, cancels out, and the share may change from interval to interval. Alternatives
 * above the hypothesis test "at most", ones below test "at least". An interval without events, or with one
 * version only, changes nothing. For requests that fail or not, instead of Poisson counts, it is conservative
 * (Hoeffding 1963).
 */
export function ratioEvidence(
  { canary, stable }: IntervalCounts,
  hypothesis: number,
  alternatives: readonly number[],
): LogEvidence {
  const requests = canary.total + stable.total;
  if (canary.total === 0 || stable.total === 0) return noEvidence(alternatives);
  const share = canary.total / requests;
  const events = canary.events + stable.events;
  const weight = (ratio: number) => Math.log1p(share * (ratio - 1));
  const expected = weight(hypothesis);
  return alternatives.map(
    (ratio) => times(canary.events, Math.log(ratio / hypothesis)) - times(events, weight(ratio) - expected),
  );
}

/** What one version's interval adds to the evidence against "its rate is at least `hypothesis`", for each lower rate. */
export function rateEvidence(
  { events, total }: Count,
  hypothesis: number,
  alternatives: readonly number[],
): LogEvidence {
  return alternatives.map(
    (rate) =>
      times(events, Math.log(rate / hypothesis)) +
      times(total - events, Math.log1p(-rate) - Math.log1p(-hypothesis)),
  );
}

/** The evidence with that of one more interval. */
export function addEvidence(evidence: LogEvidence, more: LogEvidence): LogEvidence {
  return evidence.map((before, index) => addLogarithm(before, more[index] ?? 0));
}

/** Rounds down, so that the stored text stays short and never says more than the data do. */
export function addLogarithm(before: number, more: number): number {
  if (more === 0) return before;
  return Math.max(Math.floor((before + more) * STORED_DIGITS) / STORED_DIGITS, IMPOSSIBLE) + 0;
}

/** The logarithm of the mean over the alternatives, computed without overflow. */
export function logMean(evidence: LogEvidence): number {
  const largest = Math.max(...evidence);
  const sum = evidence.reduce((total, value) => total + Math.exp(value - largest), 0);
  return largest + Math.log(sum / evidence.length);
}

/** The evidence itself, for showing; capped, since JSON has no infinity. */
export function evidenceOf(logEvidence: number): number {
  return Math.min(Math.exp(logEvidence), 1e300);
}

/** Nothing times the logarithm of zero is nothing: what did not occur refutes no alternative. */
function times(count: number, logarithm: number): number {
  return count === 0 ? 0 : count * logarithm;
}
