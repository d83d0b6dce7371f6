import { Command } from 'commander';
import { analysisBench } from './analysis.ts';
import { backtestBench } from './backtest.ts';
import { engineBench } from './engine.ts';
import { judgesBench } from './judges.ts';
import { walkthroughBench } from './walkthrough.ts';

/** Measures what the documents claim; each subcommand prints its conditions with its figures. */
const program = new Command('npm run bench --').description(
  'Measure what Assay costs and what its judges are worth',
);
program.addCommand(analysisBench());
program.addCommand(backtestBench());
program.addCommand(engineBench());
program.addCommand(judgesBench());
program.addCommand(walkthroughBench());
await program.parseAsync();
// A child or a socket of a bench that has ended must not keep it alive.
process.exit();
