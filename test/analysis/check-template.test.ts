import { describe, expect, test } from 'vitest';
import { checkArguments, checkRun, checkTemplate, maxDurationOf } from '../../src/analysis/check-template.ts';
import type { AnalysisRunSpec } from '../../src/api/analysis-run.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Argument } from '../../src/api/argument.ts';
import { bareMetric, metric } from './examples.ts';

const PATH = 'spec.metrics[0]';

/** The one fault as `path: message`. */
function faultOf(fields: Partial<Metric>, args?: Argument[], mode?: 'Step'): string | undefined {
  const faults = checkTemplate({ metrics: [metric(fields)], ...(args && { args }) }, { mode });
  if (faults.length > 1) throw new Error(JSON.stringify(faults));
  return faults[0] && `${faults[0].path}: ${faults[0].message}`;
}

const ratio = { errors: { query: 'e', whenEmpty: 0 }, requests: { query: 'r' } };
const range = { window: '5m', step: '15s' };

describe('a template without fault', () => {
  test.each<[title: string, fields: Partial<Metric>]>([
    ['one measurement', {}],
    ['several', { interval: '10s', count: 5, failureLimit: 2, inconclusiveLimit: 1 }],
    ['limits as text', { interval: '10s', count: '5', failureLimit: '2' }],
    ['endless, where no step waits for it', { interval: '30s' }],
    ['only a streak of successes', { interval: '10s', consecutiveSuccessLimit: 3 }],
    [
      'only a streak of failures',
      { interval: '10s', count: 5, failureLimit: -1, consecutiveFailureLimit: 1 },
    ],
    ['both streaks', { interval: '10s', count: 9, failureLimit: 3, consecutiveFailureLimit: 2 }],
    ['several queries', { query: undefined, queries: ratio, successCondition: 'errors / requests < 0.05' }],
    [
      'lists of samples',
      { range: { window: '1h', step: '15s' }, successCondition: 'quantile(value, 0.9) < max(values)' },
    ],
    [
      'a range over {{window}}',
      { range: { window: '{{window}}', step: '1s' }, successCondition: 'max(values) < 1' },
    ],
    ['a range of days', { range: { window: '1d12h', step: '1m' }, successCondition: 'max(values) < 1' }],
    ['a minimum', { minimum: { query: 'sum(x)', value: '0.5' } }],
    ['a dry run', { dryRun: true }],
    ['a window of its own', { query: 'rate(x[{{window}}])', minWindow: '1m', maxWindow: '5m' }],
  ])('%s', (_title, fields) => {
    expect(faultOf(fields)).toBeUndefined();
  });
});

