import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LINT_RULES } from '../../src/cli/lint-files.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');

const template = (metric: string) => `apiVersion: assay.dev/v1alpha1
kind: AnalysisTemplate
metadata: { name: share }
spec:
  metrics:
    - { name: share, query: up, ${metric} }
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-lint-'));
  await mkdir(join(folder, 'all/below'), { recursive: true });
  await writeFile(join(folder, 'all/good.yaml'), template('successCondition: value > 0'));
  await writeFile(join(folder, 'all/below/warned.yml'), template('successCondition: value > 0, colour: red'));
  await writeFile(join(folder, 'all/notes.txt'), 'not: [yaml');
  await writeFile(join(folder, 'bad.yaml'), template('successCondition: value >'));
});

afterAll(() => rm(folder, { recursive: true }));

const lint = (args: string[], stdin = '') => assay(['lint', ...args], stdin);

function assay(
  args: string[],
  stdin = '',
  cwd = folder,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
    child.stdin?.end(stdin);
  });
}

const WARNING =
  'all/below/warned.yml:6:62: warning: spec.metrics[0].colour: there is no such field (unknown-field)\n';

test('a folder is searched for YAML, and warnings alone are no failure', async () => {
  const stdout = `${WARNING}2 objects checked: 0 errors, 1 warning\n`;
  expect(await lint(['all'])).toEqual({ code: 0, stdout, stderr: '' });
  expect(await lint(['--strict', 'all'])).toEqual({ code: 1, stdout, stderr: '' });
});

test('a fault is told at its character, and is a failure', async () => {
  const { code, stdout } = await lint(['bad.yaml', 'all/good.yaml']);
  expect(stdout).toMatch(
    /^bad.yaml:6:\d+: error: spec.metrics\[0\].successCondition: .* \(condition\)\n2 objects checked: 1 error, 0 warnings\n$/,
  );
  expect(code).toBe(1);
});

test('- is standard input', async () => {
  const { code, stdout } = await lint(['-'], template('failureCondition: value'));
  expect(stdout).toMatch(/^<stdin>:6:\d+: error: spec.metrics\[0\].failureCondition: /);
  expect(code).toBe(1);
});

test('what cannot be read is told beside what can', async () => {
  const { code, stdout } = await lint(['none.yaml', 'all']);
  expect(stdout).toBe(
    `none.yaml:1:1: error: cannot be read: there is no such file (file)\n${WARNING}2 objects checked: 1 error, 1 warning\n`,
  );
  expect(code).toBe(3);
});

test('all that Assay ships is clean', async () => {
  const { code, stdout } = await lint([join(ROOT, 'analysis-templates'), join(ROOT, 'examples')]);
  expect(stdout).toMatch(/^\d+ objects checked: 0 errors, 0 warnings\n$/);
  expect(code).toBe(0);
});

test('a flag that is wrong, a command that is not there and a tool without files are no verdict', async () => {
  for (const args of [
    ['lint', '--bogus', 'all'],
    ['lnt', 'all'],
    ['import', 'argo'],
    ['import', 'argo', '--bogus', 'all'],
  ]) {
    expect(await assay(args)).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^error: /),
    });
  }
});

test('every command shows an example with its flags', async () => {
  for (const args of [
    ['lint'],
    ['test'],
    ['analyze'],
    ['backtest'],
    ['import', 'argo'],
    ['import', 'flagger'],
  ]) {
    const { code, stdout } = await assay([...args, '--help']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(`Examples?:\n  assay ${args.join(' ')} `)]);
  }
});

describe('docs/lint.md', () => {
  const page = readFile(join(ROOT, 'docs/lint.md'), 'utf8');

  test('shows a command that works', async () => {
    const [, command = ''] = /```sh\nassay (.*)\n```/.exec(await page) ?? [];
    expect(await assay(command.split(' '), '', ROOT)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^[1-9]\d* objects checked: 0 errors, 0 warnings\n$/),
    });
  });

  test.each(['docs/lint.md', 'docs/score.md'])('%s shows what comes out for its example', async (name) => {
    const shownIn = await readFile(join(ROOT, name), 'utf8');
    const [, file = '', source = '', shown] =
      /<!-- lint: (\S+) -->\n```yaml\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/.exec(shownIn) ?? [];
    await writeFile(join(folder, file), source);
    expect(await lint([file])).toEqual({ code: 1, stdout: shown, stderr: '' });
  });

  test('lists every rule', async () => {
    const rows = [...(await page).matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)].map((row) => row.slice(1, 3));
    expect(rows.filter(([name]) => Object.hasOwn(LINT_RULES, name ?? ''))).toEqual(
      Object.entries(LINT_RULES),
    );
  });
});
