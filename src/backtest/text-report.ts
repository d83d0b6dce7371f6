import { formatDuration } from '../api/duration.ts';
import type { BacktestReport, MetricReport } from './report.ts';
import { minuteText, textPlot } from './text-plot.ts';
import {
  episodeText,
  exactnessTexts,
  incidentText,
  independenceText,
  metricTitle,
  outcomesText,
  rateText,
  thresholdText,
  unansweredText,
  VERDICT_ORDER,
  VERDICT_WORDS,
} from './words.ts';

export interface TextStyle {
  /** Characters a line of a plot. */
  width: number;
  bold: (text: string) => string;
  bad: (text: string) => string;
}

const SHOWN_EPISODES = 10;
const PLOT_HEIGHT = 6;

/** The report for a terminal or a file. */
export function textReport(
  title: string,
  report: BacktestReport,
  skipped: readonly string[],
  style: TextStyle,
): string {
  const { period, stepMs, moments, healthy, episodes, incident, metrics } = report;
  const lines = [
    style.bold(title),
    `${minuteText(period.from)} to ${minuteText(period.to)} UTC: ${moments} moments, one every ${formatDuration(stepMs)}`,
    ...skipped,
    ...report.unanswered.map((each) => style.bad(unansweredText(each))),
    ...metrics.flatMap((metric) => ['', ...metricLines(metric, report, style)]),
    '',
    style.bold('Analyses in the healthy time'),
    independenceText(report),
    ...VERDICT_ORDER.filter((verdict) => verdict === 'Failed' || healthy.verdicts[verdict].count > 0).map(
      (verdict) => `  ${rateText(healthy.verdicts[verdict])} ${VERDICT_WORDS[verdict]}`,
    ),
    '',
    style.bold('Worst moments of the healthy time'),
    ...episodes.slice(0, SHOWN_EPISODES).map((episode) => `  ${episodeText(episode)}`),
    ...(episodes.length === 0 ? ['  none: every measurement was good'] : []),
    ...(episodes.length > SHOWN_EPISODES ? [`  and ${episodes.length - SHOWN_EPISODES} more`] : []),
    ...(incident ? ['', style.bold('Incident'), ...incidentText(incident).map((line) => `  ${line}`)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function metricLines(metric: MetricReport, report: BacktestReport, style: TextStyle): string[] {
  const thresholds = metric.thresholds.flatMap(({ threshold }) => threshold ?? []);
  return [
    `${style.bold(metricTitle(metric))}: ${metric.condition}`,
    ...textPlot({
      points: metric.points,
      period: report.period,
      thresholds,
      width: style.width,
      height: PLOT_HEIGHT,
      paintBad: style.bad,
    }),
    `  ${outcomesText(metric)}`,
    ...metric.thresholds.map((threshold) => `  ${thresholdText(threshold, report.rate)}`),
    ...exactnessTexts(metric).map((line) => `  ${line}`),
  ];
}
