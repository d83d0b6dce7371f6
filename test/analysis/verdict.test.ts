import { describe, expect, test } from 'vitest';
import { resolveArguments } from '../../src/analysis/arguments.ts';
import { checkArguments, checkRun, checkTemplate } from '../../src/analysis/check-template.ts';
import { decideRun } from '../../src/analysis/decide-run.ts';
import { deliver, type InFlight } from '../../src/analysis/in-flight.ts';
import { type JudgeFacts, judgeRun, newResult } from '../../src/analysis/judge.ts';
import { assess } from '../../src/analysis/measure.ts';
import { mergeTemplates } from '../../src/analysis/nested-templates.ts';
import { resolveQuery } from '../../src/analysis/placeholders.ts';
import type { QueryAnswer, SampleValue } from '../../src/analysis/query-answer.ts';
import { resolveMetrics } from '../../src/analysis/resolve-metric.ts';
import type { AnalysisPhase } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import { combineRuns } from '../../src/rollout/combine-runs.ts';
import { answersTo, bareMetric, metric, only, resolvedBare, runOf, START } from './examples.ts';
import { recordAll } from './recorded.ts';

const both = { successCondition: 'value >= 0.95', failureCondition: 'value < 0.9', interval: '10s' };
const down: QueryAnswer = { kind: 'fault', reason: 'Unreachable', message: 'no route', retryable: true };
const samples = (...values: SampleValue[]): QueryAnswer => ({ kind: 'samples', values, warnings: [] });

/** S success, F failure, I inconclusive, E error, N no data: the phase of a metric after these answers. */
function phaseAfter(letters: string, fields: Partial<Metric> = {}): AnalysisPhase {
  return recordAll(resolvedBare({ ...both, ...fields }), letters).phase;
}

/** The phase of a run and of each of its metrics, given the answers of each; the metrics are called a, b, c … */
function runAfter(metrics: [letters: string, fields?: Partial<Metric>][], facts: Partial<JudgeFacts> = {}) {
  const resolved = metrics.map(([, fields], index) =>
    resolvedBare({ ...both, name: String.fromCharCode(97 + index), count: 2, ...fields }),
  );
  const results = resolved.map((each, index) => recordAll(each, metrics[index]?.[0] ?? ''));
  return judgeRun(resolved, results, {
    now: START,
    startedAt: START,
    maxDurationMs: 60_000,
    terminate: false,
    ...facts,
  });
}

const phasesAfter = (...args: Parameters<typeof runAfter>) => {
  const { phase, results } = runAfter(...args);
  return [phase, ...results.map((result) => result.phase)].join(' ');
};

const faultsOf = (fields: Partial<Metric>) =>
  checkTemplate({ metrics: [bareMetric(fields)] }).map(({ path, message }) => `${path}: ${message}`);

