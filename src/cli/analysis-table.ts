import Table from 'cli-table3';
import { isFinished, newResult } from '../analysis/judge.ts';
import { turnOf } from '../analysis/metric-turn.ts';
import { conditionTexts, resolveMetrics } from '../analysis/resolve-metric.ts';
import { nextDue } from '../analysis/schedule.ts';
import type { AnalysisRun, MetricResult } from '../api/analysis-run.ts';
import { formatDuration } from '../api/duration.ts';
import { parseTime } from '../api/timestamp.ts';
import type { Screen } from './terminal.ts';

const HEAD = ['METRIC', 'MEASURED', 'LAST VALUE', 'CONDITION', 'OUTCOME', 'NEXT IN'];
/** What the columns other than METRIC and CONDITION take. */
const FIXED = [11, 12, 14, 9];

/** A run as a table: one line a metric, as wide as the screen. */
export function analysisTable(run: AnalysisRun, now: number, { width, colors }: Screen): string {
  const borders = HEAD.length + 1;
  // One less than the screen: a line that fills it would wrap on some terminals.
  const rest = Math.max(20, width - 1 - borders - FIXED.reduce((sum, each) => sum + each, 0));
  const nameWidth = Math.floor(rest * 0.45);
  const [measured = 0, value = 0, outcome = 0, next = 0] = FIXED;
  const table = new Table({
    head: HEAD,
    colWidths: [nameWidth, measured, value, rest - nameWidth, outcome, next],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 0 },
  });
  const conditions = conditionTexts(run.spec);
  const startedAt = parseTime(run.status?.startedAt) ?? now;
  for (const metric of resolveMetrics(run.spec)) {
    const result = run.status?.metricResults.find(({ name }) => name === metric.name) ?? newResult(metric);
    const last = result.measurements.at(-1);
    const shown = isFinished(result.phase) ? result.phase : (last?.outcome ?? result.phase);
    const { grid } = turnOf(run, metric, result, startedAt);
    table.push([
      metric.name,
      countText(result, metric.count),
      last?.value ?? '',
      conditions.get(metric.name) ?? '',
      // Every outcome fits; wrapping would count the characters of its colour and break the word.
      { content: paint(shown, colors), wordWrap: false },
      isFinished(result.phase) || run.status === undefined || isFinished(run.status.phase)
        ? ''
        : formatDuration(Math.max(0, nextDue(grid, parseTime(last?.evaluatedAt), now) - now)),
    ]);
  }
  return table.toString();
}

/** `2 of 5`, or `2` where the metric has no end. */
export function countText({ count }: MetricResult, wanted: number | undefined): string {
  return wanted === undefined ? String(count) : `${count} of ${wanted}`;
}

function paint(phase: string, colors: Screen['colors']): string {
  if (phase === 'Successful') return colors.green(phase);
  if (phase === 'Failed' || phase === 'Error') return colors.red(phase);
  return phase === 'Inconclusive' ? colors.yellow(phase) : phase;
}
