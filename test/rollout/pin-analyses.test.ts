import { describe, expect, test } from 'vitest';
import type { AnalysisTemplate } from '../../src/api/analysis-template.ts';
import type { GuardAnalysis } from '../../src/api/rollout-guard.ts';
import { pinAnalyses } from '../../src/rollout/pin-analyses.ts';
import { analysisRun } from '../../src/rollout/runs.ts';
import { deployment } from '../builders/deployment.ts';
import { analysis, analysisTemplate, guard, METRIC } from '../builders/guard.ts';
import { rollout } from '../builders/rollout.ts';
import { releasing } from '../builders/snapshot.ts';

const SUBJECT = { rollout: rollout({ labels: { floor: '0.9' } }), workload: deployment() };

function pin(given: GuardAnalysis, templates: AnalysisTemplate[] = [analysisTemplate()], subject = SUBJECT) {
  return pinAnalyses({ guard: guard({ analyses: [given] }), templates }, subject);
}

describe('the analyses of a guard are pinned', () => {
  test('with the metrics and arguments of nested templates', () => {
    const inner = analysisTemplate('inner', [{ ...METRIC, name: 'inner' }]);
    const outer = analysisTemplate();
    const suite = { ...outer, spec: { ...outer.spec, templates: [{ name: 'inner' }] } };
    const [pinned] = pin(analysis(), [suite, inner]);
    expect(pinned).toMatchObject({
      mode: 'Step',
      metrics: [{ name: 'success-rate' }, { name: 'inner' }],
      args: [{ name: 'threshold', value: '0.95' }],
    });
  });

  test('with the score of whichever template has one, which its runs then have', () => {
    const score = { pass: 95, marginal: 75, groups: [{ name: 'errors', weight: 100 }] };
    const inner = analysisTemplate('inner', [{ ...METRIC, name: 'inner' }]);
    const outer = analysisTemplate();
    const suite = { ...outer, spec: { ...outer.spec, score, templates: [{ name: 'inner' }] } };
    const [pinned] = pin(analysis(), [suite, inner]);
    expect(pinned).toMatchObject({ score });
    expect(pin(analysis())[0]).not.toHaveProperty('score');
    const subject = releasing({});
    if (!pinned || typeof pinned === 'string') throw new Error('it is pinned');
    expect(analysisRun(subject, pinned).spec.score).toEqual(score);
  });

  test('with arguments as the fields of the Rollout have them', () => {
    const fieldPath = "rollout.metadata.labels['floor']";
    const [pinned] = pin(analysis({ args: [{ name: 'threshold', valueFrom: { fieldRef: { fieldPath } } }] }));
    expect(pinned).toMatchObject({ args: [{ name: 'threshold', value: '0.9' }] });
  });

  test('a Background analysis without what would end it, a PostPromotion one with it', () => {
    const template = analysisTemplate('success-rate', [{ ...METRIC, consecutiveSuccessLimit: 2 }]);
    const { count: _count, ...endless } = METRIC;
    expect(pin(analysis({ mode: 'Background' }), [template])).toMatchObject([{ metrics: [endless] }]);
    const [background] = pin(analysis({ mode: 'Background' }), [template]);
    expect(background).not.toHaveProperty('metrics.0.count');
    expect(background).not.toHaveProperty('metrics.0.consecutiveSuccessLimit');
    expect(pin(analysis({ mode: 'PostPromotion' }), [template])).toMatchObject([{ metrics: [{ count: 3 }] }]);
  });
});

describe('a guard that cannot be resolved says why', () => {
  const rows: [string, GuardAnalysis, AnalysisTemplate[], string][] = [
    [
      'a template is missing',
      analysis(),
      [],
      'names AnalysisTemplate success-rate, which does not exist; create it',
    ],
    [
      'a template of the other kind is no template',
      analysis({ template: { kind: 'ClusterAnalysisTemplate', name: 'success-rate' } }),
      [analysisTemplate()],
      'names ClusterAnalysisTemplate success-rate, which does not exist; create it',
    ],
    [
      'a field is not set',
      analysis({
        args: [
          { name: 'threshold', valueFrom: { fieldRef: { fieldPath: "rollout.metadata.annotations['x']" } } },
        ],
      }),
      [analysisTemplate()],
      ': args[0].valueFrom.fieldRef.fieldPath: the argument threshold: ',
    ],
    [
      'a field is of the wrong type',
      analysis({
        args: [{ name: 'threshold', valueFrom: { fieldRef: { fieldPath: 'rollout.metadata.name' } } }],
      }),
      [analysisTemplate()],
      ': args[0].value: the argument threshold must be a number such as 0.95, and is "echoserver"',
    ],
    [
      'a Background metric measures once',
      analysis({ mode: 'Background' }),
      [analysisTemplate('success-rate', [{ name: 'x', query: 'x', successCondition: 'value > 0' }])],
      ': spec.metrics[0].interval: is needed by a Background analysis, which measures again and again',
    ],
    [
      'a PostPromotion query asks for the step',
      analysis({ mode: 'PostPromotion' }),
      [analysisTemplate('success-rate', [{ ...METRIC, query: 'x * {{step.weight}}' }])],
      ': spec.metrics[0]: {{step.weight}} stands for nothing in a PostPromotion analysis, which judges no single step',
    ],
  ];
  test.each(rows)('%s', (_title, given, templates, why) => {
    const found = pin(given, templates);
    expect(found).toEqual(expect.stringContaining('RolloutGuard echoserver: analysis success-rate'));
    expect(found).toEqual(expect.stringContaining(why));
  });
});

test('looked at by itself a guard needs no objects to read its arguments from', () => {
  const fieldPath = "rollout.metadata.annotations['not there']";
  const given = analysis({ args: [{ name: 'threshold', valueFrom: { fieldRef: { fieldPath } } }] });
  const facts = { guard: guard({ analyses: [given] }), templates: [analysisTemplate()] };
  expect(pinAnalyses(facts, undefined)).toMatchObject([{ name: 'success-rate' }]);
});
