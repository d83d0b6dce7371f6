import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { resolveQuery } from '../../src/analysis/placeholders.ts';
import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';

const run = promisify(execFile);

/** Series in promtool's notation, a sample every 5 s: `0+10x20` rises by 10 each time. */
type Series = Record<string, string>;

const canary = 'namespace="shop",pod="web-new-1"';
const stable = 'namespace="shop",pod="web-old-1"';
/** Another namespace with the same pod names, and a pod whose name only begins like the canary's. */
const strangers: Series = {
  'http_requests_total{namespace="other",pod="web-new-1",code="500"}': '0+1000x20',
  'http_requests_total{namespace="shop",pod="web-new-1-job",code="500"}': '0+1000x20',
};

// Each row: the template, what the pods do, their series, and the only sample of the query (undefined: none).
const rows: [string, string, Series, number | undefined][] = [
  ['http-success-rate', 'no series at all', {}, undefined],
  ['http-success-rate', 'only pods of others', strangers, undefined],
  [
    'http-success-rate',
    'series without traffic',
    { [`http_requests_total{${canary},code="200"}`]: '7+0x20' },
    undefined,
  ],
  [
    'http-success-rate',
    'good answers only',
    { [`http_requests_total{${canary},code="200"}`]: '0+10x20', ...strangers },
    1,
  ],
  [
    'http-success-rate',
    'one of ten fails, and client errors are not failures',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+8x20',
      [`http_requests_total{${canary},code="404"}`]: '0+1x20',
      [`http_requests_total{${canary},code="503"}`]: '0+1x20',
    },
    0.9,
  ],
  [
    'http-success-rate',
    'every answer fails',
    { [`http_requests_total{${canary},code="500"}`]: '0+10x20' },
    0,
  ],
  ['latency-under', 'no series at all', {}, undefined],
  [
    'latency-under',
    'nine of ten in time',
    {
      [`http_request_duration_seconds_bucket{${canary},le="0.5"}`]: '0+9x20',
      [`http_request_duration_seconds_bucket{${canary},le="+Inf"}`]: '0+10x20',
    },
    0.9,
  ],
  [
    'latency-under',
    'none in time',
    {
      [`http_request_duration_seconds_bucket{${canary},le="0.5"}`]: '0+0x20',
      [`http_request_duration_seconds_bucket{${canary},le="+Inf"}`]: '0+10x20',
    },
    0,
  ],
  [
    'latency-under',
    'a histogram without that bucket',
    {
      [`http_request_duration_seconds_bucket{${canary},le="0.3"}`]: '0+9x20',
      [`http_request_duration_seconds_bucket{${canary},le="+Inf"}`]: '0+10x20',
    },
    undefined,
  ],
  [
    'error-ratio-vs-stable',
    'nobody fails',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+10x20',
      [`http_requests_total{${stable},code="200"}`]: '0+100x20',
    },
    0,
  ],
  [
    'error-ratio-vs-stable',
    'both fail as often',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+5x20',
      [`http_requests_total{${canary},code="500"}`]: '0+5x20',
      [`http_requests_total{${stable},code="200"}`]: '0+50x20',
      [`http_requests_total{${stable},code="500"}`]: '0+50x20',
    },
    0,
  ],
  [
    'error-ratio-vs-stable',
    'only the canary fails, at times',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+8x20',
      [`http_requests_total{${canary},code="500"}`]: '0+2x20',
      [`http_requests_total{${stable},code="200"}`]: '0+100x20',
    },
    0.2,
  ],
  [
    'error-ratio-vs-stable',
    'no traffic to the stable pods',
    { [`http_requests_total{${canary},code="200"}`]: '0+8x20' },
    undefined,
  ],
  [
    'orders-per-request',
    'fewer requests but as many orders of each',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+10x20',
      [`orders_total{${canary}}`]: '0+5x20',
      [`http_requests_total{${stable},code="200"}`]: '0+100x20',
      [`orders_total{${stable}}`]: '0+50x20',
    },
    1,
  ],
  [
    'orders-per-request',
    'half the orders',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+10x20',
      [`orders_total{${canary}}`]: '0+1x20',
      [`http_requests_total{${stable},code="200"}`]: '0+10x20',
      [`orders_total{${stable}}`]: '0+2x20',
    },
    0.5,
  ],
  [
    'orders-per-request',
    'a canary that never had an order',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+10x20',
      [`http_requests_total{${stable},code="200"}`]: '0+10x20',
      [`orders_total{${stable}}`]: '0+2x20',
    },
    0,
  ],
  [
    'orders-per-request',
    'stable pods without orders',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+10x20',
      [`orders_total{${canary}}`]: '0+2x20',
      [`http_requests_total{${stable},code="200"}`]: '0+10x20',
    },
    undefined,
  ],
  [
    'orders-per-request',
    'too few requests to tell',
    {
      [`http_requests_total{${canary},code="200"}`]: '0+1x20',
      [`orders_total{${canary}}`]: '0+0x20',
      [`http_requests_total{${stable},code="200"}`]: '0+100x20',
      [`orders_total{${stable}}`]: '0+50x20',
    },
    undefined,
  ],
];

/** The query of a template's only metric, with its defaults, for the pods above and a window of one minute. */
async function queryOf(template: string): Promise<string> {
  const file = new URL(`../../analysis-templates/${template}.yaml`, import.meta.url);
  const { spec } = parse(await readFile(file, 'utf8')) as AnalysisTemplate;
  const target = {
    canary: { hash: 'new', pods: 'web-new-[a-z0-9]{1}' },
    stable: { hash: 'old', pods: 'web-old-[a-z0-9]{1}' },
  };
  const args = (spec.args ?? []).map(({ name, type, value = '' }) => ({ name, type, value }));
  const query = spec.metrics[0]?.query ?? '';
  const resolved = resolveQuery(query, { args, namespace: 'shop', target, windowMs: 60_000 });
  if (!resolved.ok) throw new Error(`${template}: ${JSON.stringify(resolved.faults)}`);
  return resolved.text;
}

test.each(rows)('%s: %s', async (template, _, series, value) => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-promtool-'));
  try {
    const file = join(folder, 'test.yaml');
    const input_series = Object.entries(series).map(([name, values]) => ({ series: name, values }));
    const expected = {
      // Rounded, because increase() extrapolates.
      expr: `round(${await queryOf(template)}, 0.001)`,
      eval_time: '90s',
      exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
    };
    await writeFile(
      file,
      stringify({
        rule_files: [],
        evaluation_interval: '5s',
        tests: [{ interval: '5s', input_series, promql_expr_test: [expected] }],
      }),
    );
    const answer = await run('promtool', ['test', 'rules', file]);
    expect(answer.stdout).toContain('SUCCESS');
  } finally {
    await rm(folder, { recursive: true });
  }
});
