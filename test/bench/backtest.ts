import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { assay } from '../e2e/assay-command.ts';
import { startPastPrometheus, timeText, WEEK } from '../e2e/past-prometheus.ts';

const template = fileURLToPath(new URL('../../examples/backtest/template.yaml', import.meta.url));

/** `bench backtest` */
export function backtestBench(): Command {
  return new Command('backtest')
    .description('Time and queries of a backtest of three metrics over a week.')
    .action(benchBacktest);
}

/** How long a backtest of three metrics over a week takes, with the start of the process, and how much it asks. */
async function benchBacktest(): Promise<void> {
  const prometheus = await startPastPrometheus();
  try {
    for (const step of ['1m', '10s']) {
      const queriesBefore = prometheus.queries();
      const startedAt = performance.now();
      const { code, stderr } = await assay([
        'backtest',
        ...[
          '-f',
          template,
          '--prometheus',
          prometheus.url,
          '--namespace',
          'shop',
          '--canary-pods',
          'shop-.*',
        ],
        ...['--from', timeText(WEEK.from), '--to', timeText(WEEK.to), '--step', step, '-o', 'json'],
      ]);
      if (code !== 0) throw new Error(`the backtest ended with ${code}: ${stderr}`);
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      const queries = prometheus.queries() - queriesBefore;
      console.log(
        `7 days × 3 metrics, a moment every ${step}: ${seconds} s, ${queries} queries (${stderr.trim()})`,
      );
    }
  } finally {
    await prometheus.close();
  }
}
