import { alertReceiverKind } from '../api/alert-receiver.ts';
import { ASSAY_GROUP, KRUISE_GROUP } from '../api/group.ts';
import { type KindDefinition, parseObject } from '../api/kind.ts';
import type { KubeObject } from '../api/kubernetes.ts';
import { type AdmissionAnswer, type AdmissionRequest, allow, deny, subjectOf } from './admission-review.ts';
import { isController } from './controller-identity.ts';
import { answerOf, faultsOf } from './finding.ts';
import { isCollection, onlyMetadataChanges } from './unchanged.ts';
import { validateGuard } from './validate-guard.ts';
import { validateRollout } from './validate-rollout.ts';
import { validateRun } from './validate-run.ts';
import { validateMetricSource } from './validate-sources.ts';
import { validateTemplate } from './validate-template.ts';
import { validateTrafficRouting } from './validate-traffic-routing.ts';
import type { ValidationFacts } from './validation-facts.ts';

/** Judges one object of the request; only CREATE and UPDATE come here, with the object as it would become. */
type Validation = (
  request: AdmissionRequest,
  raw: KubeObject,
  facts: ValidationFacts,
) => AdmissionAnswer | Promise<AdmissionAnswer>;

const VALIDATIONS = new Map<string, Validation>([
  [`${KRUISE_GROUP}/Rollout`, unlessUntouched(validateRollout)],
  [`${KRUISE_GROUP}/TrafficRouting`, unlessUntouched(validateTrafficRouting)],
  [`${ASSAY_GROUP}/RolloutGuard`, unlessUntouched(validateGuard)],
  [`${ASSAY_GROUP}/AnalysisTemplate`, unlessUntouched(validateTemplate)],
  [`${ASSAY_GROUP}/ClusterAnalysisTemplate`, unlessUntouched(validateTemplate)],
  [`${ASSAY_GROUP}/ClusterMetricSource`, unlessUntouched(validateMetricSource)],
  [`${ASSAY_GROUP}/AlertReceiver`, unlessUntouched(validateShape(alertReceiverKind))],
  [`${ASSAY_GROUP}/AnalysisRun`, validateRun],
  [`${ASSAY_GROUP}/RolloutRecord`, validateRecord],
]);

/** Says whether an object of Assay's kinds, or a Rollout, may be written as it is. Never throws for bad input. */
export async function validate(request: AdmissionRequest, facts: ValidationFacts): Promise<AdmissionAnswer> {
  const validation = VALIDATIONS.get(`${request.kind.group}/${request.kind.kind}`);
  const changes = request.operation === 'CREATE' || request.operation === 'UPDATE';
  if (!validation || !changes || !request.object) return allow();
  return validation(request, request.object, facts);
}

/** An object that became invalid through a newer rule can still be labelled, released and deleted. */
function unlessUntouched(validation: Validation): Validation {
  return (request, raw, facts) => (onlyMetadataChanges(request) ? allow() : validation(request, raw, facts));
}

function validateShape(kind: KindDefinition): Validation {
  return (request, raw) => {
    const parsed = parseObject(kind, raw);
    return parsed.ok ? allow() : answerOf(subjectOf(request), faultsOf(parsed.faults));
  };
}

/** A record holds what was approved, rejected and judged: whoever could write it could promote anything. */
function validateRecord(
  request: AdmissionRequest,
  _raw: KubeObject,
  facts: ValidationFacts,
): AdmissionAnswer {
  if (isController(request, facts.controller) || isCollection(request)) return allow();
  return deny(
    403,
    `${subjectOf(request)} is what Assay remembers of the Rollout of that name, and is written by Assay alone. ` +
      'Approve, restore or release through the Rollout and its workload',
  );
}