describe('every fault of a template is found at admission', () => {
  test('a metric needs a condition', () => {
    expect(checkTemplate({ metrics: [bareMetric()] })).toEqual([
      {
        path: PATH,
        message: 'a metric needs a successCondition or a failureCondition, such as `value >= 0.95`',
      },
    ]);
  });

  test('names are unique', () => {
    const args = [{ name: 'a' }, { name: 'a' }];
    expect(checkTemplate({ args, metrics: [metric(), metric()] })).toEqual([
      { path: 'spec.args[1].name', message: 'the name a is used twice' },
      { path: 'spec.metrics[1].name', message: 'the name success-rate is used twice' },
    ]);
  });

  test('defaults have the type of their argument', () => {
    const args: Argument[] = [{ name: 'a', type: 'duration', value: '5 minutes' }];
    expect(checkTemplate({ args, metrics: [metric()] })).toEqual([
      {
        path: 'spec.args[0].value',
        message: 'the argument a must be a PromQL duration such as 5m, and is "5 minutes"',
      },
    ]);
  });

  test.each<[title: string, argument: Argument, message: string]>([
    [
      'a default that would never be used',
      { name: 'a', required: true, value: '1' },
      'the argument a is required, so its default would never be used; take one of the two away',
    ],
    [
      'no default where one is needed',
      { name: 'a', required: false },
      'the argument a need not be given, so it needs a default',
    ],
  ])('%s', (_title, argument, message) => {
    expect(checkTemplate({ args: [argument], metrics: [metric()] })).toEqual([
      { path: 'spec.args[0].value', message },
    ]);
  });

  test.each<[title: string, fields: Partial<Metric>, fault: RegExp]>([
    [
      'a condition that is none, with its position',
      { successCondition: 'value > e' },
      /^spec.metrics\[0].successCondition: "e" is not known: .*\(position 8\)$/,
    ],
    [
      'a failure condition that is none',
      { failureCondition: 'value' },
      /^spec.metrics\[0].failureCondition: the condition comes to a number, .*\(position 0\)$/,
    ],
    [
      'an undeclared argument in a condition',
      { successCondition: 'value > {{args.x}}' },
      /^spec.metrics\[0].successCondition: {{args.x}}: the template declares no such argument \(position 8\)$/,
    ],
    [
      'a query that PromQL does not have',
      { query: 'rate(x)' },
      /^spec.metrics\[0].query: rate\(\) needs a range: write rate\(x\[5m\]\) or use \[\{\{window\}\}\] \(position 5\)$/,
    ],
    [
      'a query of several lines, with line and column',
      { query: 'sum(\n  rate(x[5m])\n) +\n' },
      /^spec.metrics\[0].query: the query ends in the middle: .* \(line 4, column 1\)$/,
    ],
    [
      'a query that comes to a range, where a range is asked for too',
      { query: 'x[5m]', range: { window: '5m', step: '1m' }, successCondition: 'max(values) < 1' },
      /^spec.metrics\[0].query: the query comes to a range vector/,
    ],
    [
      'one of several queries',
      {
        query: undefined,
        queries: { good: { query: 'sum(x)' }, all: { query: 'sum(x[5m])' } },
        successCondition: 'good / all > 0.9',
      },
      /^spec.metrics\[0].queries.all.query: sum\(\) takes an instant vector here, and x\[5m\] is a range/,
    ],
    [
      'a minimum that PromQL does not have',
      { minimum: { query: 'sum(x', value: 5 } },
      /^spec.metrics\[0].minimum.query: this \( is not closed: add \) \(position 3\)$/,
    ],
    ['an unknown placeholder', { query: 'x{a="{{foo}}"}' }, /^spec.metrics\[0].query: {{foo}} is not known/],
    ['a misplaced placeholder', { query: '{{canary.pods}}' }, /^spec.metrics\[0].query: .* inside a string/],
    ['no query', { query: undefined }, /^spec.metrics\[0]: a metric needs exactly one of query and queries$/],
    ['both', { queries: ratio }, /^spec.metrics\[0]: a metric needs exactly one of query and queries$/],
    [
      'queries without any',
      { query: undefined, queries: {}, failureCondition: undefined },
      /^spec.metrics\[0].queries: must have 1 to 10 queries, and has 0$/,
    ],
    [
      'a query that is called as a function is',
      { query: undefined, queries: { max: { query: 'x' } } },
      /^spec.metrics\[0].queries: the name max means something else already; choose another$/,
    ],
    [
      'a query that is called as an operator is',
      { query: undefined, queries: { and: { query: 'x' } } },
      /^spec.metrics\[0].queries: the name and means something else already; choose another$/,
    ],
    [
      'a query that is called as the variable of a single one is',
      { query: undefined, queries: { value: { query: 'x' } } },
      /^spec.metrics\[0].queries: the name value means something else already; choose another$/,
    ],
    [
      'a query whose name is no name',
      { query: undefined, queries: { 'error-rate': { query: 'x' } } },
      /^spec.metrics\[0].queries: "error-rate" cannot be a variable of a condition: use letters, digits and _/,
    ],
    [
      'a fault in one of several queries',
      { query: undefined, queries: { errors: { query: '{{foo}}' } }, successCondition: 'errors < 1' },
      /^spec.metrics\[0].queries.errors.query: {{foo}} is not known/,
    ],
    [
      'a variable of a single query beside several',
      { query: undefined, queries: ratio, successCondition: 'value < 1' },
      /^spec.metrics\[0].successCondition: "value" is not known: a condition may use numbers, errors, requests, /,
    ],
    [
      'a condition without any of its variables',
      { query: undefined, queries: ratio, successCondition: '1 < 2' },
      /^spec.metrics\[0].successCondition: the condition uses neither `errors` nor `requests`, so no measurement/,
    ],
    [
      'a number that is used as a list',
      { query: undefined, queries: ratio, successCondition: 'quantile(errors, 0.9) < 1' },
      /successCondition: quantile takes a list, which these queries only have with `range` and a number/,
    ],
    [
      'a list that is used as a number',
      { range, successCondition: 'value < 1' },
      /successCondition: `<` needs a number and not a list; make one number of it, as `max\(value\)` does/,
    ],
    [
      'a range of nothing',
      { range: { window: 'long', step: '15s' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.window: "long" is not a duration such as 5m, nor {{window}} or {{args.x}}$/,
    ],
    [
      'a step that is shorter than a scrape can be',
      { range: { window: '5m', step: '100ms' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.step: must be at least 1s, and is 100ms$/,
    ],
    [
      'a step that moves',
      { range: { window: '5m', step: '{{window}}' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.step: {{window}} cannot be a step; write a duration such as 15s$/,
    ],
    [
      'a window that is shorter than its step',
      { range: { window: '10s', step: '15s' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.window: is shorter than the step, so a range has one sample at most$/,
    ],
    [
      'more samples than Prometheus answers',
      { range: { window: '1w', step: '15s' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.step: makes 40321 samples of this window, and Prometheus answers at most 11000/,
    ],
    [
      'an undeclared argument in a range',
      { range: { window: '{{args.x}}', step: '15s' }, successCondition: 'max(value) < 1' },
      /^spec.metrics\[0].range.window: {{args.x}}: the template declares no such argument$/,
    ],
    [
      'a minimum that is no number',
      { minimum: { query: 'x', value: 'many' } },
      /^spec.metrics\[0].minimum.value: must be a number or one placeholder such as {{args.x}}, and is "many"$/,
    ],
    [
      'a minimum of nothing',
      { minimum: { query: 'x', value: 0 } },
      /^spec.metrics\[0].minimum.value: must be above 0, and is 0: less can never be observed$/,
    ],
    [
      'a fault in the query of a minimum',
      { minimum: { query: '{{foo}}', value: 1 } },
      /^spec.metrics\[0].minimum.query: {{foo}} is not known/,
    ],
    [
      'an interval that is none',
      { interval: 'often' },
      /^spec.metrics\[0].interval: "often" is not a duration/,
    ],
    ['an interval that is too short', { interval: '0s' }, /^spec.metrics\[0].interval: must be at least 1s$/],
    [
      'windows that contradict each other',
      { minWindow: '11m' },
      /^spec.metrics\[0].minWindow: minWindow \(11m\) must not be longer than maxWindow \(10m\)$/,
    ],
    [
      'several measurements without an interval',
      { count: 3 },
      /^spec.metrics\[0].interval: count is 3, so an interval is needed$/,
    ],
    ['a count of nothing', { count: 0 }, /^spec.metrics\[0].count: must be at least 1, and is 0$/],
    ['half a count', { count: '1.5' }, /^spec.metrics\[0].count: must be a whole number or one placeholder/],
    ['a count in words', { count: 'three' }, /^spec.metrics\[0].count: must be a whole number .*"three"$/],
    ['no count', { count: ' ' }, /^spec.metrics\[0].count: must be a whole number .*""$/],
    ['a huge count', { count: '1e300', interval: '1s' }, /^spec.metrics\[0].count: must be a whole number/],
    ['a computed count', { count: '1 + {{args.x}}' }, /^spec.metrics\[0].count: must be a whole number/],
    [
      'an undeclared count',
      { count: '{{args.x}}' },
      /^spec.metrics\[0].count: {{args.x}}: the template declares/,
    ],
    [
      'a limit below -1',
      { failureLimit: -2 },
      /^spec.metrics\[0].failureLimit: must be at least -1, and is -2$/,
    ],
    [
      'an inconclusive limit that is turned off',
      { inconclusiveLimit: -1 },
      /^spec.metrics\[0].inconclusiveLimit: must be at least 0, and is -1$/,
    ],
    [
      'a failure limit that no count can exceed',
      { interval: '10s', count: 3, failureLimit: 3 },
      /^spec.metrics\[0].failureLimit: 3 can never be exceeded: count ends the metric after 3 measurements/,
    ],
    [
      'a failure limit for a single measurement',
      { failureLimit: 1 },
      /^spec.metrics\[0].failureLimit: 1 can never be exceeded: .* after 1 measurement, .*use at most 0$/,
    ],
    [
      'an inconclusive limit that no count can exceed',
      { interval: '10s', count: 2, inconclusiveLimit: 2 },
      /^spec.metrics\[0].inconclusiveLimit: 2 can never be exceeded/,
    ],
    [
      'a streak of failures that no count can exceed',
      { interval: '10s', count: 3, failureLimit: -1, consecutiveFailureLimit: 3 },
      /^spec.metrics\[0].consecutiveFailureLimit: 3 can never be exceeded/,
    ],
    [
      'a streak of failures that the total decides before',
      { interval: '10s', count: 9, consecutiveFailureLimit: 2 },
      /^spec.metrics\[0].consecutiveFailureLimit: 2 in a row never decide, because failureLimit \(0 in all\)/,
    ],
    [
      'a streak of successes that is longer than the count',
      { interval: '10s', count: 3, consecutiveSuccessLimit: 4 },
      /^spec.metrics\[0].consecutiveSuccessLimit: 4 can never be reached: count ends the metric after 3/,
    ],
    [
      'nothing that could fail it',
      { interval: '10s', count: 3, failureLimit: -1 },
      /^spec.metrics\[0].failureLimit: with -1 nothing could fail the metric/,
    ],
  ])('%s', (_title, fields, fault) => {
    expect(faultOf(fields)).toMatch(fault);
  });

  test('a metric of a step must end', () => {
    expect(faultOf({ interval: '30s' }, undefined, 'Step')).toMatch(/^spec.metrics\[0].count: is needed/);
    expect(faultOf({ interval: '30s', count: 2 }, undefined, 'Step')).toBeUndefined();
    expect(faultOf({ interval: '30s', consecutiveSuccessLimit: 2 }, undefined, 'Step')).toBeUndefined();
  });
});

describe('arguments in limits and conditions', () => {
  const args: Argument[] = [
    { name: 'count', type: 'number' },
    { name: 'limit', type: 'number', value: '1' },
    { name: 'text' },
  ];
  const fields = { interval: '10s', count: '{{args.count}}', failureLimit: '{{ args.limit }}' };

  test('what is not known yet is not judged', () => {
    expect(faultOf(fields, args)).toBeUndefined();
  });
  test('a default is judged', () => {
    expect(faultOf({ ...fields, count: 1 }, args)).toMatch(/^spec.metrics\[0].failureLimit: 1 can never/);
  });
  test('only numbers may stand there', () => {
    expect(faultOf({ count: '{{args.text}}' }, args)).toMatch(/^spec.metrics\[0].count: .* is a string/);
    expect(faultOf({ successCondition: 'value > {{args.text}}' }, args)).toMatch(
      /successCondition: .* a string/,
    );
  });
  test('given arguments are judged with the template that they are for', () => {
    const template = { args, metrics: [metric(fields)] };
    const text = { name: 'text', value: '' };
    expect(checkArguments(template, [{ name: 'count', value: '2' }, text])).toEqual([]);
    expect(checkArguments(template, [text])).toEqual([
      { path: 'args', message: 'the argument count has no default and must be given' },
    ]);
    expect(checkArguments(template, [{ name: 'count', value: '1.5' }, text])).toEqual([
      {
        path: 'args',
        message:
          'with these arguments, spec.metrics[0].count of the template is at fault: ' +
          'must be a whole number or one placeholder such as {{args.x}}, and is "1.5"',
      },
    ]);
    expect(checkArguments(template, [{ name: 'count', value: '1' }, text])).toMatchObject([
      {
        path: 'args',
        message: expect.stringContaining('failureLimit of the template is at fault: 1 can never'),
      },
    ]);
  });

  test('arguments of ranges and minimums are checked with their values', () => {
    const template = {
      args: [
        { name: 'window', type: 'duration' as const },
        { name: 'least', type: 'number' as const, value: '10' },
      ],
      metrics: [
        metric({
          range: { window: '{{args.window}}', step: '15s' },
          minimum: { query: 'x', value: '{{ args.least }}' },
          successCondition: 'max(values) < 1',
        }),
      ],
    };
    expect(checkTemplate(template)).toEqual([]);
    expect(checkArguments(template, [{ name: 'window', value: '1d' }])).toEqual([]);
    const later = {
      name: 'window',
      valueFrom: { fieldRef: { fieldPath: 'rollout.metadata.labels.window' } },
    };
    expect(checkArguments(template, [later])).toEqual([]);
    expect(checkArguments(template, [{ name: 'window', value: '5s' }])).toEqual([
      {
        path: 'args',
        message:
          'with these arguments, spec.metrics[0].range.window of the template is at fault: is shorter than the ' +
          'step, so a range has one sample at most',
      },
    ]);
    const none = [
      { name: 'window', value: '5m' },
      { name: 'least', value: '-1' },
    ];
    expect(checkArguments(template, none)).toMatchObject([
      {
        message: expect.stringContaining(
          'minimum.value of the template is at fault: must be above 0, and is -1',
        ),
      },
    ]);
  });

  test('a template of dry runs only could not decide', () => {
    expect(checkArguments({ metrics: [metric({ dryRun: true })] }, [])).toEqual([
      {
        path: 'template',
        message: 'all metrics are dry runs, and nothing could decide; take dryRun off at least one',
      },
    ]);
  });

  test('an analysis that cannot end in time is told before it begins', () => {
    const template = { metrics: [metric({ interval: '30s', count: 5 })] };
    expect(checkArguments(template, [], { maxDurationMs: 120_001 })).toEqual([]);
    expect(checkArguments(template, [], { maxDurationMs: 120_000 })).toMatchObject([
      { message: expect.stringContaining('takes at least 2m, and the run ends after 2m (maxDuration)') },
    ]);
  });
});

describe('a run is checked with its arguments and its target', () => {
  const check = (spec: Partial<AnalysisRunSpec> & { metrics: Metric[] }) =>
    checkRun(spec).map(({ path, message }) => `${path}: ${message}`);

  test('nothing is at fault', () => {
    expect(
      check({
        metrics: [metric({ query: 'rate(x{pod=~"{{canary.pods}}",n="{{namespace}}"}[{{window}}])' })],
        target: { canary: { hash: 'abc', pods: 'x-.*' } },
      }),
    ).toEqual([]);
  });
  test('no pods is no fault: it is no data when the time comes', () => {
    const target = { canary: { hash: 'abc', pods: '' } };
    expect(check({ metrics: [metric({ query: 'x{pod=~"{{canary.pods}}"}' })], target })).toEqual([]);
  });
  test('a placeholder without a target says which field to set', () => {
    expect(check({ metrics: [metric({ query: 'x{pod=~"{{canary.pods}}"}' })] })).toEqual([
      'spec.metrics[0].query: {{canary.pods}} stands for nothing in this run: set spec.target.canary (position 8)',
    ]);
  });
  test('an argument that is not given', () => {
    expect(check({ metrics: [metric({ successCondition: 'value > {{args.x}}' })] })).toEqual([
      'spec.metrics[0].successCondition: {{args.x}}: no such argument is given in spec.args (position 8)',
    ]);
  });
  test('an argument of the wrong kind', () => {
    const args = [{ name: 'x', value: 'high' }];
    expect(check({ metrics: [metric({ successCondition: 'value > {{args.x}}' })], args })).toEqual([
      'spec.metrics[0].successCondition: {{args.x}} must be a number such as 0.95, and is "high" (position 8)',
    ]);
  });
  test('no time at all', () => {
    expect(check({ metrics: [metric()], maxDuration: '0s' })).toContain(
      'spec.maxDuration: must be longer than 0s',
    );
  });
  test('more measurements than there is time for', () => {
    expect(check({ metrics: [metric({ interval: '1m', count: 61 })] })).toEqual([
      'spec.metrics[0]: takes at least 1h, and the run ends after 1h (maxDuration)',
    ]);
    expect(check({ metrics: [metric({ interval: '1m', count: 60 })] })).toEqual([]);
  });
  test('a run may take an hour unless it says otherwise', () => {
    expect(maxDurationOf({})).toBe(3_600_000);
    expect(maxDurationOf({ maxDuration: '90s' })).toBe(90_000);
  });
});
