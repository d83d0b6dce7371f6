import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { importCommand } from '../../src/cli/import.ts';
import { translateConditions } from '../../src/translate/conditions.ts';
import { translateFlaggerQuery } from '../../src/translate/flagger-query.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (page: string) => readFileSync(join(ROOT, 'docs', page), 'utf8');

/** The rows of the table between two comments, each as its two cells. */
function rows(page: string, name: string): [string, string][] {
  const block = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)<!-- /${name} -->`).exec(read(page))?.[1] ?? '';
  const lines = block.trim().split('\n').slice(2);
  return lines.map((line) => {
    const [, left = '', right = ''] = line.replaceAll('\\|', '\u0000').split('|');
    const [first, second] = [left, right].map((cell) => cell.replaceAll('\u0000', '|').trim());
    return [(first ?? '').replace(/^`|`$/g, ''), second ?? ''];
  });
}

describe('the conditions in docs/migrate-from-argo.md', () => {
  test.each(rows('migrate-from-argo.md', 'conditions'))('%s', (source, wanted) => {
    const translated = translateConditions({ successCondition: source });
    const shown = translated.ok
      ? [
          `\`${translated.successCondition}\``,
          translated.noData && `\`noData: ${translated.noData}\``,
          translated.whenEmpty !== undefined && `\`whenEmpty: ${translated.whenEmpty}\``,
        ]
          .filter(Boolean)
          .join(', ')
      : `NOT translated: ${translated.refusals.map(({ why }) => why).join('; ')}`;
    expect(shown).toBe(wanted);
  });
});

describe('the functions in docs/migrate-from-flagger.md', () => {
  const facts = {
    name: 'shop',
    namespace: 'test',
    target: 'shop',
    service: 'shop',
    ingress: undefined,
    interval: '1m',
    variables: { code: '404' },
  };
  test.each(rows('migrate-from-flagger.md', 'functions'))('%s', (source, wanted) => {
    expect(`\`${translateFlaggerQuery(source, facts).query}\``).toBe(wanted);
  });
});

describe.each([
  ['migrate-from-argo.md', 'rollouts', 'argo-canary/argo.yaml', 'canary.yaml', 1],
  ['migrate-from-flagger.md', 'canaries', 'flagger-istio/flagger.yaml', 'podinfo.yaml', 1],
] as const)('the commands in docs/%s', (page, folder, example, name, strictCode) => {
  const commands = [...read(page).matchAll(/^assay (.*)$/gm)].map(([line]) => line);

  test('are there', () => {
    expect(commands).toHaveLength(3);
  });

  test.each(commands)('%s', async (command) => {
    const directory = mkdtempSync(join(tmpdir(), 'assay-docs-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    cpSync(join(ROOT, 'test/translate/examples', example), join(directory, folder, name), {
      recursive: true,
    });
    const { code, yaml } = await run(command, folder, directory);
    expect(code).toBe(command.includes('--strict') ? strictCode : 0);
    const documents = parseAllDocuments(yaml);
    const kinds = documents.map((document) => (document.toJS() as { kind: string }).kind);
    expect(kinds.at(-1)).toBe('RolloutGuard');
  });
});

/** A command of the page, run in a folder: a thread of tests has no working directory of its own. */
async function run(
  command: string,
  folder: string,
  directory: string,
): Promise<{ code: unknown; yaml: string }> {
  const [, words = ''] = /^assay (.*) > assay\.yaml$/.exec(command) ?? [];
  const args = words.split(' ').map((word) => (word.startsWith(`${folder}/`) ? join(directory, word) : word));
  let yaml = '';
  const streams = {
    stdin: Readable.from([]),
    stdout: {
      write: (text: string) => {
        yaml += text;
      },
    },
    stderr: { write: () => {} },
  };
  const before = process.exitCode;
  const program = new Command('assay').exitOverride().addCommand(importCommand(streams));
  await program.parseAsync(args, { from: 'user' });
  const code = process.exitCode;
  process.exitCode = before;
  return { code, yaml };
}
