import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricQuery, QueryAnswer, QuerySource } from '../../src/analysis/query-answer.ts';

/**
 * An open source whose server has had the samples of two series for at least three seconds, one a second: one
 * series is 90 at all times and the other 10.
 */
export interface OpenSource {
  source: QuerySource;
  /** Epoch milliseconds at which both series are there, and have been for three seconds. */
  presentAt: number;
  /** Selectors of the series that is 90, of both, and of none that exists. */
  selectors: { one: string; both: string; none: string };
  close(): Promise<void>;
}

type Opener = () => Promise<OpenSource>;

/** Opens a source for the tests of one block, and answers how they ask it. */
function opened(openSource: Opener) {
  const state: { open?: OpenSource } = {};
  beforeAll(async () => {
    state.open = await openSource();
  });
  afterAll(() => state.open?.close());
  const open = () => {
    if (!state.open) throw new Error('the source is not open');
    return state.open;
  };
  const ask = (query: Omit<MetricQuery, 'evaluateAt'> & { evaluateAt?: number }) =>
    open().source({ evaluateAt: open().presentAt, ...query }, new AbortController().signal);
  return { open, ask };
}

function seriesOf(answer: QueryAnswer) {
  if (answer.kind !== 'series') throw new Error(`series expected, not ${JSON.stringify(answer)}`);
  return answer.series;
}

const LONG_AGO = 1_600_000_000_000;

/** What every metric source keeps to, one that understands nothing but selectors as well. */
export function metricSourceContract(name: string, openSource: Opener): void {
  describe(`${name} keeps the contract of a metric source`, () => {
    const { open, ask } = opened(openSource);

    test('an instant query is answered by the value of each series', async () => {
      const { one, both, none } = open().selectors;
      const samples = (values: number[]) => ({ kind: 'samples', values, warnings: [] });
      expect(await ask({ query: one })).toEqual(samples([90]));
      expect(await ask({ query: none })).toEqual(samples([]));
      const answer = await ask({ query: both });
      const values = answer.kind === 'samples' ? answer.values : [];
      expect(values.toSorted((left, right) => Number(left) - Number(right))).toEqual([10, 90]);
    });

    test('it is evaluated at the given instant and not now', async () => {
      const query = open().selectors.both;
      expect(await ask({ query, evaluateAt: LONG_AGO })).toMatchObject({ kind: 'samples', values: [] });
      expect(await ask({ query, evaluateAt: 0 })).toMatchObject({ kind: 'samples', values: [] });
    });

    test('a range query is answered by a sample a step, from the window before the instant to it', async () => {
      const end = open().presentAt;
      const query = open().selectors.one;
      const [series, ...others] = seriesOf(await ask({ query, range: { windowMs: 2_000, stepMs: 500 } }));
      expect(others).toEqual([]);
      expect(series?.samples).toEqual([2_000, 1_500, 1_000, 500, 0].map((before) => [end - before, 90]));
    });

    test('the steps begin at the beginning, so that the last may be before the instant', async () => {
      const end = open().presentAt;
      const [series] = seriesOf(
        await ask({ query: open().selectors.one, range: { windowMs: 1_000, stepMs: 700 } }),
      );
      expect(series?.samples).toEqual([
        [end - 1_000, 90],
        [end - 300, 90],
      ]);
    });

    test('a raw query is answered by the samples as they were taken, oldest first', async () => {
      const end = open().presentAt;
      const [series, ...others] = seriesOf(await ask({ query: `${open().selectors.one}[3s]`, raw: true }));
      expect(others).toEqual([]);
      const times = series?.samples.map(([time]) => time) ?? [];
      expect(times.length).toBeGreaterThanOrEqual(2);
      expect(times.length).toBeLessThanOrEqual(4);
      expect(times).toEqual(times.toSorted((left, right) => left - right));
      expect(times.every((time) => time >= end - 3_000 && time <= end)).toBe(true);
      expect(series?.samples.every(([, value]) => value === 90)).toBe(true);
    });

    test.each([
      ['range', (selector: string) => ({ query: selector, range: { windowMs: 1_000, stepMs: 1_000 } })],
      ['raw', (selector: string) => ({ query: `${selector}[3s]`, raw: true })],
    ])('series of a %s query are told apart by their labels; none is no series', async (_kind, asking) => {
      const { both, none } = open().selectors;
      const series = seriesOf(await ask(asking(both)));
      expect(series.map(({ samples }) => samples.at(-1)?.[1]).toSorted()).toEqual([10, 90]);
      expect(series[0]?.labels).not.toEqual(series[1]?.labels);
      expect(seriesOf(await ask(asking(none)))).toEqual([]);
      expect(seriesOf(await ask({ ...asking(both), evaluateAt: LONG_AGO }))).toEqual([]);
    });
  });
}