describe('the differences to Argo Rollouts, row by row', () => {
  describe('1: one order of severity everywhere: Failed > Error > Inconclusive > Successful', () => {
    test.each<[title: string, letters: string, fields: Partial<Metric>, phase: AnalysisPhase]>([
      ['a failure that breaches is worse than errors before it', 'EEF', { count: 9 }, 'Failed'],
      [
        'errors that breach are worse than tolerated inconclusive ones',
        'IIEE',
        { count: 9, inconclusiveLimit: 2, consecutiveErrorLimit: 1 },
        'Error',
      ],
      ['an inconclusive one that breaches is worse than successes', 'SSI', { count: 9 }, 'Inconclusive'],
    ])('inside a metric: %s', (_title, letters, fields, phase) => {
      expect(phaseAfter(letters, fields)).toBe(phase);
    });

    test.each<[letters: [string, string], phases: string]>([
      [['EEEEE', 'F'], 'Failed Error Failed'],
      [['I', 'F'], 'Failed Inconclusive Failed'],
      [['I', 'EEEEE'], 'Error Inconclusive Error'],
      [['SS', 'I'], 'Inconclusive Successful Inconclusive'],
      [['SS', 'SS'], 'Successful Successful Successful'],
    ])('between metrics: %j', ([a, b], phases) => {
      expect(phasesAfter([[a], [b]])).toBe(phases);
    });
  });

  test('2: a metric needs a condition or a judge; without one it is rejected at admission', () => {
    expect(faultsOf({})).toEqual([
      'spec.metrics[0]: a metric needs a successCondition or a failureCondition, such as `value >= 0.95`',
    ]);
    const arms = { canary: 'a', stable: 'b' };
    expect(faultsOf({ query: undefined, interval: '10s', sequential: { histogram: arms } })).toEqual([]);
    expect(faultsOf({ query: undefined, range: { window: '5m', step: '15s' }, mannWhitney: arms })).toEqual(
      [],
    );
  });

  test.each<[title: string, values: SampleValue[], fields: Partial<Metric>]>([
    ['an empty result', [], {}],
    ['NaN', ['NaN'], {}],
    ['an empty result, though every number would pass', [], { failureCondition: 'value > 1e300' }],
    ['NaN, though it would pass for not being above', ['NaN'], { failureCondition: 'value > 5' }],
    ['NaN, though all of no values are below', ['NaN', 'NaN'], { failureCondition: 'max(values) > 5' }],
  ])('3: %s is no data and goes to noData; no expression sees it', (_title, values, fields) => {
    const judge = (noData: Metric['noData']) => {
      const conditions = Object.keys(fields).length > 0 ? fields : both;
      return assess(resolvedBare({ ...conditions, noData }), samples(...values));
    };
    expect(
      [undefined, 'Wait', 'Pass', 'Fail'].map((noData) => judge(noData as Metric['noData']).outcome),
    ).toEqual(['Inconclusive', 'Inconclusive', 'Successful', 'Failed']);
    expect(judge(undefined)).toMatchObject({ reason: 'NoData', hasData: false });
  });

  test.each<[fields: Partial<Metric>, field: string]>([
    [{ count: 3, failureLimit: 3 }, 'failureLimit'],
    [{ count: 3, inconclusiveLimit: 3 }, 'inconclusiveLimit'],
    [{ count: 3, failureLimit: -1, consecutiveFailureLimit: 3 }, 'consecutiveFailureLimit'],
    [{ count: 3, consecutiveSuccessLimit: 4 }, 'consecutiveSuccessLimit'],
    [{ count: 9, failureLimit: 1, consecutiveFailureLimit: 1 }, 'consecutiveFailureLimit'],
    [{ count: 9, failureLimit: -1 }, 'failureLimit'],
  ])('4: limits that could never be breached are rejected: %j', (fields, field) => {
    expect(faultsOf({ ...both, ...fields })).toEqual([
      expect.stringMatching(new RegExp(`^spec.metrics\\[0\\].${field}: `)),
    ]);
  });

  test('5: Cancelled is its own phase and never counts as passing', () => {
    expect(phasesAfter([['SS'], ['S']], { terminate: true })).toBe('Cancelled Successful Cancelled');
    const run = (phase: AnalysisPhase) => ({
      label: phase,
      run: { ...runOf({ metrics: [metric()] }), status: { phase, metricResults: [] } },
    });
    expect(combineRuns([run('Successful'), run('Cancelled')]).phase).toBe('Inconclusive');
    expect(combineRuns([run('Cancelled')]).phase).toBe('Inconclusive');
  });

  describe('6: an Error is retried; the tries within one interval are one Error, and errors use up no count', () => {
    /** Measures for so many seconds while the source is down, and tells what was tried. */
    const whileDown = (seconds: number, fields: Partial<Metric>) => {
      let run = runOf({ metrics: [metric({ interval: '10s', count: 3, ...fields })] });
      let inFlight: readonly InFlight[] = [];
      const tries: number[] = [];
      for (let now = START; now < START + seconds * 1_000; ) {
        const decision = decideRun({ run, inFlight, now });
        run = { ...run, status: decision.status };
        inFlight = decision.inFlight;
        for (const job of decision.jobs) {
          tries.push(now);
          const result = { job, startedAt: now, finishedAt: now, answers: answersTo(job, down) };
          inFlight = deliver(inFlight, result, now);
        }
        if (decision.jobs.length === 0) now = decision.wakeAt ?? Infinity;
      }
      return { tries, result: only(run.status?.metricResults ?? []) };
    };

    test('the pauses grow from one second, and are not the same for every run', () => {
      const { tries } = whileDown(9, {});
      const pauses = tries.slice(1).map((at, index) => (at - (tries[index] ?? 0)) / 1_000);
      expect(pauses.length).toBeGreaterThanOrEqual(2);
      for (const [index, pause] of pauses.entries()) {
        expect(pause / 2 ** index).toBeGreaterThanOrEqual(0.8);
        expect(pause / 2 ** index).toBeLessThanOrEqual(1.2);
        expect(pause).not.toBe(2 ** index);
      }
    });

    test('three intervals are three errors, and no measurement is counted', () => {
      const { tries, result } = whileDown(32, {});
      expect(result).toMatchObject({ phase: 'Running', error: 3, consecutiveError: 3, count: 0 });
      expect(tries.length).toBeGreaterThan(6);
    });

    test('consecutiveErrorLimit counts intervals', () => {
      expect(whileDown(300, { consecutiveErrorLimit: 2 }).result).toMatchObject({ phase: 'Error', error: 3 });
    });
  });

  test('7: a Failed metric ends the run in the same pass; its siblings are cancelled', () => {
    expect(phasesAfter([['F'], ['S'], ['']])).toBe('Failed Failed Cancelled Cancelled');
  });

  describe('8: consecutiveFailureLimit exists', () => {
    test.each<[letters: string, phase: AnalysisPhase]>([
      ['FFSFF', 'Running'],
      ['FFSFFF', 'Failed'],
      ['FFIFF', 'Running'],
      ['FFEFF', 'Running'],
    ])('%s with a limit of two is %s', (letters, phase) => {
      const fields = { count: 20, failureLimit: -1, consecutiveFailureLimit: 2, inconclusiveLimit: 5 };
      expect(phaseAfter(letters, fields)).toBe(phase);
    });
  });

  describe('8: dry-run metrics are never decisive and never keep a run alive', () => {
    const dry = { dryRun: true };
    test.each<[title: string, metrics: [string, Partial<Metric>?][], phases: string]>([
      ['one that failed', [['F', dry], ['SS']], 'Successful Failed Successful'],
      ['one that is in Error', [['EEEEE', dry], ['SS']], 'Successful Error Successful'],
      ['one that is unfinished', [['S', dry], ['SS']], 'Successful Cancelled Successful'],
      ['one that was never measured', [['', dry], ['SS']], 'Successful Cancelled Successful'],
      [
        'one without an end',
        [['SSSSS', { ...dry, count: undefined }], ['SS']],
        'Successful Cancelled Successful',
      ],
      ['one that failed while another goes on', [['F', dry], ['S']], 'Running Failed Running'],
      ['one that passed while another goes on', [['SS', dry], ['S']], 'Running Successful Running'],
      ['one that passed beside one that failed', [['SS', dry], ['F']], 'Failed Successful Failed'],
      [
        'one that failed beside one that is Inconclusive',
        [['F', dry], ['I']],
        'Inconclusive Failed Inconclusive',
      ],
    ])('%s', (_title, metrics, phases) => {
      expect(phasesAfter(metrics)).toBe(phases);
    });

    test('they are shown as what they are, and the message is of the metric that decided', () => {
      const { message, results } = runAfter([['F', dry], ['SS']]);
      expect(results.map(({ dryRun }) => dryRun)).toEqual([true, undefined]);
      expect(message).toBe('b 0.99 satisfies value >= 0.95; 2 of 2 measured, 0 failed, failureLimit 0');
    });

    test('at maxDuration, too, the message is of a metric that decides', () => {
      const { phase, message } = runAfter([['', dry], ['S']], { now: START + 60_000 });
      expect([phase, message]).toEqual([
        'Inconclusive',
        'b 0.99 satisfies value >= 0.95; 1 of 2 measured, 0 failed, failureLimit 0; not finished within maxDuration 1m',
      ]);
    });

    test('a run needs at least one metric that is not a dry run', () => {
      const fault = {
        path: 'spec.metrics',
        message: 'all metrics are dry runs, and nothing could decide; take dryRun off at least one',
      };
      expect(checkRun({ metrics: [metric(dry)] })).toEqual([fault]);
      expect(checkRun({ metrics: [metric(dry), metric({ name: 'other' })] })).toEqual([]);
      expect(phasesAfter([['SS', dry]])).toBe('Running Successful');
    });

    test('one that failed is no evidence against a release', () => {
      const { phase, message = '', results } = runAfter([['F', dry], ['F']]);
      const run = {
        ...runOf({ metrics: [metric({ name: 'a', ...dry }), metric({ name: 'b' })] }),
        status: { phase, message, metricResults: results },
      };
      const { evidence } = combineRuns([{ label: 'errors', run }]);
      expect(evidence.map(({ metric: name }) => name)).toEqual(['b']);
    });

    test('one that fails does not end a run that is being measured', () => {
      const metrics = [metric({ name: 'dry', ...dry }), metric({ interval: '10s', count: 2 })];
      let run = runOf({ metrics });
      const first = decideRun({ run, inFlight: [], now: START });
      run = { ...run, status: first.status };
      const inFlight = first.jobs.reduce(
        (all, job) =>
          deliver(
            all,
            {
              job,
              startedAt: START,
              finishedAt: START,
              answers: answersTo(job, samples(job.metric === 'dry' ? 0 : 1)),
            },
            START,
          ),
        first.inFlight,
      );
      const next = decideRun({ run, inFlight, now: START + 20 });
      expect(next.status).toMatchObject({
        phase: 'Running',
        metricResults: [
          { phase: 'Failed', dryRun: true },
          { phase: 'Running', successful: 1 },
        ],
      });
    });
  });

  test.each<[what: string, faults: string[], expected: RegExp]>([
    ['condition', faultsOf({ successCondition: 'value >' }), /^spec.metrics\[0].successCondition: /],
    ['placeholder', faultsOf({ ...both, query: '{{foo}}' }), /^spec.metrics\[0].query: {{foo}} is not known/],
    [
      'argument of a condition',
      faultsOf({ successCondition: 'value > {{args.x}}' }),
      /declares no such argument/,
    ],
    [
      'default of an argument',
      checkTemplate({ args: [{ name: 'x', type: 'number', value: 'much' }], metrics: [metric()] }).map(
        ({ path, message }) => `${path}: ${message}`,
      ),
      /^spec.args\[0].value: the argument x must be a number such as 0.95, and is "much"$/,
    ],
    [
      'argument that is given',
      checkArguments({ args: [{ name: 'x', type: 'number' }], metrics: [metric()] }, [
        { name: 'x', value: 'much' },
      ]).map(({ path, message }) => `${path}: ${message}`),
      /^args\[0].value: the argument x must be a number such as 0.95, and is "much"$/,
    ],
  ])('9: every %s is checked when the template is admitted', (_what, faults, expected) => {
    expect(faults).toEqual([expect.stringMatching(expected)]);
  });

  test.each<[letters: string, fields: Partial<Metric>, message: string]>([
    ['SS', {}, 'a 0.99 satisfies value >= 0.95; 2 of 2 measured, 0 failed, failureLimit 0'],
    ['F', {}, 'a 0.5 meets the failure condition value < 0.9; 1 failed, failureLimit 0'],
    [
      'I',
      {},
      'a 0.92 neither satisfies value >= 0.95 nor meets the failure condition value < 0.9; 1 inconclusive, inconclusiveLimit 0',
    ],
    [
      'E',
      { consecutiveErrorLimit: 0 },
      'a could not be measured for value >= 0.95 and the failure condition value < 0.9: no answer in 10s; 1 error in a row, consecutiveErrorLimit 0',
    ],
  ])(
    '10: every phase other than Running names metric, value, condition and count against limit: %s',
    (letters, fields, message) => {
      const { message: told, results } = runAfter([[letters, fields]]);
      expect([told, results[0]?.message]).toEqual([message, message]);
    },
  );

  test('11: a run ends at maxDuration as Inconclusive; noData: Wait is bounded by it', () => {
    const waiting: [string, Partial<Metric>][] = [['NNNNNNNN', { noData: 'Wait' }]];
    expect(phasesAfter(waiting, { now: START + 59_999 })).toBe('Running Running');
    expect(phasesAfter(waiting, { now: START + 60_000 })).toBe('Inconclusive Inconclusive');
    expect(phasesAfter([['SS'], ['S']], { now: START + 60_000 })).toBe(
      'Inconclusive Successful Inconclusive',
    );
    expect(phasesAfter([['SS'], ['SS']], { now: START + 60_000 })).toBe('Successful Successful Successful');
  });
});

