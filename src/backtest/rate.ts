import quantile from '@stdlib/stats-base-dists-beta-quantile';

/** A share of analyses with its confidence interval. */
export interface Rate {
  count: number;
  of: number;
  share: number;
  /** The ends of the 95 % interval. */
  low: number;
  high: number;
}

const ALPHA = 0.05;

/**
 * The exact interval of Clopper and Pearson (Biometrika 26, 1934) for `hits` in `trials`, in its beta form. The
 * numbers may be fractions, as an effective sample size makes them (Korn and Graubard, Survey Methodology 24, 1998).
 * Without a trial nothing is known: 0 to 1.
 */
export function clopperPearson(hits: number, trials: number, alpha = ALPHA): { low: number; high: number } {
  if (trials <= 0) return { low: 0, high: 1 };
  return {
    low: hits <= 0 ? 0 : quantile(alpha / 2, hits, trials - hits + 1),
    high: hits >= trials ? 1 : quantile(1 - alpha / 2, hits + 1, trials - hits),
  };
}

/**
 * The rate of `count` in `of` analyses that overlap, of which only `independent` say something of their own: the
 * share is that of all of them, and the interval that of the same share among the independent ones.
 */
export function rateOf(count: number, of: number, independent: number): Rate {
  const share = of === 0 ? 0 : count / of;
  return { count, of, share, ...clopperPearson(share * independent, of === 0 ? 0 : independent) };
}

/** How many analyses fit into a time side by side without sharing data; at least one where there is any. */
export function independentAnalyses(healthyMs: number, spanMs: number, analyses: number): number {
  if (analyses === 0) return 0;
  return Math.min(analyses, Math.max(1, Math.floor(healthyMs / spanMs)));
}
