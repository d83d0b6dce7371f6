import type { MetricResult, ScoreResult } from '../api/analysis-run.ts';
import type { Score } from '../api/judge-schemas.ts';
import { formatNumber } from './format-number.ts';
import type { KayentaLabel } from './kayenta-judge.ts';
import { type KayentaScore, type ScoredMetric, scoreKayenta } from './kayenta-score.ts';
import type { ResolvedMetric } from './resolve-metric.ts';

const PHASES = { Pass: 'Successful', Marginal: 'Inconclusive', Fail: 'Failed' } as const;

/** Whether a metric counts in the score of its run, and so decides nothing by itself. */
export function isScored({ judge }: ResolvedMetric, score: Score | undefined): boolean {
  return score !== undefined && judge?.kind === 'mannWhitney' && judge.group !== undefined;
}

/** Whether a metric of the score came to nothing although it was measured, or could not be measured at all. */
export function isUnjudged(result: MetricResult): boolean {
  return labelOf(result) === 'Error';
}

/**
 * The score of a run by Kayenta's rules (`scoreKayenta`), from what its metrics ended as. There is none before all of
 * them have ended, unless a critical one ended without passing, which makes it 0. Nor is there one where a metric
 * came to nothing: Kayenta leaves such a metric out, and here nothing passes without it. `results` are in the order of
 * `metrics`.
 */
export function scoreOf(
  score: Score | undefined,
  metrics: readonly ResolvedMetric[],
  results: readonly MetricResult[],
): ScoreResult | undefined {
  if (!score) return undefined;
  const scored = metrics.flatMap((metric, index) => {
    const { judge, dryRun, name } = metric;
    const result = results[index];
    if (!result || judge?.kind !== 'mannWhitney' || judge.group === undefined || dryRun) return [];
    const label = labelOf(result);
    return [{ name, groups: [judge.group], muted: false, critical: judge.parameters.critical, label }];
  });
  const ended = scored.flatMap((metric) => (metric.label ? [{ ...metric, label: metric.label }] : []));
  const isLost = ended.some(({ critical, label }) => critical && label !== 'Pass' && label !== 'Error');
  const isWhole = ended.length === scored.length && ended.every(({ label }) => label !== 'Error');
  if (!isWhole && !isLost) return undefined;
  const groupWeights = Object.fromEntries(score.groups.map(({ name, weight }) => [name, weight]));
  const found = scoreKayenta(ended, { groupWeights, thresholds: score });
  return {
    value: found.score,
    phase: isLost ? 'Failed' : PHASES[found.classification],
    message: messageOf(found, score, ended),
    groups: found.groups.map(({ name, score: value, hasData, weight }) => ({
      name,
      ...(hasData && { score: Math.round(value * 100) / 100 }),
      weight,
    })),
  };
}

/**
 * What a metric that ended is to Kayenta; undefined for one that has not. High and Low count the same, and one that
 * came to nothing although it had data, such as a part of it, is no better than one that could not be measured.
 */
function labelOf({ phase, withData }: MetricResult): KayentaLabel | undefined {
  switch (phase) {
    case 'Successful':
      return withData > 0 ? 'Pass' : 'Nodata';
    case 'Failed':
      return withData > 0 ? 'High' : 'NodataFailMetric';
    case 'Inconclusive':
      return withData > 0 ? 'Error' : 'Nodata';
    case 'Error':
      return 'Error';
    default:
      return undefined;
  }
}

function messageOf(
  { score, classification, reason, criticalMetrics }: KayentaScore,
  { pass, marginal }: Score,
  metrics: readonly ScoredMetric[],
): string {
  const limits = `pass ${pass}, marginal ${marginal}`;
  const short = metrics.filter(({ label }) => label !== 'Pass').map(shown);
  if (reason === 'CriticalMetric') {
    const critical = metrics
      .filter(({ name, label }) => criticalMetrics.includes(name) && label !== 'Error')
      .map(shown);
    return `score 0 (${limits}): critical and did not pass: ${critical.join(', ')}`;
  }
  const value = formatNumber(score);
  if (reason === 'NoData') {
    return `score ${value} (${limits}): half of the metrics or more have no data: ${short.join(', ')}`;
  }
  const place = { Pass: 'passes', Marginal: 'is marginal', Fail: 'is too low' }[classification];
  const why = short.length === 0 ? 'every metric passed' : `pulled down by ${short.join(', ')}`;
  return `score ${value} ${place} (${limits}): ${why}`;
}

function shown({ name, groups, label }: ScoredMetric): string {
  const what = label === 'Nodata' || label === 'NodataFailMetric' ? 'no data' : 'worse than stable';
  return `${name} (${what}, group ${groups.join(', ')})`;
}
