import { Command } from 'commander';
import { backtestBench } from './backtest.ts';

const program = new Command('bench').description(
  'Measures how well and how fast parts of Assay do their work.',
);
program.addCommand(backtestBench());
await program.parseAsync();
