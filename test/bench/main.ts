import { Command } from 'commander';
import { judgesBench } from './judges.ts';

const program = new Command('bench').description(
  'Measures how well and how fast parts of Assay do their work.',
);
program.addCommand(judgesBench());
await program.parseAsync();
