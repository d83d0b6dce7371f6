import { describe, expect, test } from 'vitest';
import { decideOutage, isFailing, resultsOf, type SourceResult } from '../../src/analysis/source-outage.ts';
import type { AnalysisRun, Measurement } from '../../src/api/analysis-run.ts';
import type { Outage } from '../../src/api/metric-source.ts';
import { formatTime, parseTime } from '../../src/api/timestamp.ts';
import { metric, runOf, START } from './examples.ts';

const at = (seconds: number) => START + seconds * 1_000;

/** `a-10` failed Rollout a at 10 s, `a+20` was an answer to it; `-10` and `+20` were runs made by hand. */
function results(...texts: string[]): SourceResult[] {
  return texts.map((text) => {
    const [, name = '', sign, seconds] = /^([a-z]*)([+-])(\d+)$/.exec(text) ?? [];
    return {
      rollout: name === '' ? undefined : `shop/${name}`,
      at: at(Number(seconds)),
      fault: sign === '-' ? { reason: 'Timeout', message: `late at ${seconds}` } : undefined,
    };
  });
}

const open = (...rollouts: string[]): Outage => ({
  since: formatTime(at(10)),
  reason: 'Timeout',
  message: 'late',
  rollouts: rollouts.map((name) => `shop/${name}`),
});
const over: Outage = { ...open('a', 'b'), endedAt: formatTime(at(100)) };

/** `since 10: a, b`, `over at 35`, or `none`. */
function shown(outage: Outage | undefined): string {
  if (!outage) return 'none';
  const seconds = (text: string) => ((parseTime(text) ?? 0) - START) / 1_000;
  if (outage.endedAt) return `over at ${seconds(outage.endedAt)}`;
  return `since ${seconds(outage.since)}: ${outage.rollouts.map((key) => key.replace('shop/', '')).join(', ')}`;
}

describe('a source is down', () => {
  test.each<[title: string, given: SourceResult[], now: number, is: string]>([
    ['when it failed several Rollouts', results('a-10', 'b-12'), 12, 'since 10: a, b'],
    ['and not when it failed one', results('a-10', 'a-12'), 12, 'none'],
    ['nor one beside what people run by hand', results('a-10', '-12', '-13'), 13, 'none'],
    ['after its last answer, whoever got that', results('a-10', 'b-12', 'c+11'), 12, 'none'],
    ['an answer to nobody in particular counts', results('a-10', 'b-12', '+13'), 13, 'none'],
    ['older answers do not', results('a-10', 'b-12', 'a+5', 'c+9'), 12, 'since 10: a, b'],
    ['what was an hour ago tells nothing', results('a-10', 'b-12'), 3_611, 'none'],
    ['nothing is known', [], 12, 'none'],
  ])('%s', (_title, given, now, is) => {
    expect(shown(decideOutage(undefined, given, at(now)).outage)).toBe(is);
  });

  test('it keeps the newest fault, and is looked at again when it would be forgotten', () => {
    expect(decideOutage(undefined, results('a-10', 'b-12'), at(12))).toEqual({
      outage: {
        since: formatTime(at(10)),
        reason: 'Timeout',
        message: 'late at 12',
        rollouts: ['shop/a', 'shop/b'],
      },
      wakeAt: at(3_612),
    });
  });
});

describe('a source that is down', () => {
  test.each<[title: string, before: Outage, given: SourceResult[], now: number, is: string, wakeAt?: number]>(
    [
      ['stays so without an answer', open('a', 'b'), results('a-20', 'b-12'), 30, 'since 10: a, b', 3_620],
      ['takes in others', open('a', 'b'), results('c-20'), 30, 'since 10: a, b, c', 3_620],
      ['stays so where nobody asks it', open('a', 'b'), [], 30, 'since 10: a, b', 3_610],
      ['is not back by an older answer', open('a', 'b'), results('a+9', 'b-12'), 30, 'since 10: a, b', 3_612],
      ['nor by one just after a fault', open('a', 'b'), results('a+21', 'b-20'), 21, 'since 10: a, b', 35],
      ['nor by one before it', open('a', 'b'), results('a+19', 'b-20'), 40, 'since 10: a, b', 3_620],
      ['is back when no fault came for a while', open('a', 'b'), results('a+21', 'b-20'), 35, 'over at 35'],
      ['is forgotten after an hour of nothing', open('a', 'b'), results('a-20'), 3_620, 'none'],
    ],
  )('%s', (_title, before, given, now, is, wakeAt) => {
    const decision = decideOutage(before, given, at(now));
    expect([shown(decision.outage), decision.wakeAt]).toEqual([
      is,
      wakeAt === undefined ? undefined : at(wakeAt),
    ]);
  });
});

