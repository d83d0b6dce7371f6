import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import { byPlace, faultLine } from './file-fault.ts';
import { judgeScenarios, type ScenarioResult } from './judge-scenarios.ts';
import { type LoadedScenario, loadScenarios } from './load-scenarios.ts';
import { scenarioJson, scenarioJunit, scenarioText, summaryLine } from './scenario-report.ts';
import { startTemporaryPrometheus } from './temporary-prometheus.ts';
import { EXIT_ERROR, EXIT_INTERRUPTED, exitWithVerdicts, interrupted, screenOf } from './terminal.ts';

interface TestOptions {
  prometheusBin: string;
  output: 'text' | 'json' | 'junit';
  filter?: string;
}

const EXIT = { passed: 0, failed: 1 } as const;

/** `assay test`: how templates judge given series, by a real Prometheus and in virtual time. */
export function testCommand(): Command {
  const command = new Command('test')
    .description('Test analysis templates against series written down in files, without a cluster.')
    .argument('<file...>', 'files of scenarios, or folders with *.test.yaml (see docs/testing-templates.md)')
    .addOption(
      new Option('--prometheus-bin <file>', 'the prometheus program that evaluates the queries')
        .env('ASSAY_PROMETHEUS_BIN')
        .default('prometheus'),
    )
    .addOption(
      new Option('-o, --output <format>', 'how results are told')
        .choices(['text', 'json', 'junit'])
        .default('text'),
    )
    .addOption(new Option('--filter <text>', 'only scenarios whose name contains this'))
    .addHelpText(
      'after',
      `
Examples:
  assay test analysis-templates/
  assay test --filter "no traffic" --output junit web.test.yaml > report.xml

Exits with 0 when all scenarios passed, 1 when one did not, and 3 when they cannot be run.`,
    )
    .action(async (paths: string[], options: TestOptions) => {
      process.exitCode = await testTemplates(paths, options, AbortSignal.any([interrupted(), hungUp()]));
    });
  return exitWithVerdicts(command);
}

/** Aborted when the terminal is closed, which would otherwise leave Prometheus running. */
function hungUp(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGHUP', () => controller.abort('SIGHUP'));
  return controller.signal;
}

async function testTemplates(paths: string[], options: TestOptions, signal: AbortSignal): Promise<number> {
  const { scenarios, faults } = await loadScenarios(paths);
  if (faults.length > 0) return unusable(faults.toSorted(byPlace).map(faultLine).join('\n'));
  const { filter = '' } = options;
  const chosen = scenarios.filter(({ scenario }) => scenario.name.includes(filter));
  if (chosen.length === 0) return unusable(`no scenario has a name that contains ${JSON.stringify(filter)}`);

  const started = await startTemporaryPrometheus(options.prometheusBin, signal);
  if (signal.aborted) {
    if (started.ok) await started.prometheus.stop();
    return EXIT_INTERRUPTED;
  }
  if (!started.ok) return unusable(started.message);
  const { address, stop } = started.prometheus;
  try {
    const results = await judgeAll(chosen, address, options, signal);
    return results.every(({ differences }) => differences.length === 0) ? EXIT.passed : EXIT.failed;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    return unusable((error as Error).message);
  } finally {
    await stop();
  }
}

async function judgeAll(
  scenarios: readonly LoadedScenario[],
  address: string,
  { output }: TestOptions,
  signal: AbortSignal,
): Promise<ScenarioResult[]> {
  const screen = screenOf(process.stdout);
  const results: ScenarioResult[] = [];
  const nameWidth = Math.max(...scenarios.map(({ scenario }) => scenario.name.length));
  let shownFile: string | undefined;
  for await (const result of judgeScenarios(scenarios, { address, clock: systemClock, signal })) {
    results.push(result);
    if (output !== 'text') continue;
    const { file } = result.loaded;
    if (file !== shownFile) screen.write(`${shownFile === undefined ? '' : '\n'}${file}\n`);
    shownFile = file;
    screen.write(scenarioText(result, screen.colors, nameWidth));
  }
  if (output === 'json') screen.write(`${JSON.stringify(scenarioJson(results), null, 2)}\n`);
  if (output === 'junit') screen.write(scenarioJunit(results));
  if (output === 'text') screen.write(`\n${summaryLine(results)}\n`);
  return results;
}

function unusable(message: string): number {
  process.stderr.write(`${message}\n`);
  return EXIT_ERROR;
}
