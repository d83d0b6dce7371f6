import { describe, expect, test } from 'vitest';
import { analysisTemplateKind } from '../../src/api/analysis-template.ts';
import { parseObject } from '../../src/api/kind.ts';
import type { KubeObject } from '../../src/api/kubernetes.ts';
import { rolloutKind } from '../../src/api/rollout.ts';
import { rolloutGuardKind } from '../../src/api/rollout-guard.ts';

function object(kind: string, fields: object): KubeObject {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind,
    metadata: { name: 'demo', labels: { a: 'b' } },
    ...fields,
  };
}

describe('parseObject', () => {
  test('keeps metadata, fills defaults and drops what the kind does not know', () => {
    const raw = object('RolloutGuard', {
      spec: { rolloutRef: { name: 'demo' }, analyses: [{ name: 'errors', template: { name: 't' } }], foo: 1 },
    });
    expect(parseObject(rolloutGuardKind, raw)).toStrictEqual({
      ok: true,
      object: object('RolloutGuard', {
        spec: {
          rolloutRef: { name: 'demo' },
          analyses: [{ name: 'errors', template: { kind: 'AnalysisTemplate', name: 't' } }],
        },
      }),
    });
  });

  test('fills a status that a merge patch of one field made', () => {
    const parsed = parseObject(
      rolloutKind,
      object('Rollout', {
        spec: {
          workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'echoserver' },
          strategy: {},
        },
        status: { canaryStatus: { currentStepState: 'StepReady' } },
      }),
    );
    expect(parsed.ok && parsed.object.status).toStrictEqual({
      currentStepIndex: 0,
      currentStepState: '',
      canaryStatus: {
        podTemplateHash: '',
        currentStepIndex: 0,
        nextStepIndex: 0,
        currentStepState: 'StepReady',
        finalisingStep: '',
        canaryRevision: '',
        canaryReplicas: 0,
        canaryReadyReplicas: 0,
      },
    });
  });

  test('names every fault by its path, as people write it', () => {
    const raw = object('AnalysisTemplate', {
      spec: { metrics: [{ name: 'Errors', query: '', interval: 'soon' }] },
    });
    const parsed = parseObject(analysisTemplateKind, raw);
    expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toStrictEqual([
      'spec.metrics[0].name',
      'spec.metrics[0].query',
      'spec.metrics[0].interval',
    ]);
    expect(parsed.ok ? undefined : parsed.faults[2]?.message).toBe(
      'must be a duration such as 30s, 5m or 1h30m',
    );
  });
});

test('a template needs a metric, or a template with one', () => {
  const parsed = (spec: object) => parseObject(analysisTemplateKind, object('AnalysisTemplate', { spec }));
  const nesting = { templates: [{ name: 'web' }] };
  expect(parsed(nesting)).toMatchObject({ ok: true, object: { spec: { metrics: [], ...nesting } } });
  expect(parsed({})).toEqual({
    ok: false,
    faults: [{ path: 'spec.metrics', message: 'a template needs a metric, or a template with one' }],
  });
});
