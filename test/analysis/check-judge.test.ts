import { describe, expect, test } from 'vitest';
import type { GivenArgument } from '../../src/analysis/arguments.ts';
import { checkArguments, checkRun, checkTemplate } from '../../src/analysis/check-template.ts';
import { conditionTexts, resolveMetrics } from '../../src/analysis/resolve-metric.ts';
import type { Metric } from '../../src/api/analysis-template.ts';
import type { Argument } from '../../src/api/argument.ts';
import type { Sequential } from '../../src/api/judge-schemas.ts';
import { bareMetric } from './examples.ts';

const arms = { canary: 'a{v="c"}', stable: 'a{v="s"}' };
const sequential = { events: arms, total: arms };
const mannWhitney = arms;
const range = { window: '5m', step: '15s' };

function faultsOf(fields: Partial<Metric>, mode?: 'Step'): string[] {
  const metric = bareMetric({ query: undefined, ...fields });
  return checkTemplate({ metrics: [metric] }, { mode }).map(({ path, message }) => `${path}: ${message}`);
}

describe('the numbers of a judge', () => {
  const number = (name: string, value?: string) => ({ name, type: 'number' as const, value });
  const faultsWith = (fields: Partial<Metric>, args: Argument[], given: GivenArgument[] = []) => {
    const spec = { args, metrics: [bareMetric({ query: undefined, ...fields })] };
    return [...checkTemplate(spec, {}), ...checkArguments(spec, given)].map(
      ({ path, message }) => `${path}: ${message}`,
    );
  };
  const tuned = (judge: Partial<Sequential>) => ({
    interval: '30s',
    sequential: { ...sequential, ...judge },
  });

  test('may be arguments, which are filled in when the run begins', () => {
    const metrics = [
      bareMetric({
        query: undefined,
        ...tuned({
          ratio: '{{args.ratio}}',
          safeRate: '{{ args.rate }}',
          minRequests: '{{args.least}}',
          beta: '0.1',
        }),
      }),
      bareMetric({
        name: 'latency',
        query: undefined,
        range,
        mannWhitney: {
          ...arms,
          tolerance: '{{args.ratio}}',
          confidence: '{{args.confidence}}',
          outliers: { strategy: 'remove', factor: '{{args.least}}' },
          effectSize: { allowedIncrease: '{{args.ratio}}' },
        },
      }),
    ];
    const args = [
      { name: 'ratio', value: '1.5' },
      { name: 'rate', value: '0.02' },
      { name: 'least', value: '50' },
      { name: 'confidence', value: '0.9' },
    ];
    expect(checkRun({ metrics, args })).toEqual([]);
    expect(resolveMetrics({ metrics, args }).map(({ judge }) => judge?.parameters)).toMatchObject([
      { ratio: 1.5, safeRatio: 1.5, safeRate: 0.02, minRequests: 50, beta: 0.1, alpha: 0.01 },
      {
        tolerance: 1.5,
        search: { confidence: 0.9 },
        outliers: { strategy: 'remove', factor: 50 },
        effectSize: { measure: 'meanRatio', allowedIncrease: 1.5, allowedDecrease: 1 },
      },
    ]);
    const texts = conditionTexts({ metrics, args });
    expect(texts.get('latency')).toBe('the Mann-Whitney test against a change (confidence 0.9)');
  });

  test.each<[string, Partial<Metric>, Argument[], GivenArgument[], string[]]>([
    [
      'are fine without a value yet',
      tuned({ ratio: '{{args.x}}' }),
      [number('x')],
      [{ name: 'x', value: '2' }],
      [],
    ],
    [
      'have bounds also when they are given',
      tuned({ ratio: '{{args.x}}' }),
      [number('x')],
      [{ name: 'x', value: '0.5' }],
      [
        'args: with these arguments, spec.metrics[0].sequential.ratio of the template is at fault: must be at least 1, and is 0.5',
      ],
    ],
    [
      'have bounds as defaults',
      tuned({ alpha: '{{args.x}}' }),
      [number('x', '0.9')],
      [{ name: 'x', value: '0.1' }],
      ['spec.metrics[0].sequential.alpha: must be above 0 and below 0.5, and is 0.9'],
    ],
    [
      'are whole where they count',
      tuned({ minRequests: '{{args.x}}' }),
      [number('x', '1.5')],
      [{ name: 'x', value: '2' }],
      ['spec.metrics[0].sequential.minRequests: must be a whole number, and is 1.5'],
    ],
    [
      'are of type number',
      tuned({ ratio: '{{args.x}}' }),
      [{ name: 'x', value: '2' }],
      [],
      [
        'spec.metrics[0].sequential.ratio: {{args.x}} is a string and must be a number here: declare it with type number',
        'args: with these arguments, spec.metrics[0].sequential.ratio of the template is at fault: {{args.x}} is a string and must be a number here: declare it with type number',
      ],
    ],
    [
      'are declared',
      tuned({ beta: '{{args.y}}' }),
      [],
      [],
      [
        'spec.metrics[0].sequential.beta: {{args.y}}: the template declares no such argument',
        'args: with these arguments, spec.metrics[0].sequential.beta of the template is at fault: {{args.y}}: the template declares no such argument',
      ],
    ],
  ])('%s', (_title, fields, args, given, faults) => {
    expect(faultsWith(fields, args, given)).toEqual(faults);
  });

  test('that are no numbers are told', () => {
    const effectSize = { allowedIncrease: 'much' };
    expect(faultsOf({ range, mannWhitney: { ...mannWhitney, effectSize }, interval: undefined })).toEqual([
      'spec.metrics[0].mannWhitney.effectSize.allowedIncrease: must be a number or one placeholder such as {{args.x}}, and is "much"',
    ]);
  });
});

