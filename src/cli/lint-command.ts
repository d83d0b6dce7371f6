import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import type { FileFault } from './file-fault.ts';
import { fileTrouble } from './file-trouble.ts';
import { type LintResult, lintTexts } from './lint-files.ts';
import { lintGithub, lintJson, lintSarif, lintText } from './lint-report.ts';
import { EXIT_ERROR, exitWithVerdicts } from './terminal.ts';

const FORMATS = {
  text: lintText,
  json: lintJson,
  sarif: lintSarif,
  github: lintGithub,
} as const satisfies Record<string, (result: LintResult) => string>;

const EXIT = { clean: 0, faulty: 1 } as const;

interface LintOptions {
  format: keyof typeof FORMATS;
  strict: boolean;
}

/** `assay lint`: what is wrong with templates, guards and Rollouts, and where, before a cluster sees them. */
export function lintCommand(): Command {
  const command = new Command('lint')
    .description('Check analysis templates, guards and Rollouts in files, without a cluster.')
    .argument('<file...>', 'YAML files, folders with them, or - for standard input')
    .addOption(
      new Option('--format <format>', 'how faults are told').choices(Object.keys(FORMATS)).default('text'),
    )
    .addOption(new Option('--strict', 'take warnings for errors').default(false))
    .addHelpText(
      'after',
      `
Examples:
  assay lint analysis-templates/ guards/
  helm template my-chart | assay lint -
  assay lint --strict --format github deploy/   (annotations in GitHub Actions)

Exits with 0 when there is no error, 1 when there is one, and 3 when a file cannot be read (docs/lint.md).`,
    )
    .action(async (paths: string[], options: LintOptions) => {
      process.exitCode = await lint(paths, options);
    });
  return exitWithVerdicts(command);
}

async function lint(paths: readonly string[], { format, strict }: LintOptions): Promise<number> {
  const files = new Map<string, string>();
  const unreadable: FileFault[] = [];
  for (const path of paths) {
    try {
      for (const [file, content] of await textsAt(path)) files.set(file, content);
    } catch (error) {
      const message = `cannot be read: ${fileTrouble(error)}`;
      unreadable.push({ file: path, line: 1, column: 1, severity: 'error', message, rule: 'file' });
    }
  }
  const linted = lintTexts([...files].map(([file, content]) => ({ file, text: content })));
  const result = { ...linted, faults: [...unreadable, ...linted.faults] };
  process.stdout.write(FORMATS[format](result));
  if (unreadable.length > 0) return EXIT_ERROR;
  return result.faults.some(({ severity }) => strict || severity === 'error') ? EXIT.faulty : EXIT.clean;
}

/** The texts at a path, by the name of their file. @throws what the file system says */
async function textsAt(path: string): Promise<[string, string][]> {
  if (path === '-') return [['<stdin>', await text(process.stdin)]];
  if (!(await stat(path)).isDirectory()) return [[path, await readFile(path, 'utf8')]];
  const names = await readdir(path, { recursive: true });
  const files = names
    .filter((name) => /\.ya?ml$/.test(name) && !name.split(/[\\/]/).includes('node_modules'))
    .toSorted()
    .map((name) => join(path, name));
  return Promise.all(
    files.map(async (file): Promise<[string, string]> => [file, await readFile(file, 'utf8')]),
  );
}
