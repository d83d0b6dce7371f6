import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs, formatDuration, parseDurationMs } from '../api/duration.ts';
import { htmlReport } from '../backtest/html-report.ts';
import { jsonReport } from '../backtest/json-report.ts';
import { type BacktestPlan, type Period, planBacktest } from '../backtest/plan.ts';
import { backtest } from '../backtest/report.ts';
import { judgeSamples } from '../backtest/samples.ts';
import { type SkippedMetric, splitMetrics } from '../backtest/supported.ts';
import { textReport } from '../backtest/text-report.ts';
import { type Clock, systemClock } from '../clock.ts';
import { prometheusSource } from '../prometheus/source.ts';
import { askForSamples } from './backtest-query.ts';
import { fileTrouble } from './file-trouble.ts';
import { addRunOptions, duration, type RunOptions, runSpec } from './run-options.ts';
import { addSourceOptions, type SourceOptions, sourceConfig } from './source-options.ts';
import { type Loaded, loadTemplate } from './template-file.ts';
import {
  EXIT_ERROR,
  EXIT_INTERRUPTED,
  exitWithVerdicts,
  interrupted,
  type Screen,
  screenOf,
} from './terminal.ts';

interface BacktestOptions extends RunOptions, SourceOptions {
  file: string[];
  template?: string;
  from: string;
  to: string;
  step: string;
  window?: string;
  incident?: string;
  rate: number;
  html?: string;
  output: 'text' | 'json';
}

/** A week at one sample a second is ten of these; more would be a load on the server that nobody asked for. */
const MOST_MOMENTS = 100_000;

/** `assay backtest`: what a template would have said over the past. */
export function backtestCommand(): Command {
  const command = new Command('backtest').description(
    'Replay an analysis template over the past of a Prometheus: how often would it have failed a healthy release, and would it have found an incident?',
  );
  addSourceOptions(addRunOptions(command))
    .requiredOption('--from <time>', 'start of the period: 2026-03-01T00:00:00Z, or how long ago: 7d')
    .option('--to <time>', 'end of the period', 'now')
    .option(
      '--step <duration>',
      'distance of the moments at which an analysis is supposed to start',
      duration,
      '1m',
    )
    .option(
      '--window <duration>',
      "what {{window}} stands for; the metric's maxWindow, else 5m, when unset",
      duration,
    )
    .option('--incident <from/to>', 'a time within the period that was not healthy and that should be found')
    .option(
      '--rate <share>',
      'suggest thresholds by which this share of healthy measurements fails',
      share,
      0.01,
    )
    .option('--html <file>', 'write the report as a page, too')
    .addOption(
      new Option('-o, --output <format>', 'how to print it').choices(['text', 'json']).default('text'),
    )
    .addHelpText(
      'after',
      `
Example:
  assay backtest -f examples/backtest/template.yaml --prometheus http://localhost:9090 \\
    --namespace shop --canary-pods 'web-.*' --from 7d \\
    --incident 2026-03-03T12:00:00Z/2026-03-03T13:00:00Z

Exits with 0 when there is a report, and 3 when there is none (docs/backtest.md).`,
    )
    .action(async (options: BacktestOptions) => {
      const screen = screenOf(process.stderr);
      const signal = interrupted();
      const told = await tellBacktest(options, screen, systemClock, signal);
      if (told.ok) {
        process.stdout.write(told.value);
        return;
      }
      screen.write(`assay backtest: ${told.message}\n`);
      process.exitCode = signal.aborted ? EXIT_INTERRUPTED : EXIT_ERROR;
    });
  return exitWithVerdicts(command);
}

async function tellBacktest(
  options: BacktestOptions,
  screen: Screen,
  clock: Clock,
  signal: AbortSignal,
): Promise<Loaded<string>> {
  const planned = await planOf(options, clock.now());
  if (!planned.ok) return planned;
  const config = await sourceConfig(options);
  if (!config.ok) return config;
  const { plan, name, skipped } = planned.value;

  const startedAt = clock.monotonic();
  const source = prometheusSource({ ...config.value, maxBytes: 100_000_000, maxSamples: 5_000_000 }, clock);
  const onProgress = (done: number, all: number) => {
    if (screen.isTerminal) screen.write(`\r${done} of ${all} range queries answered`);
  };
  const asked = await askForSamples(plan.metrics, plan.period, { source, clock, signal, onProgress });
  if (screen.isTerminal) screen.write('\n');
  if (!asked.ok) return asked;
  const queriedMs = clock.monotonic() - startedAt;
  const sampled = plan.metrics.map((metric) => judgeSamples(metric, plan.period, asked.value.chunks));
  const report = backtest(plan, sampled, { rate: options.rate });
  screen.write(
    `${asked.value.queries} range queries in ${formatDuration(queriedMs)}, judged in ${formatDuration(clock.monotonic() - startedAt - queriedMs)}\n`,
  );

  const title = `Backtest of ${name}`;
  const skippedTexts = skipped.map((each) => `${each.name} is left out: ${each.reason}`);
  if (options.html !== undefined) {
    try {
      await writeFile(options.html, htmlReport(title, report, skippedTexts));
    } catch (error) {
      // A file that is not there is made: what is missing is its folder.
      const isNowhere = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const why = isNowhere ? 'there is no such folder' : fileTrouble(error);
      return { ok: false, message: `${options.html} cannot be written: ${why}` };
    }
  }
  if (options.output === 'json')
    return { ok: true, value: `${JSON.stringify(jsonReport(name, report, skipped), null, 2)}\n` };
  const { width, colors } = screenOf(process.stdout);
  return {
    ok: true,
    value: textReport(title, report, skippedTexts, { width, bold: colors.bold, bad: colors.red }),
  };
}

