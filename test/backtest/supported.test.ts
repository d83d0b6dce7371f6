import { expect, test } from 'vitest';
import type { Metric } from '../../src/api/analysis-template.ts';
import { planBacktest } from '../../src/backtest/plan.ts';
import { splitMetrics } from '../../src/backtest/supported.ts';
import { MINUTE_MS, metric, minute, START } from './past.ts';

const arms = { canary: 'a', stable: 'b' };
const bounds = /^a query with @ start\(\) or @ end\(\) means another instant/;

test.each([
  ['conditions', {}, undefined],
  ['several queries', { query: undefined, queries: { a: { query: 'up' } } }, undefined],
  ['a range', { range: { window: '5m', step: '1m' } }, undefined],
  ['a minimum', { minimum: { query: 'up', value: 1 } }, undefined],
  ['a Mann-Whitney test', { query: undefined, mannWhitney: { canary: 'a', stable: 'b' } }, undefined],
  ['a sequential test', { query: undefined, sequential: { events: arms, total: arms } }, undefined],
  ['a query at the end', { query: 'sum(up @ end())' }, bounds],
  ['a named query at the start', { queries: { a: { query: 'up@start ( )' } } }, bounds],
  ['a minimum at the end', { minimum: { query: 'up @ end()', value: 1 } }, bounds],
  ['a test at the end', { query: undefined, mannWhitney: { canary: 'a', stable: 'b @ end()' } }, bounds],
  [
    'counters at the end',
    { query: undefined, sequential: { events: arms, total: { ...arms, stable: 'b @ end()' } } },
    bounds,
  ],
  ['a query at another time', { query: 'up @ 1700000000' }, undefined],
  ['a literal and a comment that only look like one', { query: 'up{a="@ end()"} # @ end()' }, undefined],
] as [string, Partial<Metric>, RegExp | undefined][])('%s', (_, fields, reason) => {
  const given = metric(fields);
  expect(splitMetrics([given])).toEqual(
    reason === undefined
      ? { supported: [given], skipped: [] }
      : { supported: [], skipped: [{ name: 'success-rate', reason: expect.stringMatching(reason) }] },
  );
});

test('a metric of pods cannot be replayed when there are none', () => {
  const planned = planBacktest(
    {
      metrics: [metric({ query: 'sum(up{pod=~"{{canary.pods}}"})' })],
      args: [],
      target: { canary: { hash: 'a', pods: '' } },
    },
    { period: { from: START, to: minute(60) }, stepMs: MINUTE_MS, namespace: 'shop' },
  );
  expect(planned).toEqual({
    ok: false,
    message:
      'a query of success-rate selects pods and there are none: give --canary-pods or --stable-pods a pattern that matches some',
  });
});
