import { checkRun } from '../analysis/check-template.ts';
import { type AnalysisRun, analysisRunKind } from '../api/analysis-run.ts';
import { ANALYSIS_LABEL, RELEASE_LABEL, ROLLOUT_LABEL, STEP_LABEL } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import { KRUISE_GROUP } from '../api/group.ts';
import { parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { type AdmissionAnswer, type AdmissionRequest, allow, deny, subjectOf } from './admission-review.ts';
import { isController } from './controller-identity.ts';
import { answerOf, faultsOf } from './finding.ts';
import { isCollection } from './unchanged.ts';
import { checkSources } from './validate-sources.ts';
import type { ValidationFacts } from './validation-facts.ts';

const CONTROLLER_LABELS = [ROLLOUT_LABEL, RELEASE_LABEL, STEP_LABEL, ANALYSIS_LABEL];

/**
 * Keeps verdicts honest: runs that judge a Rollout, and the status of every run, are written by the controller
 * alone; a run made by hand is checked like a template, and never changes what it measures.
 */
export async function validateRun(
  request: AdmissionRequest,
  raw: KubeObject,
  facts: ValidationFacts,
): Promise<AdmissionAnswer> {
  const before = request.oldObject as AnalysisRun | null | undefined;
  const after = raw as AnalysisRun;
  if (before && specChanged(before, after)) return deny(422, frozen(request));
  if (isController(request, facts.controller) || isCollection(request)) return allow();
  const claim = claimOf(after) ?? (before ? claimOf(before) : undefined);
  if (claim) return deny(403, foreign(request, claim));
  if (request.subResource === 'status') return deny(403, statusIsOurs(request));

  const parsed = parseObject(analysisRunKind, raw);
  if (!parsed.ok) return answerOf(subjectOf(request), faultsOf(parsed.faults));
  if (before) return allow();
  return answerOf(subjectOf(request), [
    ...faultsOf(checkRun(parsed.object.spec)),
    ...(await checkSources(parsed.object.spec.metrics, 'spec.metrics', request.namespace, facts.lookup)),
  ]);
}

/** What makes a run look as if the controller had made it for a Rollout. */
function claimOf({ metadata, spec }: AnalysisRun): string | undefined {
  if (spec?.key !== undefined) return 'spec.key';
  const owned = metadata.ownerReferences?.some(
    ({ apiVersion, kind }) => kind === 'Rollout' && apiVersion.startsWith(`${KRUISE_GROUP}/`),
  );
  if (owned) return 'an owner reference to a Rollout';
  const label = CONTROLLER_LABELS.find((name) => metadata.labels?.[name] !== undefined);
  return label && `the label ${label}`;
}

function specChanged(before: AnalysisRun, after: AnalysisRun): boolean {
  return !sameJson({ ...before.spec, terminate: undefined }, { ...after.spec, terminate: undefined });
}

function foreign(request: AdmissionRequest, claim: string): string {
  const use = request.operation === 'CREATE' ? `leave ${claim} out` : 'make a run of your own';
  return (
    `ForeignRun: ${subjectOf(request)} has ${claim}, and runs that judge a Rollout are written by Assay alone. ` +
    `To measure something by hand, ${use}`
  );
}

function statusIsOurs(request: AdmissionRequest): string {
  return (
    `ForeignRun: the status of ${subjectOf(request)} is what Assay measured and is written by Assay alone. ` +
    'To end the run early, set spec.terminate to true'
  );
}

function frozen(request: AdmissionRequest): string {
  return (
    `the spec of ${subjectOf(request)} cannot change, except for spec.terminate: its measurements would no ` +
    'longer speak of one thing. Make a new AnalysisRun'
  );
}