describe('what is as in Argo Rollouts: the phase of a metric', () => {
  test.each<[sentence: string, letters: string, fields: Partial<Metric>, phase: AnalysisPhase]>([
    ['a terminal phase that is stored is kept', 'FSSSSS', { count: 5 }, 'Failed'],
    ['without a measurement it is Pending', '', { count: 5 }, 'Pending'],
    ['with one in flight it is Running', 'S', { count: 5 }, 'Running'],
    [
      'failureLimit counts the total and is breached when exceeded: not yet',
      'FSF',
      { count: 9, failureLimit: 2 },
      'Running',
    ],
    [
      'failureLimit counts the total and is breached when exceeded: now',
      'FSFSF',
      { count: 9, failureLimit: 2 },
      'Failed',
    ],
    [
      'failureLimit -1 turns it off',
      'FFFFFF',
      { count: 9, failureLimit: -1, consecutiveSuccessLimit: 2 },
      'Running',
    ],
    ['failureLimit is 0 by default', 'F', { count: 9 }, 'Failed'],
    [
      'inconclusiveLimit is breached when exceeded: not yet',
      'II',
      { count: 9, inconclusiveLimit: 2 },
      'Running',
    ],
    [
      'inconclusiveLimit is breached when exceeded: now',
      'ISISI',
      { count: 9, inconclusiveLimit: 2 },
      'Inconclusive',
    ],
    ['inconclusiveLimit is 0 by default', 'I', { count: 9 }, 'Inconclusive'],
    ['consecutiveErrorLimit is 4 by default: four', 'EEEE', { count: 9 }, 'Running'],
    ['consecutiveErrorLimit is 4 by default: five', 'EEEEE', { count: 9 }, 'Error'],
    [
      'a success streak that is met is Successful',
      'SFSS',
      { count: 9, failureLimit: 3, consecutiveSuccessLimit: 2 },
      'Successful',
    ],
    [
      'a breached limit comes before a streak that is met',
      'FFSS',
      { count: 9, failureLimit: 1, consecutiveSuccessLimit: 2 },
      'Failed',
    ],
    ['a streak of 0 is off', 'SS', { count: 9, consecutiveSuccessLimit: 0 }, 'Running'],
    [
      'a missed streak is Inconclusive where failureLimit is on',
      'SFS',
      { count: 3, failureLimit: 1, consecutiveSuccessLimit: 2 },
      'Inconclusive',
    ],
    [
      'a missed streak is Failed where failureLimit is off',
      'SFS',
      { count: 3, failureLimit: -1, consecutiveSuccessLimit: 2 },
      'Failed',
    ],
    ['count that is reached is Successful', 'SFS', { count: 3, failureLimit: 1 }, 'Successful'],
    ['inconclusive ones are counted', 'SIS', { count: 3, inconclusiveLimit: 1 }, 'Successful'],
    ['count is 1 without an interval', 'S', { interval: undefined }, 'Successful'],
    ['count is endless with an interval', 'S'.repeat(60), {}, 'Running'],
    ['errors use up no count', 'SEESE', { count: 3 }, 'Running'],
    ['an Error breaks the success streak', 'SES', { count: 9, consecutiveSuccessLimit: 2 }, 'Running'],
    [
      'an inconclusive one breaks the success streak',
      'SIS',
      { count: 9, inconclusiveLimit: 3, consecutiveSuccessLimit: 2 },
      'Running',
    ],
    [
      'a failure breaks the success streak',
      'SFS',
      { count: 9, failureLimit: 3, consecutiveSuccessLimit: 2 },
      'Running',
    ],
    ['a success resets the error streak', 'EEEESEEEE', { count: 9 }, 'Running'],
    ['a failure resets the error streak', 'EEEEFEEEE', { count: 9, failureLimit: 3 }, 'Running'],
    [
      'an inconclusive one resets the error streak',
      'EEEEIEEEE',
      { count: 9, inconclusiveLimit: 3 },
      'Running',
    ],
  ])('%s', (_sentence, letters, fields, phase) => {
    expect(phaseAfter(letters, fields)).toBe(phase);
  });
});

