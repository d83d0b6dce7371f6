import type { KayentaLabel } from './kayenta-judge.ts';

/** One judged metric, as far as the score needs it. */
export interface ScoredMetric {
  name: string;
  /** It counts in each of its groups. */
  groups: readonly string[];
  /** It is shown and does not count. */
  muted: boolean;
  label: KayentaLabel;
  critical: boolean;
}

export interface ScoreParameters {
  /** In percent; groups without a weight share what the others leave. */
  groupWeights: Readonly<Record<string, number>>;
  /** The score from which on the canary passes, and from which on it is marginal; 0 to 100. */
  thresholds: { pass: number; marginal: number };
}

export interface GroupScore {
  name: string;
  /** 0 to 100; 0 without data, though it then costs the summary nothing. */
  score: number;
  hasData: boolean;
  weight: number;
}

export interface KayentaScore {
  /** 0 to 100, with two decimals. */
  score: number;
  classification: 'Pass' | 'Marginal' | 'Fail';
  /** Why the score is what it is: the groups, a critical metric, or too few metrics with data. */
  reason: 'Groups' | 'CriticalMetric' | 'NoData';
  groups: GroupScore[];
  /** The critical metrics that make it 0. */
  criticalMetrics: string[];
}

/** With this part of the metrics without data, or more, the canary fails. */
const NO_DATA_LIMIT = 0.5;
const PERCENT = 100;

/**
 * Joins the results of all metrics into one score, as Kayenta does: the part of passed metrics in each group,
 * weighted. A critical metric that did not pass makes it 0, and so do metrics without data if they are half of all.
 */
export function scoreKayenta(metrics: readonly ScoredMetric[], parameters: ScoreParameters): KayentaScore {
  const counted = metrics.filter(({ muted }) => !muted);
  const groups = groupScores(counted, parameters.groupWeights);
  const criticalMetrics = counted
    .filter(({ critical, label }) => critical && label !== 'Pass')
    .map(({ name }) => name);
  const withoutData = counted.filter(({ label }) => label === 'Nodata').length;
  const reason =
    criticalMetrics.length > 0
      ? 'CriticalMetric'
      : counted.length === 0 || withoutData / counted.length >= NO_DATA_LIMIT
        ? 'NoData'
        : 'Groups';
  const weighted = groups.reduce(
    (sum, { score, hasData, weight }) => sum + ((hasData ? score : PERCENT) * weight) / PERCENT,
    0,
  );
  const score = reason === 'Groups' ? Math.round(weighted * PERCENT) / PERCENT : 0;
  const { pass, marginal } = parameters.thresholds;
  const classification = score >= pass ? 'Pass' : score >= marginal ? 'Marginal' : 'Fail';
  return { score, classification, reason, groups, criticalMetrics };
}

function groupScores(
  metrics: readonly ScoredMetric[],
  weights: Readonly<Record<string, number>>,
): GroupScore[] {
  const names = [...new Set(metrics.flatMap(({ groups }) => groups))];
  const weightOf = new Map(Object.entries(weights));
  const given = [...weightOf.values()].reduce((sum, weight) => sum + weight, 0);
  const unweighted = names.filter((name) => !weightOf.has(name)).length;
  return names.map((name) => {
    const labels = metrics.filter(({ groups }) => groups.includes(name)).map(({ label }) => label);
    const judged = labels.filter((label) => label !== 'Nodata' && label !== 'Error').length;
    const passed = labels.filter((label) => label === 'Pass').length;
    return {
      name,
      score: judged === 0 ? 0 : (PERCENT * passed) / judged,
      hasData: judged > 0,
      weight: weightOf.get(name) ?? (PERCENT - given) / unweighted,
    };
  });
}
