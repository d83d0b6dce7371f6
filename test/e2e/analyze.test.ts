import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Part } from '../../playground/process.ts';
import { installSystemPackages } from '../../playground/system-packages.ts';
import { type AnalysisRun, analysisRunKind } from '../../src/api/analysis-run.ts';
import { parseObject } from '../../src/api/kind.ts';
import { assay, documented, type Ended } from './assay-command.ts';
import { startIdlePrometheus } from './past-prometheus.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

let prometheus: Part;
let shop: { server: Server; port: number };
let dir: string;

/** Serves the counters of a pod that answers ever more requests, and all of them well. */
async function startShop(): Promise<typeof shop> {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 100;
    const labels = 'namespace="shop",pod="shop-7d4b9c-x2v9p",code="200"';
    response.end(`# TYPE http_requests_total counter\nhttp_requests_total{${labels}} ${requests}\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

beforeAll(async () => {
  await installSystemPackages(() => {});
  dir = await mkdtemp(join(tmpdir(), 'assay-analyze-'));
  shop = await startShop();
  prometheus = await startIdlePrometheus(dir, join(dir, 'data'), [
    {
      job_name: 'shop',
      scrape_interval: '1s',
      honor_labels: true,
      static_configs: [{ targets: [`127.0.0.1:${shop.port}`] }],
    },
  ]);
});
afterAll(async () => {
  await prometheus?.kill();
  shop?.server.closeAllConnections();
  shop?.server.close();
  await rm(dir, { recursive: true, force: true });
});

async function template(...metrics: Record<string, unknown>[]): Promise<string> {
  const file = join(dir, 'template.json');
  const object = {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 'shop' },
    spec: {
      args: [{ name: 'threshold', type: 'number', value: '0.95' }],
      metrics: metrics.map((metric, index) => ({
        name: `metric-${index}`,
        successCondition: 'value >= {{args.threshold}}',
        ...metric,
      })),
    },
  };
  await writeFile(file, JSON.stringify(object));
  return file;
}

const analyze = (file: string, ...more: string[]) =>
  assay(['analyze', '-f', file, '--prometheus', prometheus.url, ...more]);

const good = { query: 'vector(0.99)', interval: '1s', count: 2 };

describe('the exit code is the verdict', () => {
  test.each([
    [0, 'all metrics pass', [good, { query: 'vector(1)' }], /^shop: Successful: /],
    [
      1,
      'one fails',
      [good, { query: 'vector(0.5)' }],
      /^shop: Failed: metric-1 0.5 does not satisfy value >= 0.95/,
    ],
    [
      2,
      'neither condition is met',
      [{ query: 'vector(0.9)', failureCondition: 'value < 0.8' }],
      /neither satisfies/,
    ],
    [2, 'there is no data', [{ query: 'vector(1) > 2' }], /metric-0 has no data/],
    [
      3,
      'Prometheus refuses the query',
      [
        {
          query: 'vector(1) + on () (vector(1) or label_replace(vector(2), "a", "b", "", ""))',
          consecutiveErrorLimit: 0,
        },
      ],
      /shop: Error: metric-0 could not be measured for .*many-to-many/,
    ],
  ] as const)('%i: %s', async (code, _, metrics, stdout) => {
    expect(await analyze(await template(...metrics))).toMatchObject({
      code,
      stdout: expect.stringMatching(stdout),
    });
  });

  test('3: nobody answers', async () => {
    const file = await template({ ...good, consecutiveErrorLimit: 0 });
    const ended = await assay([
      'analyze',
      '-f',
      file,
      '--prometheus',
      'http://127.0.0.1:1',
      '--timeout',
      '2s',
    ]);
    expect(ended).toMatchObject({ code: 3, stdout: expect.stringMatching(/cannot be reached/) });
  });
});

describe('what is wrong with the input ends with 3, and with what to do', () => {
  test.each([
    ['no such file', () => '/nowhere.yaml', [], /\/nowhere.yaml cannot be read/],
    [
      'an argument that is none',
      () => template(good),
      ['--arg', 'treshold=1'],
      /the template has no argument "treshold"; it takes threshold/,
    ],
    ['an argument of the wrong type', () => template(good), ['--arg', 'threshold=high'], /must be a number/],
    [
      'pods that nobody named',
      () => template({ query: 'sum(a{pod=~"{{canary.pods}}"})' }),
      [],
      /give --canary-pods/,
    ],
    [
      'a hash that nobody named',
      () => template({ query: 'sum(a{hash="{{canary.hash}}"})' }),
      ['--canary-pods', 'a-.*'],
      /give --canary-hash/,
    ],
    [
      'a condition that is none',
      () => template({ ...good, successCondition: 'value = 1' }),
      [],
      /equality is written `==`/,
    ],
    [
      'an address that is none',
      () => template(good),
      ['--prometheus', 'example.com'],
      /is not an http or https URL/,
    ],
    [
      'a password in the address',
      () => template(good),
      ['--prometheus', 'http://me:secret@example.com'],
      /give --basic USER:FILE/,
    ],
    ['a flag that is none', () => template(good), ['--verbose'], /unknown option '--verbose'/],
  ] as [string, () => string | Promise<string>, string[], RegExp][])('%s', async (_, file, flags, stderr) => {
    const ended: Ended = await analyze(await file(), ...flags);
    expect(ended).toEqual({ code: 3, stdout: '', stderr: expect.stringMatching(stderr) });
    expect(ended.stderr).not.toContain('secret');
  });
});

describe('a template that nests another one', () => {
  const write = async (...names: string[]): Promise<string> => {
    const folder = await mkdtemp(join(dir, 'nested-'));
    for (const name of names) {
      const object = {
        apiVersion: 'assay.dev/v1alpha1',
        kind: 'AnalysisTemplate',
        metadata: { name },
        spec: {
          metrics: [{ name, query: 'vector(1)', successCondition: 'value > 0' }],
          ...(name === 'outer' && { templates: [{ name: 'inner' }] }),
        },
      };
      await writeFile(join(folder, `${name}.json`), JSON.stringify(object));
    }
    return folder;
  };

  test('is run with it', async () => {
    expect(await analyze(await write('outer', 'inner'))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^outer: Successful: .*\n {2}outer: Successful.*\n {2}inner: Successful/),
    });
  });

  test('is not run without it', async () => {
    expect(await analyze(await write('outer'))).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(
        'the template outer nests AnalysisTemplate inner, which is not among the files given: add its file with another -f',
      ),
    });
  });
});

describe('what comes out', () => {
  test('is an AnalysisRun, as JSON and as YAML', async () => {
    const file = await template(good);
    const formats: [string, (text: string) => unknown][] = [
      ['json', (text) => JSON.parse(text)],
      ['yaml', (text) => parse(text)],
    ];
    for (const [format, read] of formats) {
      const { code, stdout } = await analyze(file, '-o', format, '--arg', 'threshold=0.9');
      const run = parseObject(analysisRunKind, read(stdout) as AnalysisRun);
      expect(code).toBe(0);
      expect(run).toMatchObject({
        ok: true,
        object: {
          kind: 'AnalysisRun',
          metadata: { name: 'shop', namespace: 'default' },
          spec: { args: [{ name: 'threshold', value: '0.9' }] },
          status: {
            phase: 'Successful',
            metricResults: [{ count: 2, measurements: [{ value: '0.99' }, { value: '0.99' }] }],
          },
        },
      });
    }
  });

  test('is told as it goes, a line a measurement', async () => {
    const { stderr } = await analyze(await template(good));
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, ''));
    expect(lines).toEqual([
      'metric-0 (1 of 2) Successful: metric-0 0.99 satisfies value >= 0.95',
      'metric-0 (2 of 2) Successful: metric-0 0.99 satisfies value >= 0.95',
    ]);
  });

  test('is a table that is drawn anew, on a terminal', async () => {
    const file = await template(good);
    const command = [process.execPath, main, 'analyze', '-f', file, '--prometheus', prometheus.url].join(' ');
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    expect(stdout).toMatch(/│ metric-0 +│ 1 of 2 +│ 0\.99 +│ value >= 0\.95 +│ Successful +│ \d/);
    const [, redrawn = ''] = stdout.split('\u001b[0J');
    expect(redrawn).toContain('│ metric-0 ');
    expect(stdout.slice(stdout.lastIndexOf('\u001b[0J'))).toMatch(/│ 2 of 2 +│ 0\.99 /);
    expect(stdout).toMatch(/shop: Successful: /);
  });

  test('is what was measured, when Ctrl-C ends it', async () => {
    const file = await template({ ...good, count: 1_000 });
    const ended = await assay(['analyze', '-f', file, '--prometheus', prometheus.url], (text, kill) => {
      if (text.includes('1 of 1000')) kill('SIGINT');
    });
    expect(ended).toMatchObject({
      code: 130,
      stdout: expect.stringMatching(
        /shop: Cancelled: metric-0 0.99 satisfies value >= 0.95; \d of 1000 measured/,
      ),
      stderr: expect.stringContaining('stopped by SIGINT'),
    });
  });
});

test('docs/analyze.md shows a command that works', async () => {
  const query = encodeURIComponent('increase(http_requests_total[1m]) > 0');
  const hasData = async () => {
    const answer = await fetch(`${prometheus.url}/api/v1/query?query=${query}`);
    expect(await answer.json()).toMatchObject({ data: { result: [{}] } });
  };
  await vi.waitFor(hasData, { timeout: 30_000, interval: 200 });
  expect(await documented('analyze.md', prometheus.url)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^http-success-rate: Successful: success-rate 1 satisfies value >= 0.95/),
  });
});