describe('what is as in Argo Rollouts: the phase of a run', () => {
  test.each<[sentence: string, letters: string[], phases: string]>([
    ['a metric that has not ended keeps it Running', ['SS', 'S'], 'Running Successful Running'],
    ['a metric that has not begun keeps it Running', ['SS', ''], 'Running Successful Pending'],
    ['one that ended other than Successful ends it', ['I', 'S'], 'Inconclusive Inconclusive Cancelled'],
    ['the worst phase wins', ['I', 'EEEEE', 'F'], 'Failed Inconclusive Error Failed'],
    ['all Successful is Successful', ['SS', 'SS', 'SS'], 'Successful Successful Successful Successful'],
  ])('%s', (_sentence, letters, phases) => {
    expect(phasesAfter(letters.map((each) => [each]))).toBe(phases);
  });

  test('the message comes from the first metric of the worst phase, in the order of the spec', () => {
    expect(runAfter([['I'], ['F'], ['F']]).message).toBe(
      'b 0.5 meets the failure condition value < 0.9; 1 failed, failureLimit 0',
    );
  });

  test.each<[sentence: string, metrics: Metric[]]>([
    ['an unresolved placeholder', [metric({ query: '{{args.missing}}' })]],
    ['a metric that is not valid', [metric({ successCondition: 'value' })]],
  ])('%s makes it an Error without measuring', (_sentence, metrics) => {
    const { status, jobs } = decideRun({ run: runOf({ metrics }), inFlight: [], now: START });
    expect([status.phase, jobs, status.completedAt === undefined]).toEqual(['Error', [], false]);
  });

  test('a run in which nothing is measured yet has results that are Pending', () => {
    const [resolved] = resolveMetrics({ metrics: [metric()] });
    expect(resolved && newResult(resolved)).toMatchObject({ phase: 'Pending', measurements: [] });
  });
});

