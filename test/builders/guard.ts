import type { AnalysisTemplate, Metric } from '../../src/api/analysis-template.ts';
import type { GuardAnalysis, RolloutGuard } from '../../src/api/rollout-guard.ts';
import type { PinnedGuard } from '../../src/api/rollout-record.ts';
import { effectiveGuard } from '../../src/rollout/guard.ts';
import type { GuardFacts } from '../../src/rollout/snapshot.ts';
import { NAME, NAMESPACE } from './deployment.ts';

export type GuardPart = Partial<RolloutGuard['spec']> & { name?: string; generation?: number };

export const METRIC: Metric = {
  name: 'success-rate',
  query: 'success-rate{pod=~"{{canary.pods}}"}',
  interval: '10s',
  count: 3,
  successCondition: 'value >= {{args.threshold}}',
};

export function analysis(part: Partial<GuardAnalysis> = {}): GuardAnalysis {
  const name = part.name ?? 'success-rate';
  return { name, template: { kind: 'AnalysisTemplate', name }, ...part };
}

export function analysisTemplate(name = 'success-rate', metrics: Metric[] = [METRIC]): AnalysisTemplate {
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name, namespace: NAMESPACE },
    spec: { args: [{ name: 'threshold', type: 'number', value: '0.95' }], metrics },
  };
}

export function guard(part: GuardPart = {}): RolloutGuard {
  const { name = NAME, generation = 1, ...spec } = part;
  return {
    apiVersion: 'assay.dev/v1alpha1',
    kind: 'RolloutGuard',
    metadata: { name, namespace: NAMESPACE, uid: `${name}-guard-uid`, generation },
    spec: {
      ...(spec.selector ? {} : { rolloutRef: { name: NAME } }),
      analyses: [analysis()],
      ...spec,
    },
  };
}

/** A guard with a template for each of its analyses. */
export function guardFacts(part: GuardPart = {}): GuardFacts {
  const object = guard(part);
  return {
    guard: object,
    templates: [...new Set(object.spec.analyses.map(({ template }) => template.name))].map((each) =>
      analysisTemplate(each),
    ),
  };
}

/** The guard as a release that began under it has it in its record. */
export function pinned(...facts: GuardFacts[]): PinnedGuard {
  const effective = effectiveGuard(facts, undefined);
  if (effective.kind !== 'guard') throw new Error('a guard was expected');
  return effective.guard;
}
