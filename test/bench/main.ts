import { Command } from 'commander';
import { analysisBench } from './analysis.ts';
import { backtestBench } from './backtest.ts';

/** Measures what the documents claim; each subcommand prints its conditions with its figures. */
const program = new Command('npm run bench --').description(
  'Measure what Assay costs and what its judges are worth',
);
program.addCommand(analysisBench());
program.addCommand(backtestBench());
await program.parseAsync();
process.exit();