describe('what is as in Argo Rollouts: arguments', () => {
  const declared = [{ name: 'x', value: 'default' }];
  const template = (value: string | undefined, templates?: { name: string }[]) => ({
    spec: {
      metrics: [metric({ name: `m-${value}` })],
      args: value === undefined ? [] : [{ name: 'x', value }],
      ...(templates && { templates }),
    },
  });

  test('the caller overrides the default of the template', () => {
    expect(resolveArguments(declared, [{ name: 'x', value: 'given' }])).toMatchObject({
      args: [{ name: 'x', value: 'given' }],
    });
    expect(resolveArguments(declared, [])).toMatchObject({ args: [{ name: 'x', value: 'default' }] });
  });

  test('one without a value is an error', () => {
    expect(resolveArguments([{ name: 'x' }], [])).toMatchObject({ ok: false });
  });

  test('two templates with different defaults for one argument are an error', () => {
    const templates = new Map([
      ['root', template(undefined, [{ name: 'one' }, { name: 'two' }])],
      ['one', template('1')],
      ['two', template('2')],
    ]);
    expect(
      mergeTemplates({ kind: 'AnalysisTemplate', name: 'root' }, ({ name }) => templates.get(name)),
    ).toMatchObject({ ok: false });
  });

  test.each(['x{a="{{args.x}}"}', 'x{a="{{ args.x }}"}'])(
    '%s is filled in, with or without spaces',
    (query) => {
      const context = { args: [{ name: 'x', value: 'shop' }], namespace: 'n' };
      expect(resolveQuery(query, context)).toEqual({ ok: true, text: 'x{a="shop"}' });
    },
  );
});