/**
 * What a source keeps to that evaluates PromQL on a server. The series are `contract_requests_total` with
 * `code="200"` and `code="500"`.
 */
export function promqlContract(name: string, openSource: Opener): void {
  describe(`${name} keeps the contract of a source that evaluates PromQL`, () => {
    const { open, ask: askQuery } = opened(openSource);
    const ask = (query: string, evaluateAt = open().presentAt) => askQuery({ query, evaluateAt });

    test.each([
      ['a vector of one series', 'vector(1.5)', [1.5]],
      ['a scalar', '1 + 1', [2]],
      ['nothing', 'vector(1) > 2', []],
      ['an unknown metric', 'contract_no_such_metric', []],
      ['not a number', 'vector(0) / 0', ['NaN']],
      ['plus infinity', 'vector(1) / 0', ['+Inf']],
      ['minus infinity', 'vector(-1) / 0', ['-Inf']],
      ['a large number', 'vector(1e21)', [1e21]],
      ['all series of a metric', 'sort(contract_requests_total)', [10, 90]],
      ['their sum', 'sum(contract_requests_total)', [100]],
      ['a share of them', 'sum(contract_requests_total{code="500"}) / sum(contract_requests_total)', [0.1]],
      ['a text inside a matcher', 'contract_requests_total{code=~"2..|ü\\"\\\\n"}', [90]],
    ])('it answers %s', async (_title, query, values) => {
      expect(await ask(query)).toEqual({ kind: 'samples', values, warnings: [] });
    });

    test('it evaluates at the given instant and not now', async () => {
      expect(await ask('time()', 1_600_000_000_000)).toEqual({
        kind: 'samples',
        values: [1_600_000_000],
        warnings: [],
      });
      expect(await ask('contract_requests_total', 1_600_000_000_000)).toMatchObject({ values: [] });
      expect(await ask('time()', 0)).toMatchObject({ values: [0] });
    });

    test.each([
      ['a query that does not parse', 'sum(', 'parse error'],
      ['a query that cannot be executed', 'contract_requests_total + on() contract_requests_total', 'many'],
      ['a range of samples', 'contract_requests_total[1m]', 'range of samples'],
      ['a text', '"hello"', 'a text'],
      ['an empty query', '', ''],
    ])('%s is a fault that asking again does not mend', async (_title, query, words) => {
      const answer = await ask(query);
      expect(answer).toMatchObject({ kind: 'fault', reason: 'BadQuery', retryable: false });
      expect(answer.kind === 'fault' && answer.message).toContain(words);
    });

    test('what is no number is told apart in a range, too', async () => {
      const values = async (query: string) =>
        seriesOf(await askQuery({ query, range: { windowMs: 1_000, stepMs: 1_000 } })).map(({ samples }) =>
          samples.map(([, value]) => value),
        );
      expect(await values('vector(0) / 0')).toEqual([['NaN', 'NaN']]);
      expect(await values('vector(1) / 0')).toEqual([['+Inf', '+Inf']]);
      expect(await values('-1 / 0')).toEqual([['-Inf', '-Inf']]);
    });

    test('a range that ends at the instant 0 is not one that ends now', async () => {
      const range = { windowMs: 2_000, stepMs: 1_000 };
      const [series] = seriesOf(await askQuery({ query: 'time()', range, evaluateAt: 0 }));
      expect(series?.samples).toEqual([
        [-2_000, -2],
        [-1_000, -1],
        [0, 0],
      ]);
    });

    test('a range of as many points as Prometheus allows is answered', async () => {
      const range = { windowMs: 10_999_000, stepMs: 1_000 };
      const [series] = seriesOf(await askQuery({ query: 'vector(1)', range }));
      expect(series?.samples).toHaveLength(11_000);
    });

    test.each([
      ['a vector for a raw query', { query: 'contract_requests_total', raw: true }, 'a vector'],
      ['a number for a raw query', { query: '1', raw: true }, 'a scalar'],
      [
        'a range selector for a range query',
        { query: 'up[1m]', range: { windowMs: 1, stepMs: 1 } },
        'invalid',
      ],
      ['a range of too many points', { query: 'up', range: { windowMs: 11_000, stepMs: 1 } }, '11001 points'],
    ])('%s is a fault that asking again does not mend', async (_title, query, words) => {
      const answer = await askQuery(query);
      expect(answer).toMatchObject({ kind: 'fault', reason: 'BadQuery', retryable: false });
      expect(answer.kind === 'fault' && answer.message).toContain(words);
    });

    test('a query that is cancelled before it is sent is a fault', async () => {
      const answer = await open().source(
        { query: 'vector(1)', evaluateAt: open().presentAt },
        AbortSignal.abort(),
      );
      expect(answer).toMatchObject({ kind: 'fault', reason: 'Cancelled' });
    });
  });
}
