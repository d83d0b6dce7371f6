import { Command, Option } from 'commander';
import pc from 'picocolors';
import { translateArgo } from '../translate/argo.ts';
import { toYaml } from '../translate/emitted.ts';
import { translateFlagger } from '../translate/flagger.ts';
import { MESH_PROVIDERS } from '../translate/flagger-builtins.ts';
import { inFileOrder, reportText } from '../translate/report.ts';
import type { Located, SourceFault } from '../translate/source-document.ts';
import { countByStatus, type Translation, translateFiles } from '../translate/translation.ts';
import { readSources } from './read-sources.ts';

interface ImportOptions {
  report: 'text' | 'json';
  strict: boolean;
  meshProvider?: string;
}

/** Where a command reads and writes. */
export interface Streams {
  stdin: NodeJS.ReadableStream;
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown; isTTY?: boolean | undefined };
}

const NOT_TRANSLATED = 1;
const BAD_INPUT = 3;

/** `assay import argo|flagger FILE…`: our YAML on stdout, what became of each field on stderr. */
export function importCommand(streams: Streams): Command {
  const command = new Command('import').description(
    "Translate another tool's templates: YAML on stdout, what could not be translated on stderr.",
  );
  withOptions(command.command('argo'))
    .description('AnalysisTemplates, ClusterAnalysisTemplates and the analyses of Rollouts of Argo Rollouts.')
    .action(async (paths: string[], options: ImportOptions) => {
      process.exitCode = await runImport(paths, options, translateArgo, streams);
    });
  withOptions(command.command('flagger'))
    .description('MetricTemplates and Canaries of Flagger.')
    .addOption(
      new Option('--mesh-provider <name>', "Flagger's -mesh-provider, for Canaries that name none")
        .choices(MESH_PROVIDERS)
        .default('istio'),
    )
    .action(async (paths: string[], options: ImportOptions) => {
      const translate = (objects: readonly Located[]) =>
        translateFlagger(objects, options.meshProvider ?? 'istio');
      process.exitCode = await runImport(paths, options, translate, streams);
    });
  return command;
}

function withOptions(command: Command): Command {
  return command
    .argument('<path...>', 'files, folders, or - for the standard input')
    .addOption(
      new Option('--report <format>', 'how to report on stderr').choices(['text', 'json']).default('text'),
    )
    .addOption(new Option('--strict', 'exit with 1 if anything was not translated').default(false));
}

/** The exit code: 0, 1 where --strict is not fulfilled, 3 where the input cannot be read. */
async function runImport(
  paths: readonly string[],
  { report, strict }: ImportOptions,
  translate: (objects: readonly Located[]) => Translation,
  { stdin, stdout, stderr }: Streams,
): Promise<number> {
  const sources = await readSources(paths, stdin);
  if (!sources.ok) {
    stderr.write(`${sources.message}\n`);
    return BAD_INPUT;
  }
  const translated = translateFiles(sources.files, translate);
  if (!translated.ok) {
    for (const fault of translated.faults) stderr.write(`${faultText(fault)}\n`);
    return BAD_INPUT;
  }
  const { translation } = translated;
  const { documents, entries, passedOver } = translation;
  stdout.write(toYaml(documents));
  const counts = countByStatus(entries);
  const text =
    report === 'json'
      ? `${JSON.stringify({ entries: inFileOrder(entries), counts, passedOver }, undefined, 2)}\n`
      : reportText(translation, pc.createColors(stderr.isTTY === true && pc.isColorSupported));
  stderr.write(text);
  return strict && counts['not translated'] > 0 ? NOT_TRANSLATED : 0;
}

function faultText({ file, line, column, message }: SourceFault): string {
  return `${file}:${line}:${column}: this is no YAML: ${message}. A Helm chart must be rendered first: helm template … | assay import argo -`;
}
