import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { openPlayground } from '../../playground/playground.ts';
import { type Load, loadText, measurementsOf } from './analysis-load.ts';
import { benchOn, measureAssay, measureBare, type Outcome } from './analysis-parts.ts';
import { statusWrites, type Target, targetsOf } from './analysis-targets.ts';

/** With more runs than this the figures are told, and no target is set for them. */
const RUNS_WITH_TARGETS = 1_000;

/** Rows without a line between each two, and without colours: the report may go to a file. */
const TABLE = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

interface Options {
  runs: number;
  measurements: number;
  interval: number;
  ramp: number;
  only?: string;
}

/** `bench analysis`: many runs at once, beside a loop that does only the queries and the writes. */
export function analysisBench(): Command {
  return new Command('analysis')
    .description('CPU, API writes, memory and lateness of many analyses at once, beside a bare loop')
    .option('--runs <number>', 'how many AnalysisRuns', wholeNumber, 1_000)
    .option('--measurements <number>', 'how many measurements each has', wholeNumber, 12)
    .option('--interval <seconds>', 'time from one to the next', wholeNumber, 10)
    .option('--ramp <seconds>', 'time over which the runs are created', wholeNumber, 60)
    .option('--only <part>', 'assay or bare')
    .action(async (options: Options) => {
      process.exitCode = (await bench(options)) ? 0 : 1;
    });
}

/** Prints what was measured; whether every target was met. */
async function bench({ runs, measurements, interval, ramp, only }: Options): Promise<boolean> {
  const load: Load = { runs, count: measurements, intervalMs: interval * 1_000, rampMs: ramp * 1_000 };
  const dir = await mkdtemp(join(tmpdir(), 'assay-bench-'));
  const say = (line: string) => console.error(line);
  const playground = await openPlayground({ pods: 'status-only', onProgress: say });
  try {
    const on = benchOn(playground, dir, say);
    const assay = only === 'bare' ? undefined : await measureAssay(on, load);
    const bare = only === 'assay' ? undefined : await measureBare(on, load);
    report(load, { ...(assay && { Assay: assay }), ...(bare && { 'bare loop': bare }) });
    if (!assay || !bare) return true;
    const targets = targetsOf(assay, bare, load);
    conclude(targets, runs);
    return runs > RUNS_WITH_TARGETS || targets.every(({ met }) => met);
  } finally {
    await playground.close();
    await rm(dir, { recursive: true, force: true });
  }
}

function report(load: Load, outcomes: Record<string, Outcome>): void {
  const names = Object.keys(outcomes);
  const all = measurementsOf(load);
  print(loadText(load));
  print(
    `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${(totalmem() / 2 ** 30).toFixed(0)} GB; ` +
      'API server, etcd, Redis and the HTTP stub of Prometheus run on the same machine\n',
  );
  const table = new Table({
    ...TABLE,
    head: ['', ...names],
    colAligns: ['left', ...names.map(() => 'right' as const)],
  });
  const row = (title: string, cell: (outcome: Outcome) => string) =>
    table.push([title, ...Object.values(outcomes).map(cell)]);
  const thirds = (numbers: readonly number[], digits: number) =>
    numbers.map((number) => number.toFixed(digits)).join(', ');
  row('CPU per measurement', ({ cost }) => `${(cost.cpuMs / all).toFixed(2)} ms`);
  row(
    '… in each third of the time',
    ({ cost }) =>
      `${thirds(
        cost.cpuMsOfThirds.map((ms) => (3 * ms) / all),
        2,
      )} ms`,
  );
  row('memory, most from the start on', ({ cost }) => `${cost.peakMegabytes.toFixed(0)} MB`);
  row('… after each third', ({ cost }) => `${thirds(cost.megabytes, 0)} MB`);
  row('status writes per measurement', (outcome) => (statusWrites(outcome) / all).toFixed(3));
  row('all writes per measurement', ({ writes }) => (sum(Object.values(writes)) / all).toFixed(3));
  row('queries asked', ({ drift }) => String(drift.count));
  row('measurements recorded once', ({ recorded }) => String(recorded));
  row('not at their interval', ({ drift }) => String(drift.offGrid));
  row('late by, median', ({ drift }) => `${drift.p50.toFixed(0)} ms`);
  row('late by, p99', ({ drift }) => `${drift.p99.toFixed(0)} ms`);
  row('late by, most', ({ drift }) => `${drift.max.toFixed(0)} ms`);
  print(table.toString());
  for (const [name, { writes }] of Object.entries(outcomes))
    print(`writes of ${name}: ${JSON.stringify(writes)}`);
}

function conclude(targets: readonly Target[], runs: number): void {
  const isWanted = runs <= RUNS_WITH_TARGETS;
  const table = new Table({
    ...TABLE,
    head: ['', 'measured', ...(isWanted ? ['wanted', ''] : [])],
    colAligns: ['left', 'right', 'left', 'left'],
  });
  for (const { name, is, wanted, met } of targets)
    table.push([name, is, ...(isWanted ? [wanted, met ? 'met' : 'MISSED'] : [])]);
  print(table.toString());
  if (!isWanted) print(`No targets are set for more than ${RUNS_WITH_TARGETS} runs.`);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1 on');
  return value;
}

function print(text: string): void {
  console.log(text);
}
