import { describe, expect, test } from 'vitest';
import type { KayentaLabel } from '../../src/analysis/kayenta-judge.ts';
import { type KayentaScore, type ScoredMetric, scoreKayenta } from '../../src/analysis/kayenta-score.ts';

const THRESHOLDS = { pass: 95, marginal: 75 };

/** `errors:High`, or `errors:High!` if it is critical, or `errors:High?` if it is muted. */
function metrics(texts: string[]): ScoredMetric[] {
  return texts.map((text, index) => {
    const [, groups = '', label = ''] = /^([\w+]*):(\w+)/.exec(text) ?? [];
    return {
      name: `m${index}`,
      groups: groups.split('+'),
      label: label as KayentaLabel,
      critical: text.endsWith('!'),
      muted: text.endsWith('?'),
    };
  });
}

describe('the score', () => {
  test.each<
    [
      title: string,
      metrics: string[],
      groupWeights: Record<string, number>,
      expected: Pick<KayentaScore, 'score' | 'classification' | 'reason'>,
    ]
  >([
    ['all passed', ['a:Pass', 'b:Pass'], {}, { score: 100, classification: 'Pass', reason: 'Groups' }],
    [
      'one of four failed',
      ['a:Pass', 'a:High', 'a:Pass', 'a:Pass'],
      {},
      { score: 75, classification: 'Marginal', reason: 'Groups' },
    ],
    [
      'a third, with two decimals',
      ['a:Pass', 'a:High', 'a:Low'],
      {},
      { score: 33.33, classification: 'Fail', reason: 'Groups' },
    ],
    [
      'groups share equally',
      ['a:Pass', 'a:Pass', 'b:High'],
      {},
      { score: 50, classification: 'Fail', reason: 'Groups' },
    ],
    [
      'groups with weights',
      ['a:Pass', 'b:High'],
      { a: 80, b: 20 },
      { score: 80, classification: 'Marginal', reason: 'Groups' },
    ],
    [
      'groups without weights share the rest',
      ['a:Pass', 'b:High', 'c:Pass'],
      { a: 60 },
      { score: 80, classification: 'Marginal', reason: 'Groups' },
    ],
    [
      'a weight that no metric has is lost',
      ['a:Pass'],
      { z: 40 },
      { score: 60, classification: 'Fail', reason: 'Groups' },
    ],
    [
      'a group named like a property of every object',
      ['constructor:Pass'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    [
      'a metric in two groups counts in both',
      ['a+b:High', 'a:Pass', 'b:Pass', 'b:Pass', 'b:Pass'],
      {},
      { score: 62.5, classification: 'Fail', reason: 'Groups' },
    ],
    [
      'no data costs nothing',
      ['a:Pass', 'a:Pass', 'a:Nodata'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    [
      'a group without data costs nothing',
      ['a:Pass', 'a:Pass', 'b:Nodata'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    [
      'an error costs nothing',
      ['a:Pass', 'a:Error'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    [
      'no data, though it must be there',
      ['a:Pass', 'a:NodataFailMetric'],
      {},
      { score: 50, classification: 'Fail', reason: 'Groups' },
    ],
    ['half without data', ['a:Pass', 'a:Nodata'], {}, { score: 0, classification: 'Fail', reason: 'NoData' }],
    ['nothing at all', [], {}, { score: 0, classification: 'Fail', reason: 'NoData' }],
    [
      'a critical metric',
      ['a:Pass', 'a:Pass', 'a:High!'],
      {},
      { score: 0, classification: 'Fail', reason: 'CriticalMetric' },
    ],
    [
      'a critical metric that passed',
      ['a:Pass!', 'a:Pass'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    [
      'a muted metric does not count',
      ['a:Pass', 'a:High?', 'a:Nodata?'],
      {},
      { score: 100, classification: 'Pass', reason: 'Groups' },
    ],
    ['all muted', ['a:Pass?'], {}, { score: 0, classification: 'Fail', reason: 'NoData' }],
  ])('%s', (_title, texts, groupWeights, expected) => {
    const score = scoreKayenta(metrics(texts), { groupWeights, thresholds: THRESHOLDS });
    expect(score).toMatchObject(expected);
  });

  test('tells the groups, and which critical metrics failed', () => {
    const score = scoreKayenta(metrics(['a:Pass', 'a:High!', 'b:Nodata']), {
      groupWeights: { b: 30 },
      thresholds: THRESHOLDS,
    });
    expect(score.groups).toEqual([
      { name: 'a', score: 50, hasData: true, weight: 70 },
      { name: 'b', score: 0, hasData: false, weight: 30 },
    ]);
    expect(score.criticalMetrics).toEqual(['m1']);
  });

  test.each([
    [95, 'Pass'],
    [94.99, 'Marginal'],
    [75, 'Marginal'],
    [74.99, 'Fail'],
  ])('a threshold is reached by its own value: %f is %s', (weight, classification) => {
    const groupWeights = { a: weight, b: 100 - weight };
    const score = scoreKayenta(metrics(['a:Pass', 'b:High']), { groupWeights, thresholds: THRESHOLDS });
    expect(score).toMatchObject({ score: weight, classification });
  });
});
