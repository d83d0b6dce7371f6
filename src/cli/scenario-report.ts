import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { conditionTexts } from '../analysis/resolve-metric.ts';
import type { MetricResult } from '../api/analysis-run.ts';
import { formatDuration } from '../api/duration.ts';
import { parseTime } from '../api/timestamp.ts';
import type { ScenarioResult } from './judge-scenarios.ts';

type Colours = ReturnType<typeof createColors>;

/**
 * One line of a scenario; when it failed, also what differs, what was measured, and the queries.
 *
 * @param nameWidth to which names are padded, so that verdicts stand below each other
 */
export function scenarioText(result: ScenarioResult, paint: Colours, nameWidth = 0): string {
  const { loaded, played, differences } = result;
  const passed = differences.length === 0;
  const mark = passed ? paint.green('✓') : paint.red('✗');
  const verdict = `${played.status.phase} at ${formatDuration(played.durationMs)}`;
  const line = `  ${mark} ${loaded.scenario.name.padEnd(nameWidth)}  ${paint.dim(verdict)}`;
  if (passed) return `${line}\n`;
  const details = [
    ...differences.flatMap(({ field, expected, got }) => [
      paint.bold(field),
      paint.green(`  - expected  ${expected}`),
      paint.red(`  + got       ${got}`),
    ]),
    '',
    `the run says: ${played.status.message ?? ''}`,
    ...played.status.metricResults.flatMap((metric) => ['', ...metricLines(metric, result)]),
  ];
  const indented = details
    .flatMap((detail) => detail.split('\n'))
    .map((each) => (each === '' ? '' : `      ${each}`));
  return `${line}\n${indented.join('\n')}\n\n`;
}

/** `2 passed, 1 failed` */
export function summaryLine(results: readonly ScenarioResult[]): string {
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  return `${results.length - failed} passed, ${failed} failed`;
}

function metricLines(metric: MetricResult, { played }: ScenarioResult): string[] {
  const measurements = played.measurements.get(metric.name) ?? [];
  const condition = conditionTexts(played.run.spec).get(metric.name) ?? '';
  const title = `${metric.name}: ${metric.phase}`;
  if (measurements.length === 0) return [`${title}, never measured`];
  const startedAt = parseTime(played.status.startedAt) ?? 0;
  const table = new Table({
    head: ['time', 'value', 'condition', 'outcome', 'reason'],
    style: { head: [], border: [], compact: true },
  });
  for (const { evaluatedAt, value, outcome, reason } of measurements) {
    const moment = formatDuration((parseTime(evaluatedAt) ?? startedAt) - startedAt);
    table.push([moment, value ?? '–', condition, outcome, reason]);
  }
  const queries = [...new Set(measurements.map(({ query }) => query ?? ''))].filter((query) => query !== '');
  const newest = queries.at(-1);
  return [
    title,
    table.toString(),
    ...(newest === undefined
      ? []
      : [
          'the query, as it was sent last:',
          ...newest
            .trimEnd()
            .split('\n')
            .map((each) => `  ${each}`),
        ]),
  ];
}

/** The results for machines: one entry a scenario. */
export function scenarioJson(results: readonly ScenarioResult[]): unknown {
  return results.map(({ loaded, played, differences, tookMs }) => ({
    file: loaded.file,
    name: loaded.scenario.name,
    template: loaded.template.metadata.name,
    passed: differences.length === 0,
    verdict: played.status.phase,
    atMs: played.durationMs,
    message: played.status.message ?? '',
    differences,
    metrics: played.status.metricResults.map(({ name, phase, message }) => ({
      name,
      phase,
      ...(message !== undefined && { message }),
      measurements: played.measurements.get(name) ?? [],
    })),
    tookMs: Math.round(tookMs),
  }));
}

/** The results as JUnit's XML, one suite a file: what most build servers show. */
export function scenarioJunit(results: readonly ScenarioResult[]): string {
  const files = [...new Set(results.map(({ loaded }) => loaded.file))];
  const suites = files.map((file) => {
    const own = results.filter(({ loaded }) => loaded.file === file);
    const failures = own.filter(({ differences }) => differences.length > 0).length;
    const cases = own.map((result) => junitCase(file, result)).join('');
    return `  <testsuite name="${escapeXml(file)}" tests="${own.length}" failures="${failures}">\n${cases}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function junitCase(file: string, result: ScenarioResult): string {
  const { loaded, differences, tookMs } = result;
  const open = `    <testcase classname="${escapeXml(file)}" name="${escapeXml(loaded.scenario.name)}" time="${(tookMs / 1_000).toFixed(3)}"`;
  if (differences.length === 0) return `${open}/>\n`;
  const short = differences
    .map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`)
    .join('; ');
  const details = escapeXml(scenarioText(result, createColors(false)));
  return `${open}>\n      <failure message="${escapeXml(short)}">${details}</failure>\n    </testcase>\n`;
}

/** Without the control characters that XML cannot carry. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
