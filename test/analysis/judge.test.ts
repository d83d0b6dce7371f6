import { describe, expect, test } from 'vitest';
import { isFinished, judgeRun, newResult, recordMeasurement } from '../../src/analysis/judge.ts';
import type { AnalysisPhase, Measurement, MetricResult } from '../../src/api/analysis-run.ts';
import { ANALYSIS_PHASES } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { resolved, resolvedBare, START } from './examples.ts';
import { ANSWERS, measurementOf, recordAll } from './recorded.ts';

const both = { successCondition: 'value >= 0.95', failureCondition: 'value < 0.9', interval: '10s' };
const SUCCESS = 'success-rate 0.99 satisfies value >= 0.95';
const FAILURE = 'success-rate 0.5 meets the failure condition value < 0.9';
const NEITHER =
  'success-rate 0.92 neither satisfies value >= 0.95 nor meets the failure condition value < 0.9';
const TIMEOUT =
  'success-rate could not be measured for value >= 0.95 and the failure condition value < 0.9: no answer in 10s';
const EMPTY =
  'success-rate has no data for value >= 0.95 and the failure condition value < 0.9: the query returned nothing';

describe('the phase of a metric, and the sentence that goes with it', () => {
  test.each<
    [
      title: string,
      fields: Partial<Metric>,
      letters: string,
      phase: AnalysisPhase,
      message: string | undefined,
    ]
  >([
    ['goes on until count is reached', { count: 3 }, 'SS', 'Running', undefined],
    [
      'is Successful when count is reached',
      { count: 3 },
      'SSS',
      'Successful',
      `${SUCCESS}; 3 of 3 measured, 0 failed, failureLimit 0`,
    ],
    [
      'fails at the first failure by default',
      { count: 3 },
      'SF',
      'Failed',
      `${FAILURE}; 1 failed, failureLimit 0`,
    ],
    [
      'tolerates as many failures as the limit says',
      { count: 5, failureLimit: 2 },
      'FSF',
      'Running',
      undefined,
    ],
    [
      'fails when the limit is exceeded in all, not in a row',
      { count: 5, failureLimit: 2 },
      'FSFSF',
      'Failed',
      `${FAILURE}; 3 failed, failureLimit 2`,
    ],
    [
      'passes with tolerated failures',
      { count: 4, failureLimit: 1 },
      'SFSS',
      'Successful',
      `${SUCCESS}; 4 of 4 measured, 1 failed, failureLimit 1`,
    ],
    [
      'tolerates failures that are not in a row (row 8)',
      { count: 6, failureLimit: -1, consecutiveFailureLimit: 1 },
      'FSFSF',
      'Running',
      undefined,
    ],
    [
      'fails when too many failures are in a row (row 8)',
      { count: 6, failureLimit: -1, consecutiveFailureLimit: 1 },
      'FSFF',
      'Failed',
      `${FAILURE}; 2 failed in a row, consecutiveFailureLimit 1`,
    ],
    [
      'an inconclusive measurement breaks a row of failures',
      { count: 9, failureLimit: -1, consecutiveFailureLimit: 1, inconclusiveLimit: 5 },
      'FIFI',
      'Running',
      undefined,
    ],
    [
      'is Inconclusive at the first inconclusive one by default',
      { count: 3 },
      'SI',
      'Inconclusive',
      `${NEITHER}; 1 inconclusive, inconclusiveLimit 0`,
    ],
    ['tolerates inconclusive ones', { count: 4, inconclusiveLimit: 2 }, 'SISI', 'Successful', undefined],
    ['errors use up no count (row 6)', { count: 2 }, 'SEEEE', 'Running', undefined],
    [
      'an Error that passes by itself does no harm (row 6)',
      { count: 2 },
      'SEEEES',
      'Successful',
      `${SUCCESS}; 2 of 2 measured, 0 failed, failureLimit 0`,
    ],
    [
      'five errors in a row are an Error (row 6)',
      { count: 2 },
      'SEEEEE',
      'Error',
      `${TIMEOUT}; 5 errors in a row, consecutiveErrorLimit 4`,
    ],
    ['any answer breaks the row of errors', { count: 9 }, 'EEEESEEEE', 'Running', undefined],
    [
      'an Error at once where none is tolerated',
      { count: 2, consecutiveErrorLimit: 0 },
      'E',
      'Error',
      `${TIMEOUT}; 1 error in a row, consecutiveErrorLimit 0`,
    ],
    [
      'a row of successes completes it early',
      { count: 9, consecutiveSuccessLimit: 2, failureLimit: 2 },
      'SFSS',
      'Successful',
      `${SUCCESS}; 2 successful in a row, consecutiveSuccessLimit 2`,
    ],
    [
      'an Error breaks the row of successes',
      { count: 9, consecutiveSuccessLimit: 2 },
      'SES',
      'Running',
      undefined,
    ],
    [
      'a row of successes that was missed is Inconclusive',
      { count: 3, consecutiveSuccessLimit: 2, failureLimit: 1 },
      'SFS',
      'Inconclusive',
      `${SUCCESS}; 3 of 3 measured, 1 successful in a row at the end, consecutiveSuccessLimit 2 not reached`,
    ],
    [
      'and Failed where no failure limit is on',
      { count: 3, consecutiveSuccessLimit: 2, failureLimit: -1 },
      'SFF',
      'Failed',
      `${FAILURE}; 3 of 3 measured, 0 successful in a row at the end, consecutiveSuccessLimit 2 not reached`,
    ],
    [
      'no data is Inconclusive by default (row 3)',
      { count: 3 },
      'N',
      'Inconclusive',
      `${EMPTY}; 1 inconclusive, inconclusiveLimit 0`,
    ],
    [
      'no data fails where it is told to (row 3)',
      { count: 3, noData: 'Fail' },
      'N',
      'Failed',
      `${EMPTY} (noData: Fail); 1 failed, failureLimit 0`,
    ],
    [
      'no data that waits never decides (row 3)',
      { count: 1, noData: 'Wait' },
      'N'.repeat(50),
      'Running',
      undefined,
    ],
    [
      'no data that waits uses up no count',
      { count: 2, noData: 'Wait' },
      'NSNNS',
      'Successful',
      `${SUCCESS}; 2 of 2 measured, 0 failed, failureLimit 0`,
    ],
    [
      'no data that waits breaks no row',
      { count: 5, noData: 'Wait', consecutiveSuccessLimit: 2 },
      'SNS',
      'Successful',
      `${SUCCESS}; 2 successful in a row, consecutiveSuccessLimit 2`,
    ],
    [
      'what passes without data says so',
      { count: 2, noData: 'Pass' },
      'NN',
      'Successful',
      `${EMPTY} (noData: Pass); 2 of 2 measured, 0 failed, failureLimit 0; passed without data`,
    ],
    [
      'what passes with some data needs not say so',
      { count: 2, noData: 'Pass' },
      'NS',
      'Successful',
      `${SUCCESS}; 2 of 2 measured, 0 failed, failureLimit 0`,
    ],
    ['an endless metric goes on', {}, 'S'.repeat(100), 'Running', undefined],
  ])('%s', (_title, fields, letters, phase, message) => {
    const result = recordAll(resolvedBare({ ...both, ...fields }), letters);
    expect(result.phase).toBe(phase);
    if (message !== undefined || phase === 'Running') expect(result.message).toBe(message);
  });

  test('a metric without any data is at best Inconclusive, whatever its limits say', () => {
    const metric = { ...resolvedBare({ ...both, count: 1 }), inconclusiveLimit: 9 };
    const result = recordAll(metric, 'N');
    expect(result.phase).toBe('Inconclusive');
    expect(result.message).toBe(
      `${EMPTY}; 1 of 1 measured, 0 failed, failureLimit 0; no measurement had data`,
    );
  });

  test('Failed > Error > Inconclusive inside a metric (row 1)', () => {
    const metric = resolved();
    const breached = {
      ...newResult(metric),
      failed: 1,
      consecutiveError: 4,
      inconclusive: 1,
      nextSequence: 6,
    };
    const { measurement } = measurementOf(metric, ANSWERS.E, 6);
    const record = (fields: Partial<MetricResult>) =>
      recordMeasurement({ ...breached, ...fields }, metric, measurement, false).phase;
    expect(record({})).toBe('Failed');
    expect(record({ failed: 0 })).toBe('Error');
    expect(record({ failed: 0, consecutiveError: 0 })).toBe('Inconclusive');
  });
});

