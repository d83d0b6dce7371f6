import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../playground/address-block.ts';
import { checkQuery, type QueryCheckOptions } from '../../src/analysis/check-query.ts';
import { resolveQuery, templateLookup } from '../../src/analysis/placeholders.ts';
import { brokenQueryArbitrary, queryArbitrary, regexQueryArbitrary } from '../analysis/promql-arbitrary.ts';
import { BAD_QUERIES, DIFFERENCES, GOOD_QUERIES } from '../analysis/promql-queries.ts';

/** `ASSAY_SEED=7` generates other queries. */
const SEED = Number(process.env['ASSAY_SEED'] ?? 1);

/** What Prometheus 2.42 says of a query that only later releases take. */
const LATER_RELEASES = [
  /unexpected duration "/,
  /unexpected <op:-> in offset, expected duration/,
  /missing unit character in duration/,
];

let url = '';
let stop = async () => {};

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'assay-promql-'));
  const configFile = join(dir, 'prometheus.yml');
  await writeFile(configFile, '{}');
  const port = await freePort('127.0.0.1');
  url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  stop = async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(dir, { recursive: true, force: true });
  };
  await vi.waitFor(async () => expect((await fetch(`${url}/-/ready`)).status).toBe(200), {
    timeout: 30_000,
    interval: 200,
  });
});
afterAll(() => stop());

/** What the server has against a query, before it looks at any data; undefined when it takes it. */
async function refusal(query: string, endpoint: 'query' | 'query_range'): Promise<string | undefined> {
  const body = new URLSearchParams({ query, start: '1', end: '2', step: '1', time: '1' });
  const response = await fetch(`${url}/api/v1/${endpoint}`, { method: 'POST', body });
  const answer = (await response.json()) as { errorType?: string; error?: string };
  return answer.errorType === 'bad_data' ? answer.error : undefined;
}

function ours(query: string, answer: QueryCheckOptions['answer'] = 'range'): string | undefined {
  return checkQuery(query, templateLookup([]), { answer })[0]?.message;
}

describe('a string argument comes to the server as it was given', () => {
  test.each(['"', "'", '`'])('in a literal in %s', async (quote) => {
    const piece = fc.oneof(
      fc.constantFrom(
        '"',
        "'",
        '\\',
        '\\"',
        '\n',
        '\r',
        '\t',
        '\0',
        '#',
        '}',
        '{{',
        '"} or vector(1) #',
        '\\x22',
        'é',
        '😀',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const value = fc
      .array(piece, { minLength: 1, maxLength: 6 })
      .map((pieces) => pieces.join('').replaceAll('`', ''));
    for (const given of fc.sample(value, { seed: SEED, numRuns: 200 })) {
      const query = `absent(none{label=${quote}{{args.x}}${quote}})`;
      const filled = resolveQuery(query, { args: [{ name: 'x', value: given, type: 'string' }] });
      if (!filled.ok) throw new Error(JSON.stringify({ given, filled }));
      const body = new URLSearchParams({ query: filled.text, time: '1' });
      const response = await fetch(`${url}/api/v1/query`, { method: 'POST', body });
      const answer = (await response.json()) as { data: { result: { metric: Record<string, string> }[] } };
      // absent() answers the labels that were asked for.
      expect(answer.data.result[0]?.metric['label'] ?? '').toBe(given);
    }
  });
});

describe('Assay and a real Prometheus are of one mind', () => {
  test.each(GOOD_QUERIES)('good: %s', async (query) => {
    expect(await refusal(query, 'query_range')).toBeUndefined();
    expect(ours(query)).toBeUndefined();
  });

  test.each(BAD_QUERIES.map(([query]) => query))('bad: %s', async (query) => {
    expect(await refusal(query, 'query_range')).toBeDefined();
    expect(ours(query)).toBeDefined();
  });

  test.each(DIFFERENCES)('but not about %s, which only %s takes: %s', async (_why, takenBy, query) => {
    const server = await refusal(query, 'query_range');
    expect({ server: server === undefined, assay: ours(query) === undefined }).toEqual({
      server: takenBy === '2.42',
      assay: takenBy === 'Assay',
    });
  });

  test.each([
    ['a', true],
    ['a{job="x"} # why', false],
    ['# why\na{job="x"}', true],
    ['{job="x"}', true],
    ['a offset 5m', false],
    ['a[5m]', false],
    ['(a)', false],
    ['sum(a)', false],
    ['a + b', false],
    ['1', false],
    ['{job=~".*"}', false],
  ])('about %s as a selector that gets a range: %s', async (query, taken) => {
    const server = await refusal(`rate(${query}[5m])`, 'query');
    expect(server === undefined).toBe(taken);
    expect(ours(query, 'raw') === undefined).toBe(taken);
  });

  test.each([
    ['by the grammar', queryArbitrary, 1_500],
    ['with a typing error', brokenQueryArbitrary, 1_000],
    ['with a regular expression', regexQueryArbitrary, 1_000],
  ])('about generated queries %s', async (_how, arbitrary, numRuns) => {
    let taken = 0;
    const differences: string[] = [];
    for (const query of fc.sample(arbitrary, { seed: SEED, numRuns })) {
      const server = await refusal(query, 'query_range');
      const assay = ours(query);
      if (server === undefined) taken += 1;
      if ((server === undefined) === (assay === undefined)) continue;
      if (assay === undefined && LATER_RELEASES.some((shape) => shape.test(server ?? ''))) continue;
      differences.push(`${JSON.stringify(query)}: server ${server}, Assay ${assay}`);
    }
    expect(differences, `seed ${SEED}`).toEqual([]);
    // Neither side could hide by taking all, or nothing.
    expect(taken).toBeGreaterThan(numRuns / 10);
    expect(taken).toBeLessThan(numRuns * 0.9);
  });
});
