import { Command, Option } from 'commander';
import { MESH_PROVIDERS } from '../translate/flagger-builtins.ts';
import type { ImportOptions, Streams } from './run-import.ts';
import { exitWithVerdicts } from './terminal.ts';

/** `assay import argo|flagger FILE…`: our YAML on stdout, what became of each field on stderr. */
export function importCommand(streams: Streams): Command {
  const command = new Command('import').description(
    "Translate another tool's templates: YAML on stdout, what could not be translated on stderr.",
  );
  // Before the tools are added, which take it over: 1 means that --strict is not fulfilled.
  exitWithVerdicts(command);
  toolCommand(command, 'argo', streams).description(
    'AnalysisTemplates, ClusterAnalysisTemplates and the analyses of Rollouts of Argo Rollouts.',
  );
  toolCommand(command, 'flagger', streams)
    .description('MetricTemplates and Canaries of Flagger.')
    .addOption(
      new Option('--mesh-provider <name>', "Flagger's -mesh-provider, for Canaries that name none")
        .choices(MESH_PROVIDERS)
        .default('istio'),
    );
  return command;
}

const EXAMPLES = {
  argo: { folder: 'rollouts/', kinds: 'analysistemplates.argoproj.io,rollouts.argoproj.io' },
  flagger: { folder: 'canaries/', kinds: 'canaries.flagger.app,metrictemplates.flagger.app' },
} as const;

function toolCommand(command: Command, tool: 'argo' | 'flagger', streams: Streams): Command {
  return command
    .command(tool)
    .argument('<path...>', 'files, folders, or - for the standard input')
    .addOption(
      new Option('--report <format>', 'how to report on stderr').choices(['text', 'json']).default('text'),
    )
    .addOption(new Option('--strict', 'exit with 1 if anything was not translated').default(false))
    .addHelpText(
      'after',
      `
Examples:
  assay import ${tool} ${EXAMPLES[tool].folder} > assay.yaml
  kubectl get ${EXAMPLES[tool].kinds} -A -o yaml | assay import ${tool} - > assay.yaml

Exits with 0, with 1 when --strict is not fulfilled, and 3 when the input cannot be read (docs/migrate-from-${tool}.md).`,
    )
    .action(async (paths: string[], options: ImportOptions) => {
      // Loaded only now: the controller starts by the same file and needs none of it.
      const { runImport } = await import('./run-import.ts');
      process.exitCode = await runImport(tool, paths, options, streams);
    });
}
