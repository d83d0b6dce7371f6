import { formatNumber } from '../analysis/format-number.ts';
import { escapeMarkup } from './escape-markup.ts';
import type { Period } from './plan.ts';
import { columnsOf, extentOf } from './plot-columns.ts';
import type { MetricReport } from './report.ts';
import { minuteText } from './text-plot.ts';

const WIDTH = 960;
const HEIGHT = 240;
const LEFT = 72;
const BOTTOM = 24;
const TOP = 8;

/**
 * Values over time as one inline SVG: the band from the lowest to the highest value of each column, thresholds as
 * dashed lines, bad columns marked at the foot, an incident shaded. It is named for people who do not see it.
 */
export function svgPlot(metric: MetricReport, period: Period, incident: Period | undefined): string {
  const thresholds = metric.thresholds.flatMap(({ threshold }) => threshold ?? []);
  const columns = columnsOf(metric.points, period, WIDTH - LEFT);
  const extent = extentOf(columns, thresholds);
  if (!extent) return '<p>There are no values to plot.</p>';
  const x = (at: number) => round(LEFT + ((at - period.from) / (period.to - period.from)) * (WIDTH - LEFT));
  const y = (value: number) =>
    round(TOP + (1 - (value - extent.low) / (extent.high - extent.low)) * (HEIGHT - TOP - BOTTOM));
  const foot = HEIGHT - BOTTOM;

  const shade = incident
    ? `<rect class="incident" x="${x(incident.from)}" y="${TOP}" width="${round(x(incident.to) - x(incident.from))}" height="${foot - TOP}"/>`
    : '';
  const band = columns
    .flatMap(({ from, low, high }) =>
      low === undefined || high === undefined
        ? []
        : [`M${x(from)} ${y(high)}V${Math.max(y(low), round(y(high) + 1))}`],
    )
    .join('');
  const bad = columns
    .flatMap((column) => (column.bad > 0 ? [`M${x(column.from)} ${foot - 6}V${foot}`] : []))
    .join('');
  const lines = thresholds.map(
    (threshold) =>
      `<line class="threshold" x1="${LEFT}" x2="${WIDTH}" y1="${y(threshold)}" y2="${y(threshold)}"/>`,
  );
  const labels = [extent.high, extent.low].map(
    (value) =>
      `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${escapeMarkup(formatNumber(value))}</text>`,
  );
  const id = `plot-${escapeMarkup(metric.name)}`;
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}">`,
    `<title id="${id}">${escapeMarkup(`${metric.name} over time, against ${metric.condition}`)}</title>`,
    shade,
    `<path class="values" d="${band}"/>`,
    bad ? `<path class="bad" d="${bad}"/>` : '',
    ...lines,
    ...labels,
    `<text x="${LEFT}" y="${HEIGHT - 6}">${minuteText(period.from)}</text>`,
    `<text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${minuteText(period.to)}</text>`,
    '</svg>',
  ].join('');
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
