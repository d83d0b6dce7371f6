import { formatNumber } from '../analysis/format-number.ts';
import { formatDuration } from '../api/duration.ts';
import type { Episode } from './episodes.ts';
import type { IncidentFinding } from './incident.ts';
import type { Rate } from './rate.ts';
import type { RunVerdict } from './replay.ts';
import type { BacktestReport, MetricReport } from './report.ts';
import type { ThresholdReport } from './suggest.ts';
import { minuteText } from './text-plot.ts';
import type { Unanswered } from './unanswered.ts';

/** The sentences of a report, the same in every form that it is written in. */

/** What each verdict means for a release that is healthy. */
export const VERDICT_WORDS = {
  Failed: 'would have failed (false alarms)',
  Inconclusive: 'would have paused (inconclusive)',
  NoData: 'would have paused for want of data',
  Error: 'would have ended in an error',
  Successful: 'would have passed',
  Running: 'had nothing against it when the time was over',
} as const satisfies Record<RunVerdict, string>;

/** In the order in which they matter. */
export const VERDICT_ORDER = Object.keys(VERDICT_WORDS) as RunVerdict[];

/** `1.23 %` */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Number((share * 100).toPrecision(3))} %`;
}

/** `12 of 10077 (0.119 %; 95 % interval 0.01 % to 0.7 %)` */
export function rateText({ count, of, share, low, high }: Rate): string {
  return `${count} of ${of} (${percent(share)}; 95 % interval ${percent(low)} to ${percent(high)})`;
}

export function independenceText({ healthy, spanMs, lengthMs }: BacktestReport): string {
  const { analyses, independent } = healthy;
  return `${analyses} analyses start in the healthy time. Each takes ${formatDuration(lengthMs)} and knows of ${formatDuration(spanMs)} of data, so that neighbours judge the same data: as evidence they count as ${independent}.`;
}

const NO_DATA_AT_ALL =
  '. Either the server does not keep data for so long, or the query selects nothing: try it with --from 1h, and look at --namespace and --canary-pods';

export function outcomesText({ outcomes }: MetricReport): string {
  const total = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const names = {
    Successful: 'good',
    Failed: 'failed',
    Inconclusive: 'inconclusive',
    NoData: 'without data',
    Error: 'in error',
  };
  const parts = Object.entries(names)
    .map(([outcome, word]) => [outcomes[outcome as keyof typeof outcomes], word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  const hint = total > 0 && outcomes.NoData === total ? NO_DATA_AT_ALL : '';
  return `${total} moments: ${parts.join(', ') || 'none'}${hint}`;
}

export function episodeText({ from, to, moments, metric, dryRun, outcome, worst }: Episode): string {
  const when = from === to ? minuteText(from) : `${minuteText(from)} to ${untilText(from, to)}`;
  const many = moments === 1 ? 'one moment' : `${moments} moments`;
  return `${when}, ${metric}${dryRun ? ' (dry run)' : ''}: ${many} ${outcome}; worst at ${minuteText(worst.at)}: ${worst.message}`;
}

/** The time of day where the day is the same. */
function untilText(from: number, to: number): string {
  const [day, text] = [minuteText(from).slice(0, 10), minuteText(to)];
  return text.startsWith(day) ? text.slice(11) : text;
}

export function thresholdText(report: ThresholdReport, rate: number): string {
  const { role, condition, argument, problem, operator, threshold, suggested, failedWithSuggested } = report;
  const isTest = role === 'sequential';
  const what = isTest ? 'ratio' : `${role}Condition \`${condition}\``;
  if (problem !== undefined || suggested === undefined || threshold === undefined)
    return `${what}: no suggestion: ${problem}`;
  const [measured, limit] = isTest
    ? ['tests', `with a ratio of ${suggested}`]
    : ['measurements', `by \`value ${operator} ${suggested}\``];
  const now = `${percent(report.badShare ?? 0)} of the healthy ${measured} fail by ${formatNumber(threshold)}`;
  const same = suggested === threshold ? ', which is what it is' : '';
  const where = argument === undefined ? '' : ` (argument ${argument})`;
  const then = failedWithSuggested
    ? `; of analyses of this metric alone ${rateText(failedWithSuggested)} would have failed with it`
    : '';
  return `${what}: ${now}; at most ${percent(rate)} would ${limit}${where}${same}${then}`;
}

export function incidentText({
  from,
  to,
  analyses,
  failed,
  stopped,
  found,
  paused,
}: IncidentFinding): string[] {
  const when = `${minuteText(from)} to ${untilText(from, to)}`;
  const lines = found
    ? [
        `${when}: found at ${minuteText(found.at)}, ${formatDuration(found.delayMs)} after its start, by ${found.metric}: ${found.message}`,
      ]
    : [`${when}: missed: no analysis would have failed in it.`];
  if (paused)
    lines.push(
      `A release would have been paused at ${minuteText(paused.at)}, ${formatDuration(paused.delayMs)} after its start: ${paused.message}`,
    );
  lines.push(`Of ${analyses} analyses that start in it ${failed} fail, and ${stopped} do not pass.`);
  return lines;
}

/** What a metric is called: a dry run is marked as such. */
export function metricTitle({ name, dryRun }: Pick<MetricReport, 'name' | 'dryRun'>): string {
  return dryRun ? `${name} (dry run: it decides nothing)` : name;
}

export function unansweredText({ metric, from, to, moments, reason, message }: Unanswered): string {
  const when = from === to ? `At ${minuteText(from)}` : `From ${minuteText(from)} to ${untilText(from, to)}`;
  const many = moments === 1 ? 'one moment' : `${moments} moments`;
  return `${when} ${metric} could not be asked for, and ${many} of it are taken for errors: ${reason}: ${message}`;
}

/** In what a metric is not exactly what the controller would have measured. */
export function exactnessTexts({ name, exact, resolutionMs, windowResolutionMs }: MetricReport): string[] {
  const moments = `${name}: its interval is finer than could be asked for; each measurement takes the newest of moments that are ${formatDuration(resolutionMs)} apart.`;
  const windows = `${name}: the samples of its windows are finer than could be asked for; each is the newest of samples that are ${formatDuration(windowResolutionMs ?? 0)} apart.`;
  return [...(exact ? [] : [moments]), ...(windowResolutionMs === undefined ? [] : [windows])];
}