describe('what is as in Argo Rollouts: conditions', () => {
  const SUCCESS = 'value > 5';
  const FAILURE = 'value > 9';
  test.each<[success: string | undefined, failure: string | undefined, value: SampleValue, outcome: string]>([
    [SUCCESS, undefined, 6, 'Successful'],
    [SUCCESS, undefined, 5, 'Failed'],
    [undefined, FAILURE, 10, 'Failed'],
    [undefined, FAILURE, 9, 'Successful'],
    [SUCCESS, FAILURE, 10, 'Failed'],
    ['value < 0', FAILURE, 10, 'Failed'],
    [SUCCESS, FAILURE, 6, 'Successful'],
    [SUCCESS, FAILURE, 5, 'Inconclusive'],
    [SUCCESS, undefined, '+Inf', 'Successful'],
    ['value / (value - 6) > 0', undefined, 6, 'Successful'],
    ['(value - 6) / (value - 6) > 0', undefined, 6, 'Error'],
    [SUCCESS, '(value - 6) / (value - 6) > 0', 6, 'Error'],
  ])('success %s, failure %s: %s is %s', (successCondition, failureCondition, value, outcome) => {
    const fields = {
      ...(successCondition && { successCondition }),
      ...(failureCondition && { failureCondition }),
    };
    expect(assess(resolvedBare(fields), samples(value))).toMatchObject({ outcome });
  });

  test('a condition must come to true or false: no number is taken for a truth', () => {
    expect(faultsOf({ successCondition: 'value - 1' })).toEqual([
      'spec.metrics[0].successCondition: the condition comes to a number, not to true or false: compare it, as in `value >= 0.95` (position 0)',
    ]);
  });

  test('an evaluation error names condition and expression', () => {
    expect(assess(resolvedBare({ successCondition: 'sqrt(value) > 1' }), samples(-1)).message).toBe(
      'success-rate -1: sqrt(value) > 1 cannot be computed: a part of it is not a number (NaN), as 0/0, Infinity - Infinity and sqrt(-1) are',
    );
  });

  test('the samples of a vector come as a list, in the order of the server', () => {
    expect(
      assess(
        resolvedBare({ successCondition: 'first(values) == 10 and last(values) == 11' }),
        samples(10, 11),
      ),
    ).toMatchObject({ outcome: 'Successful', value: '[10, 11]' });
  });
});
