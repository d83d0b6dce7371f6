import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { AnalysisPhase, AnalysisRun } from '../api/analysis-run.ts';
import { analysisRunKind } from '../api/analysis-run.ts';
import { durationMs } from '../api/duration.ts';
import { formatTime } from '../api/timestamp.ts';
import { systemClock } from '../clock.ts';
import { prometheusSource } from '../prometheus/source.ts';
import { liveTable, plainLines } from './analysis-progress.ts';
import { analyzeNow } from './analyze-now.ts';
import { addRunOptions, duration, type RunOptions, runSpec } from './run-options.ts';
import { addSourceOptions, type SourceOptions, sourceConfig } from './source-options.ts';
import { type Loaded, loadTemplate } from './template-file.ts';
import { EXIT_ERROR, EXIT_INTERRUPTED, exitWithVerdicts, interrupted, screenOf } from './terminal.ts';

interface AnalyzeOptions extends RunOptions, SourceOptions {
  file: string[];
  template?: string;
  window: string;
  output: 'text' | 'json' | 'yaml';
}

const EXIT_CODES: Partial<Record<AnalysisPhase, number>> = {
  Successful: 0,
  Failed: 1,
  Inconclusive: 2,
  Error: EXIT_ERROR,
  Cancelled: EXIT_INTERRUPTED,
};

/** `assay analyze`: one analysis now, without a cluster. The exit code is its verdict. */
export function analyzeCommand(): Command {
  const command = new Command('analyze').description(
    'Run an analysis template once, now, against a Prometheus, without a cluster. Exit code: 0 passed, 1 failed, 2 inconclusive, 3 error.',
  );
  addSourceOptions(addRunOptions(command))
    .option(
      '--window <duration>',
      'how far back {{window}} looks at the start, at most the maxWindow of a metric',
      duration,
      '10m',
    )
    .addOption(
      new Option('-o, --output <format>', 'text, or the AnalysisRun')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Example:
  assay analyze -f analysis-templates/http-success-rate.yaml --prometheus http://localhost:9090 \\
    --namespace shop --canary-pods 'web-.*' --arg threshold=0.95

Every flag: docs/analyze.md`,
    )
    .action(async (options: AnalyzeOptions) => {
      process.exitCode = await analyze(options);
    });
  return exitWithVerdicts(command);
}

async function analyze(options: AnalyzeOptions): Promise<number> {
  const screen = screenOf(process.stderr);
  const clock = systemClock;
  const prepared = await prepareRun(options, clock.now());
  const config = await sourceConfig(options);
  const fault = [prepared, config].find(({ ok }) => !ok);
  if (!prepared.ok || !config.ok) {
    screen.write(`assay analyze: ${fault?.ok === false ? fault.message : ''}\n`);
    return EXIT_ERROR;
  }
  const progress = screen.isTerminal ? liveTable(screen, clock) : plainLines(screen);
  const signal = interrupted();
  const run = await analyzeNow(prepared.value, {
    clock,
    source: prometheusSource(config.value, clock),
    signal,
    onProgress: progress.show,
  });
  progress.end();
  if (signal.aborted) screen.write(`stopped by ${signal.reason}; this is what was measured until then\n`);
  process.stdout.write(format(run, options.output));
  return EXIT_CODES[run.status?.phase ?? 'Error'] ?? EXIT_ERROR;
}

async function prepareRun(options: AnalyzeOptions, now: number): Promise<Loaded<AnalysisRun>> {
  const template = await loadTemplate(options.file, options.template);
  if (!template.ok) return template;
  const windowStart = formatTime(now - durationMs(options.window));
  const spec = runSpec(template.value, options, windowStart);
  if (!spec.ok) return spec;
  const { group, version, kind } = analysisRunKind.resource;
  return {
    ok: true,
    value: {
      apiVersion: `${group}/${version}`,
      kind,
      metadata: { name: template.value.name, namespace: options.namespace, uid: randomUUID() },
      spec: spec.value,
    },
  };
}

function format(run: AnalysisRun, output: AnalyzeOptions['output']): string {
  if (output === 'json') return `${JSON.stringify(run, null, 2)}\n`;
  if (output === 'yaml') return stringify(run);
  const { phase = 'Error', message = '', metricResults = [] } = run.status ?? {};
  const lines = metricResults.map(
    (result) => `  ${result.name}: ${result.phase}: ${result.message ?? 'never measured'}`,
  );
  return `${[`${run.metadata.name}: ${phase}: ${message}`, ...lines].join('\n')}\n`;
}
