import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterEach, describe, expect, test } from 'vitest';
import { importCommand } from '../../src/cli/import.ts';

const examples = fileURLToPath(new URL('../translate/examples/', import.meta.url));
const before = process.exitCode;
afterEach(() => {
  process.exitCode = before;
});

async function run(args: string[], stdin = ''): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const streams = { stdin: Readable.from([stdin]), stdout: into('stdout'), stderr: into('stderr') };
  const program = new Command('assay').exitOverride().addCommand(importCommand(streams));
  await program.parseAsync(['import', ...args], { from: 'user' });
  return { code: process.exitCode, ...written };
}

const TEMPLATE = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: errors }
spec:
  metrics:
    - name: errors
      successCondition: result[0] < 5
      provider:
        prometheus:
          query: sum(rate(errors_total[5m]))
`;

describe('assay import', () => {
  test('reads the standard input, writes YAML on stdout and the report on stderr', async () => {
    const { code, stdout, stderr } = await run(['argo', '-'], TEMPLATE);
    expect(code).toBe(0);
    expect(stdout).toBe(`apiVersion: assay.dev/v1alpha1
kind: AnalysisTemplate
metadata:
  name: errors
spec:
  metrics:
    - name: errors
      query: |
        sum(rate(errors_total[5m]))
      successCondition: value < 5
`);
    expect(stderr).toContain('-:7:25   changed ');
  });

  test('takes folders and files together', async () => {
    const { stdout } = await run([
      'argo',
      join(examples, 'argo-canary'),
      join(examples, 'argo-nested/argo.yaml'),
    ]);
    const names = [...stdout.matchAll(/^ {2}name: (.*)$/gm)].map(([, name]) => name);
    expect(names).toEqual(['canary-errors', 'watch', 'watch-phase', 'everything', 'errors', 'checkout']);
  });

  test('reports as JSON', async () => {
    const { stderr } = await run(['argo', '-', '--report', 'json'], TEMPLATE);
    expect(JSON.parse(stderr)).toEqual({
      entries: [
        {
          file: '-',
          line: 7,
          column: 25,
          object: 'AnalysisTemplate errors',
          status: 'changed',
          what: 'spec.metrics[0].successCondition',
          why: 'value < 5; no data is Inconclusive here (noData: Inconclusive): an empty result was Error, NaN was Failed; several series are an Error here, where the first one counted',
        },
        {
          file: '-',
          line: 10,
          column: 18,
          object: 'AnalysisTemplate errors',
          status: 'translated',
          what: 'spec.metrics[0].provider.prometheus.query',
          why: 'the query is the same',
        },
      ],
      counts: { translated: 1, changed: 1, 'not translated': 0 },
      passedOver: {},
    });
  });

  test.each([
    ['argo', 'argo-success-rate', 0],
    ['argo', 'argo-providers', 1],
    ['flagger', 'flagger-unsupported', 1],
  ])('with --strict, %s of %s ends with %i', async (tool, example, wanted) => {
    expect((await run([tool, join(examples, example), '--strict'])).code).toBe(wanted);
  });

  test('without --strict, what was not translated is no failure', async () => {
    expect((await run(['argo', join(examples, 'argo-providers')])).code).toBe(0);
  });

  test('takes the mesh provider for Canaries that name none', async () => {
    const { stdout } = await run(['flagger', join(examples, 'flagger-istio'), '--mesh-provider', 'linkerd']);
    expect(stdout).toContain('response_total{');
  });

  test('ends with 3 where the input is no YAML, and says where', async () => {
    const { code, stdout, stderr } = await run(['argo', '-'], 'kind: {{ .Values.kind }}\nmetadata: [');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^-:2:12: this is no YAML: .* helm template … \| assay import argo -\n$/);
  });

  test('ends with 3 where a file is not there', async () => {
    const { code, stderr } = await run(['argo', '/not/there.yaml']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^\/not\/there\.yaml cannot be read: there is no such file$/m);
  });

  test('ends with 3 where a folder has no YAML', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-import-'));
    writeFileSync(join(folder, 'notes.txt'), 'nothing');
    const { code, stderr } = await run(['flagger', folder]);
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: `${folder}: there is no YAML file; name files, folders or -\n`,
    });
  });

  test('is a command of assay', { timeout: 60_000 }, () => {
    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const help = execFileSync(process.execPath, [main, 'import', 'flagger', '--help'], { encoding: 'utf8' });
    expect(help).toContain('Usage: assay import flagger [options] <path...>');
  });
});