describe('a judge in place of conditions', () => {
  test.each<[title: string, fields: Partial<Metric>]>([
    ['counts events', { interval: '30s', sequential }],
    ['counts what is good', { interval: '30s', sequential: { good: arms, total: arms } }],
    ['reads a histogram', { interval: '30s', sequential: { histogram: arms } }],
    ['needs no end in a step: maxDuration ends it', { interval: '30s', sequential }],
    ['may have one', { interval: '30s', count: 10, sequential }],
    [
      'has its own numbers',
      { interval: '30s', sequential: { ...sequential, ratio: 1, alpha: 0.05, safeRate: 0.001 } },
    ],
    ['compares samples', { range, mannWhitney }],
    [
      'compares them again and again',
      { range, mannWhitney, interval: '1m', count: 5, failureLimit: 1, noData: 'Wait' },
    ],
  ])('%s', (_title, fields) => {
    expect(faultsOf(fields, 'Step')).toEqual([]);
  });

  test.each<[title: string, fields: Partial<Metric>, faults: string[]]>([
    [
      'nothing to judge by',
      { query: 'x' },
      ['a metric needs a successCondition or a failureCondition, such as `value >= 0.95`'],
    ],
    [
      'two ways to judge',
      { interval: '30s', sequential, successCondition: 'value > 1' },
      ['a metric has conditions, or sequential, or mannWhitney: keep one of them'],
    ],
    [
      'two judges',
      { interval: '30s', sequential, range, mannWhitney },
      ['a metric has conditions, or sequential, or mannWhitney: keep one of them'],
    ],
  ])('%s', (_title, fields, faults) => {
    expect(faultsOf(fields)).toEqual(faults.map((fault) => `spec.metrics[0]: ${fault}`));
  });

  test.each<[title: string, fields: Partial<Metric>, fault: string]>([
    [
      'events without requests',
      { sequential: { events: arms } },
      'sequential: counts either events with total, or good with total, or a histogram alone',
    ],
    [
      'both events and good',
      { sequential: { ...sequential, good: arms } },
      'sequential: counts either events with total, or good with total, or a histogram alone',
    ],
    [
      'a histogram and requests',
      { sequential: { histogram: arms, total: arms } },
      'sequential: counts either events with total, or good with total, or a histogram alone',
    ],
    [
      'a single look',
      { interval: undefined, sequential },
      'interval: is needed beside sequential, which looks again and again',
    ],
    [
      'a query of its own',
      { query: 'x', sequential },
      'query: means nothing beside sequential; take it away',
    ],
    [
      'a limit that it has not',
      { failureLimit: 1, sequential },
      'failureLimit: means nothing beside sequential; take it away',
    ],
    [
      'a policy that it has not',
      { noData: 'Pass', sequential },
      'noData: means nothing beside sequential; take it away',
    ],
    [
      'a ratio for the better',
      { sequential: { ...sequential, ratio: 0.9 } },
      'sequential.ratio: must be at least 1, and is 0.9',
    ],
    [
      'no chance of error',
      { sequential: { ...sequential, alpha: 0 } },
      'sequential.alpha: must be above 0 and below 0.5, and is 0',
    ],
    [
      'a rate that is none',
      { sequential: { ...sequential, safeRate: 1 } },
      'sequential.safeRate: must be above 0 and below 1, and is 1',
    ],
    [
      'a query of one version that is at fault',
      { sequential: { ...sequential, events: { canary: '{{foo}}', stable: 'x' } } },
      'sequential.events.canary: {{foo}} is not known; the placeholders are args.NAME, rollout.name, namespace, workload.name, step.index, step.weight, canary.hash, stable.hash, canary.pods, stable.pods, window (position 0)',
    ],
    [
      'samples without a range',
      { mannWhitney, interval: undefined },
      'range: is needed beside mannWhitney, which compares ranges of samples: {window: 10m, step: 15s}, say',
    ],
    [
      'samples and a query',
      { mannWhitney, range, query: 'x', interval: undefined },
      'query: means nothing beside mannWhitney; take it away',
    ],
    [
      'no confidence',
      { mannWhitney: { ...mannWhitney, confidence: 1 }, range, interval: undefined },
      'mannWhitney.confidence: must be above 0.5 and below 1, and is 1',
    ],
    [
      'outliers everywhere',
      {
        mannWhitney: { ...mannWhitney, outliers: { strategy: 'remove', factor: 0 } },
        range,
        interval: undefined,
      },
      'mannWhitney.outliers.factor: must be above 0, and is 0',
    ],
    [
      'a range that is none',
      { mannWhitney, range: { window: 'x', step: '15s' }, interval: undefined },
      'range.window: "x" is not a duration such as 5m, nor {{window}} or {{args.x}}',
    ],
  ])('%s', (_title, fields, fault) => {
    expect(faultsOf({ interval: '30s', ...fields })).toEqual([`spec.metrics[0].${fault}`]);
  });
});
