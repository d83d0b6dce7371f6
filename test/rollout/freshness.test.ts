import { describe, expect, test } from 'vitest';
import type { AnalysisRun, Measurement } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { freshnessOf } from '../../src/rollout/freshness.ts';
import { METRIC } from '../builders/guard.ts';
import { ago, NOW } from '../builders/snapshot.ts';

type First = { metric: string; ago: number };
type Seen = [secondsAgo: number, outcome: Measurement['outcome'], value?: string];

function watching(
  metrics: (Partial<Metric> & { seen?: Seen[] })[],
  { startedAgo = 100, isStarted = true }: { startedAgo?: number; isStarted?: boolean } = {},
): AnalysisRun {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name: 'health', creationTimestamp: ago(startedAgo) },
    spec: {
      metrics: metrics.map(({ seen: _seen, ...metric }, index) => ({
        ...METRIC,
        name: `m${index}`,
        ...metric,
      })),
      target: { windowStart: ago(startedAgo) },
    },
    ...(isStarted
      ? {
          status: {
            phase: 'Running',
            startedAt: ago(startedAgo),
            metricResults: metrics.map(({ seen = [] }, index) => ({
              name: `m${index}`,
              phase: 'Running' as const,
              count: 0,
              successful: 0,
              failed: 0,
              inconclusive: 0,
              error: 0,
              consecutiveSuccess: 0,
              consecutiveFailure: 0,
              consecutiveError: 0,
              nextSequence: seen.length,
              withData: 0,
              measurements: seen.map(([secondsAgo, outcome, value], sequence) =>
                measured(sequence, secondsAgo, outcome, value),
              ),
            })),
          },
        }
      : {}),
  };
}

function measured(
  sequence: number,
  secondsAgo: number,
  outcome: Measurement['outcome'],
  value?: string,
): Measurement {
  const at = ago(secondsAgo);
  return {
    sequence,
    outcome,
    ...(value === undefined ? {} : { value }),
    evaluatedAt: at,
    startedAt: at,
    finishedAt: at,
    reason: 'r',
    message: 'm',
  };
}

describe('a run that measures again and again is stale three intervals after a metric saw something last', () => {
  const rows: [string, AnalysisRun, staleIn: number, measuredAgo: number | undefined, first?: First][] = [
    [
      'counted from its newest measurement',
      watching([
        {
          seen: [
            [15, 'Successful', '1'],
            [5, 'Successful', '1'],
          ],
        },
      ]),
      25,
      5,
    ],
    [
      'an Error is no sight of anything',
      watching([
        {
          seen: [
            [15, 'Successful', '1'],
            [5, 'Error'],
          ],
        },
      ]),
      15,
      15,
    ],
    [
      'nor is an answer without data',
      watching([
        {
          seen: [
            [15, 'Successful', '1'],
            [5, 'Inconclusive'],
          ],
        },
      ]),
      15,
      15,
    ],
    ['one that is inconclusive with a value is', watching([{ seen: [[5, 'Inconclusive', '1']] }]), 25, 5],
    ['noData: Pass says that nothing is enough', watching([{ seen: [[5, 'Successful']] }]), 25, 5],
    ['noData: Fail says so, too', watching([{ seen: [[5, 'Failed']] }]), 25, 5],
    [
      'of several metrics the blindest counts',
      watching([{ seen: [[5, 'Successful', '1']] }, { seen: [[20, 'Successful', '1']] }]),
      10,
      20,
    ],
    [
      'each with its own patience: a slow metric makes no fast one patient',
      watching([{ interval: '60s', seen: [[5, 'Successful', '1']] }, { seen: [[20, 'Successful', '1']] }]),
      10,
      20,
    ],
    [
      'nor does a fast one make a slow one hasty',
      watching([{ interval: '60s', seen: [[100, 'Successful', '1']] }, { seen: [[20, 'Successful', '1']] }]),
      10,
      100,
      { metric: 'm1', ago: 20 },
    ],
    [
      'and a fast one that sees keeps no slow one fresh',
      watching([{ interval: '60s', seen: [[175, 'Successful', '1']] }, { seen: [[0, 'Successful', '1']] }]),
      5,
      175,
      { metric: 'm0', ago: 175 },
    ],
    [
      'dry runs do not count',
      watching([{ seen: [[5, 'Successful', '1']] }, { interval: '1h', dryRun: true }]),
      25,
      5,
    ],
    ['before the first measurement from its start', watching([{}], { startedAgo: 10 }), 20, undefined],
    ['and from its initial delay', watching([{ initialDelay: '40s' }], { startedAgo: 10 }), 60, undefined],
    [
      'and from a window that is long enough',
      watching([{ query: 'rate(x[{{window}}])', minWindow: '50s' }], { startedAgo: 10 }),
      70,
      undefined,
    ],
    [
      'a run that did not begin from its creation',
      watching([{}], { startedAgo: 10, isStarted: false }),
      20,
      undefined,
    ],
  ];
  test.each(rows)('%s', (_title, run, staleIn, measuredAgo, first) => {
    const { first: found, ...freshness } = freshnessOf(run);
    if (first) expect(found).toEqual({ metric: first.metric, measuredAt: NOW - first.ago * 1_000 });
    expect(freshness).toEqual({
      staleAt: NOW + staleIn * 1_000,
      measuredAt: measuredAgo === undefined ? undefined : NOW - measuredAgo * 1_000,
    });
  });
});

test.each<[title: string, told: Partial<Measurement>]>([
  ['without data, whatever came back', { value: 'NaN', withoutData: true }],
  ['of a part of the data', { value: '0', reason: 'PartialData' }],
])('a measurement %s is no news', (_title, told) => {
  const run = watching([{ seen: [[5, 'Inconclusive', '1']] }]);
  const [result] = run.status?.metricResults ?? [];
  const [measurement] = result?.measurements ?? [];
  if (!measurement) throw new Error('the run has a measurement');
  Object.assign(measurement, told);
  expect(freshnessOf(run).measuredAt).toBe(undefined);
});
