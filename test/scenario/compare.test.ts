import { describe, expect, test } from 'vitest';
import type { Answered } from '../../src/analysis/measure-job.ts';
import type { SampleValue } from '../../src/analysis/query-answer.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { compare } from '../../src/scenario/compare.ts';
import { type PlayedRun, playRun } from '../../src/scenario/play-run.ts';
import type { Expectation, Scenario } from '../../src/scenario/scenario-file.ts';
import { type PlacedScenario, placeScenario } from '../../src/scenario/scenario-run.ts';

const START = Date.UTC(2001, 0, 1);
const expectation: Expectation = { verdict: 'Successful' };

function placed(metric: Partial<Metric>, scenario: Partial<Scenario> = {}): PlacedScenario {
  const template = {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 't' },
    spec: { metrics: [{ name: 'm', query: 'up', successCondition: 'value < 1', ...metric }] },
  };
  const placing = placeScenario(
    { name: 's', template: 't', expect: expectation, ...scenario },
    template,
    START,
  );
  if (!placing.ok) throw new Error(JSON.stringify(placing.faults));
  return placing.placed;
}

/** Plays the run; the n-th query is answered with the n-th value, and notes when it was asked. */
function play(
  { run, startedAt }: PlacedScenario,
  answers: (SampleValue | undefined)[],
  asked: number[] = [],
): PlayedRun {
  const playing = playRun(run, startedAt);
  let turn = playing.next();
  while (!turn.done) {
    turn = playing.next(
      turn.value.jobs.map(({ evaluateAt, questions }): Answered[] => {
        const value = answers[asked.length];
        asked.push((evaluateAt - startedAt) / 1_000);
        const values = value === undefined ? [] : [value];
        return questions.map(({ name }) => ({ name, answer: { kind: 'samples', values, warnings: [] } }));
      }),
    );
  }
  return turn.value;
}

describe('a played run', () => {
  test('is measured at the moments that its template names, without jitter', () => {
    const asked: number[] = [];
    const played = play(placed({ interval: '7s', initialDelay: '3s', count: 4 }), [0, 0, 0, 0], asked);
    expect(asked).toEqual([3, 10, 17, 24]);
    expect([played.status.phase, played.durationMs]).toEqual(['Successful', 24_000]);
  });

  test('keeps every measurement, also those that a status drops', () => {
    const values = new Array<number>(50).fill(0.5);
    const played = play(placed({ interval: '1s', count: 50 }), values);
    expect(played.status.metricResults[0]?.measurements.length).toBe(20);
    expect(played.measurements.get('m')?.map(({ sequence }) => sequence)).toEqual(
      values.map((_, index) => index),
    );
  });

  test('ends at its maxDuration when it only waits', () => {
    const played = play(placed({ interval: '10s', count: 1, noData: 'Wait' }, { maxDuration: '95s' }), []);
    expect([played.status.phase, played.durationMs]).toEqual(['Inconclusive', 95_000]);
  });
});

describe('a scenario at its place in time', () => {
  test('has its samples from its history on, without those that are missing', () => {
    const { series } = placed(
      {},
      { interval: '10s', history: '20s', series: [{ series: 'up{a="b"}', values: '1 _ stale 0.5' }] },
    );
    expect(series).toEqual([
      {
        labels: { __name__: 'up', a: 'b' },
        samples: [
          [START - 20_000, 1],
          [START, 'stale'],
          [START + 10_000, 0.5],
        ],
      },
    ]);
  });

  test('refuses a series that is there twice, however its labels are ordered', () => {
    expect(() =>
      placed(
        {},
        {
          series: [
            { series: 'up{a="1",b="2"}', values: '1' },
            { series: 'up{b="2",a="1"}', values: '2' },
          ],
        },
      ),
    ).toThrow('[{"path":"series[1].series","message":"this series is there twice"}]');
  });
});

describe('an expectation', () => {
  const played = play(placed({ interval: '10s', count: 3, failureLimit: 1 }), [0.1 + 0.2, 2, 0.9999999]);
  const verdict = 'Successful';

  test.each<[string, Expectation]>([
    ['the verdict alone', { verdict }],
    ['the moment', { verdict, at: '20s' }],
    ['the moment in other words', { verdict, at: '0m20s' }],
    ['a part of the message', { verdict, message: 'satisfies value < 1' }],
    [
      'a metric',
      {
        verdict,
        metrics: {
          m: { phase: 'Successful', outcomes: ['Successful', 'Failed', 'Successful'], value: 0.9999999 },
        },
      },
    ],
    ['a value up to one part in a million', { verdict, metrics: { m: { value: 1 } } }],
    ['a value as text', { verdict, metrics: { m: { value: '0.9999999' } } }],
  ])('holds: %s', (_, expected) => {
    expect(compare(expected, played)).toEqual([]);
  });

  test.each<[string, Expectation, [string, string, string][]]>([
    ['the verdict', { verdict: 'Failed' }, [['verdict', 'Failed', 'Successful']]],
    ['the moment', { verdict, at: '19s' }, [['at', '19s', '20s']]],
    ['the message', { verdict, message: 'nope' }, [['message', '… nope …', played.status.message ?? '']]],
    [
      'no such metric',
      { verdict, metrics: { other: {} } },
      [['metrics.other', 'a metric of this name', 'only m']],
    ],
    [
      'a phase',
      { verdict, metrics: { m: { phase: 'Failed' } } },
      [['metrics.m.phase', 'Failed', 'Successful']],
    ],
    [
      'outcomes',
      { verdict, metrics: { m: { outcomes: ['Successful'] } } },
      [['metrics.m.outcomes', '[Successful]', '[Successful, Failed, Successful]']],
    ],
    [
      'a value that is off',
      { verdict, metrics: { m: { value: 0.99999 } } },
      [['metrics.m.value', '0.99999', '0.9999999']],
    ],
    [
      'a value where there is one',
      { verdict, metrics: { m: { value: null } } },
      [['metrics.m.value', 'none', '0.9999999']],
    ],
  ])('does not hold: %s', (_, expected, differences) => {
    expect(compare(expected, played).map(({ field, expected, got }) => [field, expected, got])).toEqual(
      differences,
    );
  });

  test.each<[SampleValue | undefined, string | number | null, boolean]>([
    [undefined, null, true],
    [undefined, 0, false],
    ['NaN', 'NaN', true],
    ['NaN', 0, false],
    ['+Inf', Infinity, true],
    ['+Inf', '+Inf', true],
    ['-Inf', '+Inf', false],
    [1e9, 1e9 + 100, true],
    [0, 1e-9, false],
  ])('of the value %s to be %s is %s', (measured, value, holds) => {
    const one = play(placed({ noData: 'Pass' }), [measured]);
    const expected: Expectation = {
      verdict: one.status.phase as Expectation['verdict'],
      metrics: { m: { value } },
    };
    expect(compare(expected, one).length === 0).toBe(holds);
  });
});