describe('a source that was down', () => {
  test.each<[title: string, given: SourceResult[], is: string]>([
    ['stays as it was', results('a+110', 'b+111'), 'over at 100'],
    ['is not down for faults of before', results('a-90', 'b-95'), 'over at 100'],
    ['is down again by new ones', results('a-110', 'b-112'), 'since 110: a, b'],
    ['of several', results('a-110', 'b+109'), 'over at 100'],
  ])('%s', (_title, given, is) => {
    expect(shown(decideOutage(over, given, at(120)).outage)).toBe(is);
  });
});

describe('what a run tells of its sources', () => {
  const measured = (
    seconds: number,
    outcome: Measurement['outcome'],
    reason: string,
    query: string | undefined = 'up',
  ): Measurement => ({
    sequence: seconds,
    outcome,
    reason,
    message: reason,
    ...(query !== '' && { query }),
    startedAt: formatTime(at(seconds)),
    finishedAt: formatTime(at(seconds)),
  });

  function runWith(measurements: Measurement[], owner = true): AnalysisRun {
    const run: AnalysisRun = runOf({ metrics: [metric(), metric({ name: 'other', source: 'other' })] });
    const result = { ...run.status?.metricResults[0], name: 'success-rate', phase: 'Running', measurements };
    const status = { phase: 'Running', metricResults: [result] } as unknown as AnalysisRun['status'];
    const ownerReferences = [
      { apiVersion: 'rollouts.kruise.io/v1beta1', kind: 'Rollout', name: 'a', uid: 'u', controller: true },
    ];
    const metadata = { ...run.metadata, ...(owner && { ownerReferences }) };
    return { ...run, metadata, status };
  }

  function told(measurements: Measurement[], source = 'default', owner = true): string[] {
    return resultsOf(source, [runWith(measurements, owner)]).map(
      ({ rollout, at: when, fault }) => `${rollout ?? ''}${fault ? '-' : '+'}${(when - START) / 1_000}`,
    );
  }

  test.each<[title: string, measurements: Measurement[], told: string[]]>([
    ['an answer', [measured(10, 'Successful', 'SuccessConditionMet')], ['shop/a+10']],
    ['a bad value is an answer', [measured(10, 'Failed', 'SuccessConditionNotMet')], ['shop/a+10']],
    ['no data is one', [measured(10, 'Inconclusive', 'NoData')], ['shop/a+10']],
    ['a bad query is one', [measured(10, 'Error', 'BadQuery')], ['shop/a+10']],
    ['a fault', [measured(10, 'Error', 'Unreachable')], ['shop/a-10']],
    ['who may not ask knows nothing', [measured(10, 'Error', 'Forbidden')], []],
    ['nor does who did not ask', [measured(10, 'Inconclusive', 'NoPods', '')], []],
    [
      'the newest, and the newest fault',
      [
        measured(10, 'Error', 'Timeout'),
        measured(20, 'Error', 'Timeout'),
        measured(30, 'Successful', 'SuccessConditionMet'),
      ],
      ['shop/a+30', 'shop/a-20'],
    ],
    [
      'the newest alone where it is one',
      [measured(10, 'Successful', 'SuccessConditionMet'), measured(20, 'Error', 'Timeout')],
      ['shop/a-20'],
    ],
    ['nothing yet', [], []],
  ])('%s', (_title, measurements, expected) => {
    expect(told(measurements)).toEqual(expected);
  });

  test('of another source, nothing', () => {
    expect(told([measured(10, 'Error', 'Timeout')], 'other')).toEqual([]);
  });

  test('a run made by hand is nobody’s', () => {
    expect(told([measured(10, 'Error', 'Timeout')], 'default', false)).toEqual(['-10']);
  });

  test('it is failing by its newest alone', () => {
    const [good, bad] = [measured(10, 'Successful', 'SuccessConditionMet'), measured(20, 'Error', 'Timeout')];
    expect(isFailing('default', runWith([good, bad]))).toBe(true);
    expect(isFailing('default', runWith([bad, { ...good, finishedAt: formatTime(at(30)) }]))).toBe(false);
    expect(isFailing('default', runWith([]))).toBe(false);
  });
});
