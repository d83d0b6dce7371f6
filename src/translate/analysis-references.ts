import type { HashArguments } from './argo-arguments.ts';
import type { Located } from './source-document.ts';

export type AnalysisMode = 'Step' | 'Background' | 'PostPromotion';

/** One place of a Rollout of Argo Rollouts at which templates are named. */
export interface AnalysisReference {
  field: Located;
  mode: AnalysisMode;
  /** The index among the steps, for an analysis that is a step. */
  index?: number;
}

/** The analyses of a Rollout, those of its steps last. */
export function analysisReferences(rollout: Located): AnalysisReference[] {
  const strategy = rollout.at('spec', 'strategy');
  const places: AnalysisReference[] = [
    { field: strategy.at('canary', 'analysis'), mode: 'Background' },
    { field: strategy.at('blueGreen', 'prePromotionAnalysis'), mode: 'Step' },
    { field: strategy.at('blueGreen', 'postPromotionAnalysis'), mode: 'PostPromotion' },
    ...strategy
      .at('canary', 'steps')
      .items()
      .map((step, index): AnalysisReference => ({ field: step.at('analysis'), mode: 'Step', index })),
  ];
  return places.filter(({ field }) => field.isSet);
}

/** A template by kind and name, as references and templates are matched. */
export function templateKey(kind: string, name: string): string {
  return `${kind}/${name}`;
}

export function referenceKey(reference: Located): string {
  const isCluster = reference.at('clusterScope').value === true;
  const name = reference.at('templateName').text() ?? '';
  return templateKey(isCluster ? 'ClusterAnalysisTemplate' : 'AnalysisTemplate', name);
}

/**
 * Which arguments of which templates the Rollouts fill with the hash of a version. Ours are placeholders of the
 * query, so that such an argument goes out of the template.
 */
export function hashArguments(rollouts: readonly Located[]): Map<string, HashArguments> {
  const result = new Map<string, Map<string, 'canary.hash' | 'stable.hash'>>();
  for (const { field } of rollouts.flatMap(analysisReferences)) {
    for (const reference of field.at('templates').items()) {
      const key = referenceKey(reference);
      const known = result.get(key) ?? new Map<string, 'canary.hash' | 'stable.hash'>();
      for (const argument of field.at('args').items()) {
        const hash = argument.at('valueFrom', 'podTemplateHashValue').text();
        const name = argument.at('name').text() ?? '';
        if (hash !== undefined) known.set(name, hash === 'Stable' ? 'stable.hash' : 'canary.hash');
      }
      result.set(key, known);
    }
  }
  return result;
}
