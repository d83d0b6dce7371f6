import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QuerySource } from '../../src/analysis/query-answer.ts';

export interface OpenSource {
  source: QuerySource;
  /** Epoch milliseconds at which the server has samples of `contract_requests_total`. */
  presentAt: number;
  close(): Promise<void>;
}

/**
 * What every metric source keeps to. The server scrapes one target that exposes
 * `contract_requests_total{code="200"}` and `{code="500"}`, with the values 90 and 10 at all times.
 */
export function metricSourceContract(name: string, openSource: () => Promise<OpenSource>): void {
  describe(`${name} keeps the contract of a metric source`, () => {
    let open: OpenSource;
    beforeAll(async () => {
      open = await openSource();
    });
    afterAll(() => open?.close());
    const ask = (query: string, evaluateAt = open.presentAt) =>
      open.source({ query, evaluateAt }, new AbortController().signal);

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

    test('a query that is cancelled before it is sent is a fault', async () => {
      const answer = await open.source(
        { query: 'vector(1)', evaluateAt: open.presentAt },
        AbortSignal.abort(),
      );
      expect(answer).toMatchObject({ kind: 'fault', reason: 'Cancelled' });
    });
  });
}
