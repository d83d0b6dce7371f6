import { formatNumber } from '../analysis/format-number.ts';
import { formatDuration } from '../api/duration.ts';
import { escapeMarkup } from './escape-markup.ts';
import { columnsOf } from './plot-columns.ts';
import type { BacktestReport, MetricReport } from './report.ts';
import { svgPlot } from './svg-plot.ts';
import { minuteText } from './text-plot.ts';
import {
  exactnessTexts,
  incidentText,
  independenceText,
  metricTitle,
  outcomesText,
  percent,
  thresholdText,
  unansweredText,
  VERDICT_ORDER,
  VERDICT_WORDS,
} from './words.ts';

/** No script and nothing from elsewhere can come in, whatever a message says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE = `:root{color-scheme:light dark;--line:light-dark(#1f5fa8,#7db3f0);--bad:light-dark(#b3261e,#ff8a80);--soft:light-dark(#d9d9d9,#444)}
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:0 auto;padding:1rem}
svg{width:100%;height:auto;font-size:12px;fill:currentColor}
.values{stroke:var(--line);fill:none}.bad{stroke:var(--bad);stroke-width:2}.threshold{stroke:var(--bad);stroke-dasharray:6 4}
.incident{fill:var(--bad);opacity:.15}table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--soft);padding:.25rem .5rem;text-align:left;vertical-align:top}td.number,th.number{text-align:right}
pre{overflow:auto;background:var(--soft);padding:.5rem}`;
const TABLE_ROWS = 84;

/** The report as one page that needs nothing but itself: no scripts, no fonts, no requests. */
export function htmlReport(title: string, report: BacktestReport, skipped: readonly string[]): string {
  const { period, stepMs, moments, metrics, incident } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeMarkup(title)}</h1>
<p>${minuteText(period.from)} to ${minuteText(period.to)} UTC: ${moments} moments, one every ${formatDuration(stepMs)}.</p>
${[...skipped, ...report.unanswered.map(unansweredText)].map(paragraph).join('\n')}
<h2>Analyses in the healthy time</h2>
${paragraph(independenceText(report))}
${verdictTable(report)}
${incident ? `<h2>Incident</h2>\n${incidentText(incident).map(paragraph).join('\n')}` : ''}
<h2>Worst moments of the healthy time</h2>
${episodeTable(report)}
${metrics.map((metric) => metricSection(metric, report)).join('\n')}
</main>
</body>
</html>
`;
}

function paragraph(text: string): string {
  return `<p>${escapeMarkup(text)}</p>`;
}

function verdictTable({ healthy }: BacktestReport): string {
  return table(
    ['Verdict', 'Analyses', 'Share', '95 % interval'],
    VERDICT_ORDER.map((verdict) => {
      const { count, share, low, high } = healthy.verdicts[verdict];
      return [VERDICT_WORDS[verdict], String(count), percent(share), `${percent(low)} to ${percent(high)}`];
    }),
  );
}

function episodeTable({ episodes }: BacktestReport): string {
  if (episodes.length === 0) return paragraph('None: every measurement was good.');
  return table(
    ['From', 'To', 'Metric', 'Outcome', 'Moments', 'Worst'],
    episodes.map(({ from, to, metric, dryRun, outcome, moments, worst }) => [
      minuteText(from),
      minuteText(to),
      dryRun ? `${metric} (dry run)` : metric,
      outcome,
      String(moments),
      `${minuteText(worst.at)}: ${worst.message}`,
    ]),
  );
}

function metricSection(metric: MetricReport, report: BacktestReport): string {
  return `<section>
<h2>${escapeMarkup(metricTitle(metric))}</h2>
${paragraph(metric.condition)}
${svgPlot(metric, report.period, report.incident)}
${paragraph(outcomesText(metric))}
<ul>${metric.thresholds.map((each) => `<li>${escapeMarkup(thresholdText(each, report.rate))}</li>`).join('')}</ul>
${exactnessTexts(metric).map(paragraph).join('')}
<details><summary>The values as a table</summary>
${valueTable(metric, report)}
</details>
<details><summary>The query</summary>
<pre>${escapeMarkup(metric.query)}</pre>
</details>
</section>`;
}

/** What the plot shows, for those who do not see it. */
function valueTable({ points }: MetricReport, { period }: BacktestReport): string {
  const rows = columnsOf(points, period, Math.min(TABLE_ROWS, Math.max(1, points.length)));
  return table(
    ['From', 'Lowest', 'Highest', 'Moments', 'Not good'],
    rows.map(({ from, low, high, moments, bad }) => [
      minuteText(from),
      low === undefined ? '–' : formatNumber(low),
      high === undefined ? '–' : formatNumber(high),
      String(moments),
      String(bad),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const header = head.map((text) => `<th scope="col">${escapeMarkup(text)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((text) => `<td>${escapeMarkup(text)}</td>`).join('')}</tr>`);
  return `<table><thead><tr>${header}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table>`;
}