async function planOf(
  options: BacktestOptions,
  now: number,
): Promise<Loaded<{ plan: BacktestPlan; name: string; skipped: SkippedMetric[] }>> {
  const template = await loadTemplate(options.file, options.template);
  if (!template.ok) return template;
  const { name, args, metrics, score } = template.value;
  const { supported, skipped } = splitMetrics(metrics);
  if (skipped.length > 0 && supported.every(({ dryRun }) => dryRun)) {
    const reasons = skipped.map((each) => `  ${each.name}: ${each.reason}`);
    const what = supported.length > 0 ? 'nothing that decides in' : 'nothing of';
    return {
      ok: false,
      message: [`${what} the template ${name} can be backtested:`, ...reasons].join('\n'),
    };
  }
  const missing = skipped.find((each) =>
    metrics.some((metric) => metric.name === each.name && metric.mannWhitney?.group !== undefined),
  );
  if (score && missing) {
    const message = `the score of the template ${name} cannot be backtested without ${missing.name}: ${missing.reason}`;
    return { ok: false, message };
  }
  const spec = runSpec({ name, args, metrics: supported, ...(score && { score }) }, options);
  if (!spec.ok) return spec;
  const stepMs = durationMs(options.step);
  const period = periodOf(options, now, stepMs);
  if (!period.ok) return period;
  const incident = options.incident === undefined ? undefined : incidentOf(options.incident, now);
  if (incident?.ok === false) return incident;
  const planned = planBacktest(spec.value, {
    period: period.value,
    stepMs,
    namespace: options.namespace,
    windowMs: options.window === undefined ? undefined : durationMs(options.window),
    incident: incident?.value,
  });
  return planned.ok ? { ok: true, value: { plan: planned.plan, name, skipped } } : planned;
}

function periodOf({ from, to }: BacktestOptions, now: number, stepMs: number): Loaded<Period> {
  const [start, end] = [timeOf(from, now), timeOf(to, now)];
  if (start === undefined) return badTime('--from', from);
  if (end === undefined) return badTime('--to', to);
  if (start >= end) return { ok: false, message: '--from must be before --to' };
  if (end > now) return { ok: false, message: '--to is in the future, of which there is no data' };
  const moments = Math.ceil((end - start) / stepMs);
  if (moments > MOST_MOMENTS) {
    return {
      ok: false,
      message: `the period has ${moments} moments; at most ${MOST_MOMENTS} can be judged: make --step longer`,
    };
  }
  return { ok: true, value: { from: start, to: end } };
}

function incidentOf(text: string, now: number): Loaded<Period> {
  const [from, to, ...more] = text.split('/').map((each) => timeOf(each, now));
  if (from === undefined || to === undefined || more.length > 0 || from >= to) {
    return { ok: false, message: `--incident ${text} is not FROM/TO with two times, the earlier one first` };
  }
  return { ok: true, value: { from, to } };
}

function badTime(flag: string, text: string): Loaded<never> {
  return {
    ok: false,
    message: `${flag} ${text} is neither a time such as 2026-03-01T00:00:00Z nor how long ago, such as 7d or 12h`,
  };
}

/** Epoch milliseconds of `now`, of a time, or of `7d` (that long ago); whole seconds, as people mean them. */
function timeOf(text: string, now: number): number | undefined {
  if (text === 'now') return Math.floor(now / 1_000) * 1_000;
  const [, days] = /^(\d+)d$/.exec(text) ?? [];
  const ago = days === undefined ? parseDurationMs(text) : Number(days) * 86_400_000;
  if (ago !== undefined) return Math.floor((now - ago) / 1_000) * 1_000;
  // A time without a zone would mean another instant on every machine.
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1))
    throw new InvalidArgumentError('give a share from 0 to 1, such as 0.01');
  return value;
}