describe('a measurement is recorded once', () => {
  const metric = resolvedBare({ ...both, count: 30, failureLimit: 29 });

  test('counters say what was measured', () => {
    const { measurements, ...counters } = recordAll(
      resolvedBare({ ...both, count: 30, failureLimit: 9, inconclusiveLimit: 9 }),
      'SSFIESS',
    );
    expect(counters).toEqual({
      name: 'success-rate',
      phase: 'Running',
      count: 6,
      successful: 4,
      failed: 1,
      inconclusive: 1,
      error: 1,
      consecutiveSuccess: 2,
      consecutiveFailure: 0,
      consecutiveError: 0,
      nextSequence: 7,
      withData: 6,
    });
    expect(measurements.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test.each([0, 1, 3, 99, -1])('sequence %i out of turn changes nothing', (sequence) => {
    const result = recordAll(metric, 'SF');
    const { measurement, hasData } = measurementOf(metric, ANSWERS.F, sequence);
    expect(recordMeasurement(result, metric, measurement, hasData)).toBe(result);
  });

  test('nothing is recorded after the end', () => {
    const short = resolvedBare({ ...both, count: 1 });
    const result = recordAll(short, 'S');
    const { measurement, hasData } = measurementOf(short, ANSWERS.F, 1);
    expect(recordMeasurement(result, short, measurement, hasData)).toBe(result);
  });

  test('the newest 20 are kept', () => {
    const result = recordAll(metric, 'F'.repeat(25));
    expect(result.failed).toBe(25);
    expect(result.measurements.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 5),
    );
  });

  test('of the successes before the last one only their values are kept', () => {
    const { measurements } = recordAll(metric, 'SSFS');
    const fields = ({ outcome, ...rest }: Measurement) =>
      [outcome, ...Object.keys(rest).toSorted()].join(' ');
    const outline = 'Successful finishedAt sequence value';
    const full = 'finishedAt message reason samples sequence startedAt value';
    expect(measurements.map(fields)).toEqual([outline, outline, `Failed ${full}`, `Successful ${full}`]);
  });

  test('a success tells all until there is a newer one', () => {
    const { measurements } = recordAll(metric, 'SF');
    expect(measurements.map(({ message }) => message !== undefined)).toEqual([true, true]);
  });

  test('long texts are cut, so that fifty metrics fit into one object', () => {
    const { measurement } = measurementOf(metric, { ...ANSWERS.E, message: 'x'.repeat(9_999) }, 0);
    const [kept] = recordMeasurement(
      newResult(metric),
      metric,
      { ...measurement, query: 'y'.repeat(9_999) },
      false,
    ).measurements;
    expect([kept?.message?.length, kept?.query?.length]).toEqual([500, 600]);
  });
});

describe('the phase of a run', () => {
  const first = resolvedBare({ ...both, name: 'first', count: 2 });
  const second = resolvedBare({ ...both, name: 'second', count: 2 });
  const facts = { now: START, startedAt: START, maxDurationMs: 60_000, terminate: false };
  const judge = (letters: [string, string], changes: Partial<typeof facts> = {}) => {
    const judged = judgeRun([first, second], [recordAll(first, letters[0]), recordAll(second, letters[1])], {
      ...facts,
      ...changes,
    });
    return [judged.phase, ...judged.results.map(({ phase }) => phase)];
  };

  test.each<
    [title: string, letters: [string, string], changes: Partial<typeof facts>, phases: AnalysisPhase[]]
  >([
    ['goes on while one goes on', ['SS', 'S'], {}, ['Running', 'Successful', 'Running']],
    ['is Successful when all are', ['SS', 'SS'], {}, ['Successful', 'Successful', 'Successful']],
    [
      'fails with the first failure, and cancels the rest (row 7)',
      ['F', 'S'],
      {},
      ['Failed', 'Failed', 'Cancelled'],
    ],
    ['cancels what has not begun', ['', 'F'], {}, ['Failed', 'Cancelled', 'Failed']],
    ['keeps what was finished', ['SS', 'F'], {}, ['Failed', 'Successful', 'Failed']],
    ['Failed is worse than Error (row 1)', ['EEEEE', 'F'], {}, ['Failed', 'Error', 'Failed']],
    ['Error is worse than Inconclusive (row 1)', ['I', 'EEEEE'], {}, ['Error', 'Inconclusive', 'Error']],
    [
      'Inconclusive is worse than Successful (row 1)',
      ['SS', 'I'],
      {},
      ['Inconclusive', 'Successful', 'Inconclusive'],
    ],
    [
      'ends at maxDuration as Inconclusive (row 11)',
      ['SS', 'S'],
      { now: START + 60_000 },
      ['Inconclusive', 'Successful', 'Inconclusive'],
    ],
    ['does not end before', ['SS', 'S'], { now: START + 59_999 }, ['Running', 'Successful', 'Running']],
    [
      'a failure in the last moment is a failure',
      ['F', 'S'],
      { now: START + 60_000 },
      ['Failed', 'Failed', 'Cancelled'],
    ],
    [
      'a success in the last moment is one',
      ['SS', 'SS'],
      { now: START + 60_000 },
      ['Successful', 'Successful', 'Successful'],
    ],
    [
      'is Cancelled when it is told to end (row 5)',
      ['SS', 'S'],
      { terminate: true },
      ['Cancelled', 'Successful', 'Cancelled'],
    ],
    ['a failure counts all the same', ['F', 'S'], { terminate: true }, ['Failed', 'Failed', 'Cancelled']],
    ['so does a success', ['SS', 'SS'], { terminate: true }, ['Successful', 'Successful', 'Successful']],
  ])('%s', (_title, letters, changes, phases) => {
    expect(judge(letters, changes)).toEqual(phases);
  });

  test('every phase that ends something says why (row 10)', () => {
    const judged = judgeRun([first, second], [recordAll(first, 'S'), recordAll(second, 'F')], facts);
    const failure = 'second 0.5 meets the failure condition value < 0.9; 1 failed, failureLimit 0';
    expect(judged.message).toBe(failure);
    expect(judged.results.map(({ message }) => message)).toEqual([
      'first 0.99 satisfies value >= 0.95; 1 of 2 measured, 0 failed, failureLimit 0; cancelled, because second ended as Failed',
      failure,
    ]);
  });

  test('also when nothing was measured', () => {
    const judged = judgeRun([first], [newResult(first)], { ...facts, now: START + 60_000 });
    expect(judged.message).toBe(
      'first was never measured for value >= 0.95 and the failure condition value < 0.9; ' +
        '0 of 2 measured, 0 failed, failureLimit 0; not finished within maxDuration 1m',
    );
  });

  test('a success names all that it rests on', () => {
    const judged = judgeRun([first, second], [recordAll(first, 'SS'), recordAll(second, 'SS')], facts);
    expect(judged.message).toBe(
      'first 0.99 satisfies value >= 0.95; 2 of 2 measured, 0 failed, failureLimit 0 | ' +
        'second 0.99 satisfies value >= 0.95; 2 of 2 measured, 0 failed, failureLimit 0',
    );
  });

  test('a cancelled metric never passes a run (row 5)', () => {
    const cancelled = { ...newResult(second), phase: 'Cancelled' as const };
    expect(judgeRun([first, second], [recordAll(first, 'SS'), cancelled], facts).phase).toBe('Cancelled');
  });
});

test('only Pending and Running can be followed by something', () => {
  expect(ANALYSIS_PHASES.filter((phase) => !isFinished(phase))).toEqual(['Pending', 'Running']);
});
