import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseSeriesValues } from '../../src/scenario/series-values.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'src/main.ts');
const page = readFileSync(join(ROOT, 'docs/testing-templates.md'), 'utf8');

let folder: string;
/** Where the command under test makes its temporary files. */
let tmp: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'assay-test-command-'));
  tmp = join(folder, 'tmp');
  await mkdir(tmp);
});

afterEach(async () => {
  expect(await readdir(tmp)).toEqual([]);
  await rm(folder, { recursive: true });
});

interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

function assay(...args: string[]): Promise<Ran> {
  const env = { ...process.env, TMPDIR: tmp, NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

async function write(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : stringify(content, { lineWidth: 0 }));
  return name;
}

const template = (name: string, metric: Record<string, unknown>) => ({
  apiVersion: 'assay.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name },
  spec: { metrics: [{ name: 'm', successCondition: 'value >= 0', ...metric }] },
});
const canary = (metric: string) => `${metric}{namespace="shop",pod="web-canary-1"}`;

test('the first example of the documentation passes', async () => {
  const text = /<!-- scenario: first.test.yaml -->\n```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  await write('first.test.yaml', text.replace('../analysis-templates', join(ROOT, 'analysis-templates')));
  expect(await assay('test', 'first.test.yaml')).toEqual({
    code: 0,
    stdout: [
      'first.test.yaml',
      '  ✓ a canary whose answers are all good passes  Successful at 35s',
      '  ✓ one 5xx of ten is too many                  Failed at 15s',
      '',
      '2 passed, 0 failed',
      '',
    ].join('\n'),
    stderr: '',
  });
});

test('every part of a scenario has its effect on the verdict and its moment', async () => {
  await write('all.test.yaml', {
    templates: [
      template('now', { query: 'sum(gauge{pod=~"{{canary.pods}}"})' }),
      template('past', { query: 'count(max_over_time(gauge[30d]))', noData: 'Fail' }),
      template('several', { query: 'sum(gauge)', interval: '10s', count: 3, inconclusiveLimit: 0 }),
      template('windowed', { query: 'sum(count_over_time(gauge[{{window}}]))', minWindow: '30s' }),
      template('monday', { query: 'day_of_week() * 10000 + hour() * 100 + minute()' }),
      template('broken', {
        query: 'gauge * on(pod) group_left gauge2',
        interval: '5s',
        consecutiveErrorLimit: 1,
        count: 5,
      }),
      template('waits', { query: 'absent_metric', noData: 'Wait' }),
      template('ratio', {
        queries: {
          errors: { query: 'sum(errors)', whenEmpty: 0 },
          all: { query: 'sum(requests)' },
        },
        successCondition: 'errors / all < 0.1',
      }),
      {
        ...template('nesting', {}),
        spec: {
          templates: [{ name: 'ratio' }],
          metrics: [{ name: 'n', query: 'sum(requests)', successCondition: 'value > 50' }],
        },
      },
      template('placeholders', {
        query:
          'label{a="{{namespace}}/{{workload.name}}/{{rollout.name}}/{{canary.hash}}/{{stable.hash}}"} + {{step.index}} + {{step.weight}}',
      }),
    ],
    tests: [
      {
        name: 'now',
        template: 'now',
        series: [{ series: canary('gauge'), values: '4' }],
        expect: { verdict: 'Successful', at: '0s', metrics: { m: { value: 4 } } },
      },
      // The series of the scenario before is within thirty days, and is not seen.
      {
        name: 'nobody else',
        template: 'past',
        expect: { verdict: 'Failed', at: '0s', metrics: { m: { value: null } } },
      },
      {
        name: 'history',
        template: 'past',
        interval: '1h',
        history: '24h',
        series: [{ series: canary('gauge'), values: '1x3' }],
        expect: { verdict: 'Successful', metrics: { m: { value: 1 } } },
      },
      {
        name: 'stale',
        template: 'several',
        series: [{ series: 'gauge', values: '1x2 stale' }],
        expect: {
          verdict: 'Inconclusive',
          at: '20s',
          metrics: { m: { outcomes: ['Successful', 'Successful', 'Inconclusive'] } },
        },
      },
      {
        name: 'outage',
        template: 'several',
        series: [{ series: 'gauge', values: '1x10' }],
        outages: [{ from: '5s', to: '22s' }],
        expect: { verdict: 'Successful' },
      },
      {
        name: 'window',
        template: 'windowed',
        series: [{ series: 'gauge', values: '1x10' }],
        expect: { verdict: 'Successful', at: '30s', metrics: { m: { value: 7 } } },
      },
      {
        name: 'window before',
        template: 'windowed',
        history: '1m',
        target: { trafficFor: '20s' },
        series: [{ series: 'gauge', values: '1x20' }],
        expect: { verdict: 'Successful', at: '10s', metrics: { m: { value: 7 } } },
      },
      {
        name: 'monday',
        template: 'monday',
        expect: { verdict: 'Successful', metrics: { m: { value: 10000 } } },
      },
      {
        name: 'no pods',
        template: 'now',
        target: { canary: { pods: '' } },
        series: [{ series: canary('gauge'), values: '4' }],
        expect: { verdict: 'Inconclusive', message: 'no data' },
      },
      {
        name: 'error',
        template: 'broken',
        series: [
          { series: 'gauge{a="1"}', values: '1x9' },
          { series: 'gauge{a="2"}', values: '1x9' },
          { series: 'gauge2{a="1"}', values: '1x9' },
          { series: 'gauge2{a="2"}', values: '1x9' },
        ],
        expect: { verdict: 'Error', at: '5s', message: 'many-to-many' },
      },
      {
        name: 'waits',
        template: 'waits',
        maxDuration: '45s',
        expect: { verdict: 'Inconclusive', at: '45s' },
      },
      {
        name: 'queries',
        template: 'ratio',
        series: [{ series: 'requests', values: '100' }],
        expect: { verdict: 'Successful', at: '0s' },
      },
      {
        name: 'nesting',
        template: 'nesting',
        series: [
          { series: 'requests', values: '100' },
          { series: 'errors', values: '20' },
        ],
        expect: {
          verdict: 'Failed',
          metrics: { m: { phase: 'Failed' }, n: { outcomes: ['Successful'], value: 100 } },
        },
      },
      {
        name: 'target',
        template: 'placeholders',
        target: {
          namespace: 'n',
          workload: 'w',
          rollout: 'r',
          step: 3,
          weight: 50,
          canary: { hash: 'c' },
          stable: { hash: 's' },
        },
        series: [{ series: 'label{a="n/w/r/c/s"}', values: '0' }],
        expect: { verdict: 'Successful', metrics: { m: { value: 53 } } },
      },
    ],
  });
  const ran = await assay('test', 'all.test.yaml', '-o', 'json');
  const results = JSON.parse(ran.stdout) as { name: string; differences: unknown[] }[];
  expect(results.filter(({ differences }) => differences.length > 0)).toEqual([]);
  expect(results.length).toBe(14);
  expect(ran.code).toBe(0);
});

describe('a scenario with a wrong expectation', () => {
  beforeEach(async () => {
    const good = { name: 'fits', template: 'share', expect: { verdict: 'Inconclusive' } };
    await write('wrong.test.yaml', {
      templates: [
        template('share', {
          query: 'sum(gauge{pod=~"{{canary.pods}}"})',
          interval: '10s',
          count: 2,
          successCondition: 'value < 5',
        }),
      ],
      tests: [
        good,
        {
          name: 'does <not> fit',
          template: 'share',
          series: [{ series: canary('gauge'), values: '4x2' }],
          expect: {
            verdict: 'Failed',
            at: '1m',
            message: 'too high',
            metrics: { m: { phase: 'Failed', value: 4.1 } },
          },
        },
      ],
    });
  });

  test('is shown with what was expected, what came, and what was measured', async () => {
    expect(await assay('test', 'wrong.test.yaml')).toEqual({
      code: 1,
      stderr: '',
      stdout: `wrong.test.yaml
  ✓ fits            Inconclusive at 0ms
  ✗ does <not> fit  Successful at 10s
      verdict
        - expected  Failed
        + got       Successful
      at
        - expected  1m
        + got       10s
      message
        - expected  … too high …
        + got       m 4 satisfies value < 5; 2 of 2 measured, 0 failed, failureLimit 0
      metrics.m.phase
        - expected  Failed
        + got       Successful
      metrics.m.value
        - expected  4.1
        + got       4

      the run says: m 4 satisfies value < 5; 2 of 2 measured, 0 failed, failureLimit 0

      m: Successful
      ┌──────┬───────┬───────────┬────────────┬─────────────────────┐
      │ time │ value │ condition │ outcome    │ reason              │
      ├──────┼───────┼───────────┼────────────┼─────────────────────┤
      │ 0ms  │ 4     │ value < 5 │ Successful │ SuccessConditionMet │
      │ 10s  │ 4     │ value < 5 │ Successful │ SuccessConditionMet │
      └──────┴───────┴───────────┴────────────┴─────────────────────┘
      the query, as it was sent last:
        sum(gauge{pod=~"web-canary-[0-9]+"})


1 passed, 1 failed
`,
    });
  });

  test('fails in JUnit, and another can be chosen instead', async () => {
    const junit = await assay('test', '-o', 'junit', 'wrong.test.yaml');
    expect(junit.code).toBe(1);
    expect(junit.stdout).toContain('<testsuite name="wrong.test.yaml" tests="2" failures="1">');
    expect(junit.stdout).toContain('name="does &lt;not&gt; fit"');
    const chosen = await assay('test', '.', '--filter', 'fits');
    expect(chosen).toMatchObject({ code: 0, stdout: expect.stringContaining('\n1 passed, 0 failed\n') });
  });
});

describe('input that cannot be used', () => {
  test('is told with its place', async () => {
    await write('bad.test.yaml', {
      templates: [
        template('a', { query: 'up' }),
        './none.yaml',
        template('b', { query: 'up', successCondition: 'value >' }),
      ],
      tests: [
        {
          name: 'x',
          template: 'a',
          args: { y: 1 },
          series: [{ series: 'up{', values: '1 2 ?' }],
          expect: { verdict: 'Failed' },
        },
      ],
    });
    const { code, stderr } = await assay('test', 'bad.test.yaml');
    expect(code).toBe(3);
    expect(stderr.split('\n').map((line) => line.replace(folder, 'FOLDER'))).toEqual([
      'bad.test.yaml:11:5: error: templates[1]: the file cannot be read: there is no such file: FOLDER/none.yaml (scenario)',
      expect.stringMatching(
        /^bad.test.yaml:12:5: error: templates\[2\]: the template b is not valid: spec.metrics\[0\].successCondition: .*\. Run assay lint on it \(scenario\)$/,
      ),
      'bad.test.yaml:25:10: error: tests[0].args.y: the template has no argument "y"; it takes none (scenario)',
      'bad.test.yaml:27:20: error: tests[0].series[0].series: write the name of a metric and its labels, as in up{job="web"} (scenario)',
      'bad.test.yaml:28:21: error: tests[0].series[0].values: "?" is not a sample; write 1, 0+10x20 (rising), 7x3 (repeated), _ (missing) or stale (scenario)',
      '',
    ]);
  });

  test.each([
    ['a: [', /^x.test.yaml:1:\d+: error: .*\(yaml\)\n/],
    ['templates: [x]\ntests: []\n', /^x.test.yaml:2:8: error: tests: Too small.*\(schema\)\n/],
    [
      'templates: [a]\ntests:\n  - name: n\n    tmplate: t\n',
      /x.test.yaml:4:5: error: tests\[0\].tmplate: there is no such field \(unknown-field\)/,
    ],
  ])('%j', async (text, message) => {
    await write('x.test.yaml', text);
    const { code, stderr } = await assay('test', 'x.test.yaml');
    expect(stderr).toMatch(message);
    expect(code).toBe(3);
  });

  test('is a file that is not there, and a Prometheus that is not there', async () => {
    expect(await assay('test', 'none.test.yaml')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^none.test.yaml:1:1: error: the file cannot be read/),
    });
    await write('a.test.yaml', {
      templates: [template('a', { query: 'up' })],
      tests: [{ name: 'x', template: 'a', expect: { verdict: 'Failed' } }],
    });
    const { code, stderr } = await assay('test', 'a.test.yaml', '--prometheus-bin', '/nonesuch/prometheus');
    expect(stderr).toContain('/nonesuch/prometheus is not installed');
    expect(stderr).toContain('ASSAY_PROMETHEUS_BIN');
    expect(code).toBe(3);
  });
});

/** Runs until `line` was printed (at once without one), interrupts, and says how it ended. */
async function interrupted(program: string, line: string | undefined, pidFile: string) {
  const child = spawn(process.execPath, [MAIN, 'test', 'long.test.yaml', '--prometheus-bin', program], {
    cwd: folder,
    env: { ...process.env, TMPDIR: tmp, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const code = new Promise((resolve) => child.once('exit', resolve));
  if (line !== undefined) {
    for await (const chunk of child.stdout) if (String(chunk).includes(line)) break;
  } else {
    while (!existsSync(pidFile)) await new Promise((resolve) => setImmediate(resolve));
  }
  child.kill('SIGINT');
  return { code: await code, pid: Number(await readFile(pidFile, 'utf8')) };
}

test.each([
  ['while it measures', '✓ short'],
  ['while Prometheus starts', undefined],
])('Ctrl-C %s leaves no process and no file behind', async (_, line) => {
  const pidFile = join(folder, 'pid');
  const program = join(folder, 'prometheus');
  await writeFile(
    program,
    `#!/bin/sh\necho $$ > ${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nexec prometheus "$@"\n`,
  );
  await chmod(program, 0o755);
  await write('long.test.yaml', {
    templates: [
      template('short', { query: 'vector(1)' }),
      template('long', { query: 'vector(1)', interval: '1s', count: 1_000_000 }),
    ],
    tests: ['short', 'long'].map((name) => ({
      name,
      template: name,
      maxDuration: '1000h',
      expect: { verdict: 'Successful' },
    })),
  });
  const { code, pid } = await interrupted(program, line, pidFile);
  expect(code).toBe(130);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('promtool reads the notation as the documentation says', async () => {
  const table = /<!-- notation -->([\s\S]*)<!-- \/notation -->/.exec(page)?.[1] ?? '';
  const written = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
  expect(written.length).toBe(8);
  // Farther apart than an instant query looks back, so that each sample is seen by itself; no two NaN are equal to promtool.
  const tests = written.map((values) => {
    const parsed = parseSeriesValues(values);
    if (!parsed.ok) throw new Error(parsed.message);
    const promql_expr_test = parsed.values.flatMap((value, index) =>
      Number.isNaN(value)
        ? []
        : {
            expr: 'm',
            eval_time: `${index * 10}m`,
            exp_samples: typeof value === 'number' ? [{ labels: 'm', value }] : [],
          },
    );
    return { interval: '10m', input_series: [{ series: 'm', values }], promql_expr_test };
  });
  const file = join(folder, await write('promtool.yaml', { rule_files: [], tests }));
  const said = await new Promise((resolve) => {
    execFile('promtool', ['test', 'rules', file], (_error, stdout, stderr) => resolve(stdout + stderr));
  });
  expect(said).toContain('SUCCESS');
});
