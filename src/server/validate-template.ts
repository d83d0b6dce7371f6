import { checkTemplate } from '../analysis/check-template.ts';
import { analysisTemplateKind } from '../api/analysis-template.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, faultsOf } from './finding.ts';
import { checkSources } from './validate-sources.ts';
import type { ValidationFacts } from './validation-facts.ts';

/** Checks an AnalysisTemplate or a ClusterAnalysisTemplate, and that its metric sources exist. */
export async function validateTemplate(
  request: AdmissionRequest,
  raw: KubeObject,
  facts: ValidationFacts,
): Promise<AdmissionAnswer> {
  const parsed = parseObject(analysisTemplateKind, raw);
  if (!parsed.ok) return answerOf(subjectOf(request), faultsOf(parsed.faults));
  const { spec } = parsed.object;
  return answerOf(subjectOf(request), [
    ...faultsOf(checkTemplate(spec)),
    ...(await checkSources(spec.metrics, 'spec.metrics', request.namespace, facts.lookup)),
  ]);
}
