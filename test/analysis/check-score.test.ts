import { describe, expect, test } from 'vitest';
import { checkArguments, checkRun, checkTemplate } from '../../src/analysis/check-template.ts';
import type { AnalysisTemplate, Metric } from '../../src/api/analysis-template.ts';
import type { MannWhitney, Score } from '../../src/api/judge-schemas.ts';
import type { SchemaFault } from '../../src/api/kind.ts';
import { faultsOfMode } from '../../src/rollout/mode-metrics.ts';
import { bareMetric, metric } from './examples.ts';

type Spec = AnalysisTemplate['spec'];

const scored = (name: string, fields: Partial<MannWhitney>, more: Partial<Metric> = {}): Metric =>
  bareMetric({
    name,
    query: undefined,
    range: { window: '5m', step: '15s' },
    mannWhitney: { canary: 'c', stable: 's', ...fields },
    ...more,
  });

const ERRORS = scored('errors', { group: 'errors', critical: true });
const LATENCY = scored('latency', { group: 'latency' });
const SCORE: Score = {
  pass: 95,
  marginal: 75,
  groups: [
    { name: 'errors', weight: 60 },
    { name: 'latency', weight: 40 },
  ],
};
const texts = (faults: readonly SchemaFault[]) => faults.map(({ path, message }) => `${path}: ${message}`);

const rows: [title: string, spec: Spec, faults: string[]][] = [
  ['a score with its metrics', { metrics: [ERRORS, LATENCY], score: SCORE }, []],
  ['and others beside them', { metrics: [ERRORS, LATENCY, metric()], score: SCORE }, []],
  [
    'a group that no metric names',
    { metrics: [ERRORS], score: SCORE },
    [
      'spec.score.groups[1].name: no mannWhitney metric that decides has the group latency; name it in one, or take it away',
    ],
  ],
  [
    'nor one that only a dry run names',
    { metrics: [ERRORS, { ...LATENCY, dryRun: true }], score: SCORE },
    [
      'spec.score.groups[1].name: no mannWhitney metric that decides has the group latency; name it in one, or take it away',
    ],
  ],
  [
    'a metric in no group',
    { metrics: [ERRORS, LATENCY, scored('cpu', {})], score: SCORE },
    ['spec.metrics[2].mannWhitney.group: is in no group of the score; give it one of errors, latency'],
  ],
  [
    'or in one that is not there',
    { metrics: [ERRORS, LATENCY, scored('cpu', { group: 'cpu' })], score: SCORE },
    ['spec.metrics[2].mannWhitney.group: the score has no group cpu; it has errors, latency'],
  ],
  [
    'a score without mannWhitney metrics',
    { metrics: [metric()], score: SCORE },
    ['spec.score: joins mannWhitney metrics, and there is none that is no dry run; take the score away'],
  ],
  [
    'pass below marginal',
    { metrics: [ERRORS, LATENCY], score: { ...SCORE, pass: 50 } },
    ['spec.score.marginal: must not be above pass (50), and is 75'],
  ],
  ['pass at marginal', { metrics: [ERRORS, LATENCY], score: { ...SCORE, pass: 75 } }, []],
  [
    'a threshold that everything reaches, and one that nothing does',
    { metrics: [ERRORS, LATENCY], score: { ...SCORE, pass: 101, marginal: 0 } },
    [
      'spec.score.pass: must be above 0 and at most 100, and is 101',
      'spec.score.marginal: must be above 0 and at most 100, and is 0',
    ],
  ],
  [
    'weights that do not sum to 100',
    {
      metrics: [ERRORS],
      score: { ...SCORE, groups: [{ name: 'errors', weight: 60 }] },
    },
    ['spec.score.groups: the weights must sum to 100, and sum to 60'],
  ],
  [
    'a weight that is none, and a group that is there twice',
    {
      metrics: [ERRORS],
      score: {
        ...SCORE,
        groups: [
          { name: 'errors', weight: 100 },
          { name: 'errors', weight: 0 },
        ],
      },
    },
    [
      'spec.score.groups[1].name: the group errors is there twice',
      'spec.score.groups[1].weight: must be above 0, and is 0',
    ],
  ],
  [
    'no data that passes',
    { metrics: [ERRORS, { ...LATENCY, noData: 'Pass' }], score: SCORE },
    [
      'spec.metrics[1].noData: cannot be Pass in a score, where a metric without data is left out; take it away',
    ],
  ],
];

describe('a score fits its metrics', () => {
  test.each(rows)('%s', (_title, spec, faults) => {
    expect(texts(checkTemplate(spec))).toEqual(faults);
    const { metrics, score } = spec;
    expect(texts(checkRun({ metrics, ...(score && { score }) }))).toEqual(faults);
  });

  test('weights with fractions sum up as people sum them', () => {
    const groups = ['a', 'b', 'c'].map((name, index) => ({ name, weight: index === 0 ? 33.4 : 33.3 }));
    const metrics = groups.map(({ name }) => scored(name, { group: name }));
    expect(checkTemplate({ metrics, score: { ...SCORE, groups } })).toEqual([]);
  });
});

describe('where templates nest', () => {
  const nesting: Spec = {
    metrics: [ERRORS],
    templates: [{ kind: 'AnalysisTemplate', name: 'latency' }],
    score: SCORE,
  };

  test('the groups of an outer one may be those of metrics that are not here', () => {
    expect(checkTemplate(nesting)).toEqual([]);
    expect(texts(checkTemplate({ ...nesting, score: { ...SCORE, pass: 50 } }))).toEqual([
      'spec.score.marginal: must not be above pass (50), and is 75',
    ]);
  });

  test('an inner one may have groups without a score', () => {
    expect(checkTemplate({ metrics: [LATENCY] })).toEqual([]);
  });

  test('all together are checked where they are used', () => {
    expect(texts(checkArguments({ metrics: [LATENCY] }, []))).toEqual([
      'template: spec.metrics[0].mannWhitney.group of it: means nothing without spec.score; add one, or take it away',
    ]);
    expect(texts(checkArguments({ metrics: [ERRORS], score: SCORE }, []))).toEqual([
      'template: spec.score.groups[1].name of it: no mannWhitney metric that decides has the group latency; name it in one, or take it away',
    ]);
    expect(texts(checkRun({ metrics: [ERRORS] }))).toEqual([
      'spec.metrics[0].mannWhitney.group: means nothing without spec.score; add one, or take it away',
      'spec.metrics[0].mannWhitney.critical: means nothing without spec.score; add one, or take it away',
    ]);
  });
});

test('a Background analysis has no end at which a score could decide', () => {
  const spec = { metrics: [{ ...ERRORS, interval: '1m' }], score: SCORE };
  expect(texts(faultsOfMode(spec, 'Background'))).toEqual([
    'spec.score: decides when its metrics have ended, and a Background analysis goes on; give it a Step analysis',
  ]);
  expect(faultsOfMode(spec, 'PostPromotion')).toEqual([]);
  expect(faultsOfMode(spec, 'Step')).toEqual([]);
});
