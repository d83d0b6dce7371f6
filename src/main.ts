#!/usr/bin/env node
import { hostname } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { analyzeCommand } from './cli/analyze.ts';
import { backtestCommand } from './cli/backtest.ts';
import { importCommand } from './cli/import.ts';
import { lintCommand } from './cli/lint-command.ts';
import { exitWithVerdicts } from './cli/terminal.ts';
import { testCommand } from './cli/test-command.ts';
import type { ControllerOptions } from './run-controller.ts';

/** The composition root: the only place that reads arguments and environment. */
const program = new Command('assay')
  .description('Metrics-driven progressive delivery for Kubernetes.')
  .version(packageJson.version)
  .addHelpText('after', '\nStart with: assay lint FILE…, and assay COMMAND --help for examples.');
// An unknown command, too, must not look like a verdict.
exitWithVerdicts(program);

program
  .command('controller')
  .description('Run the controller: drives Rollouts, runs their analyses, serves the admission webhooks.')
  .addOption(
    new Option('--kubeconfig <file>', 'cluster to work on; in-cluster credentials when unset').env(
      'ASSAY_KUBECONFIG',
    ),
  )
  .addOption(
    new Option('--namespace <name>', "the controller's own namespace")
      .env('ASSAY_NAMESPACE')
      .default('assay-system'),
  )
  .addOption(
    new Option('--redis-url <url>', 'the queue').env('ASSAY_REDIS_URL').default('redis://127.0.0.1:6379'),
  )
  .addOption(new Option('--queue-prefix <text>', 'prefix of all keys in Redis').default('assay'))
  .addOption(
    new Option(
      '--engine <name>',
      'who moves the pods: Assay (builtin), or an installed Kruise Rollouts, whose steps are then judged only (kruise)',
    )
      .choices(['builtin', 'kruise'])
      .default('builtin'),
  )
  .addOption(
    new Option('--install-crds', 'apply the CRDs and webhook configurations before starting').default(false),
  )
  .addOption(
    new Option(
      '--webhook-url <url>',
      'base URL at which the API server reaches the webhooks, outside a cluster',
    ),
  )
  .addOption(
    new Option('--webhook-service <name>', 'Service in front of the webhooks').default('assay-webhook'),
  )
  .addOption(new Option('--webhook-port <port>', 'port of the webhooks').argParser(port).default(9443))
  .addOption(
    new Option('--health-port <port>', 'port of /healthz, /readyz and /metrics')
      .argParser(port)
      .default(8080),
  )
  .addOption(new Option('--bind-address <ip>', 'address that both ports listen on').default('0.0.0.0'))
  .addOption(
    new Option('--leader-elect <bool>', 'let several replicas agree on one that decides')
      .argParser(boolean)
      .default(true),
  )
  .addOption(
    new Option('--name <text>', 'identity in the leader election').default(`${hostname()}-${process.pid}`),
  )
  .addOption(
    new Option('--log-level <level>', 'least severe messages to log')
      .choices(['debug', 'info', 'warn', 'error'])
      .default('info'),
  )
  .action(async (options: ControllerOptions) => {
    // Only when it is wanted: the other commands do without its adapters, which take a second to load.
    const { runController } = await import('./run-controller.ts');
    process.exitCode = await runController(options, signalled());
  });

program.addCommand(analyzeCommand());
program.addCommand(backtestCommand());
program.addCommand(importCommand(process));
program.addCommand(lintCommand());
program.addCommand(testCommand());

/** Aborted by the first SIGTERM or SIGINT; a second one kills, since its handler is gone. */
function signalled(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort(name));
  return controller.signal;
}

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('give a port from 0 to 65535');
  return value;
}

function boolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('give true or false');
  return text === 'true';
}

await program.parseAsync();
