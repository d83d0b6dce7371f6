import { parseObject } from '../api/kind.ts';
import type { Deployment, KubeObject } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { type Rollout, rolloutKind } from '../api/rollout.ts';
import { checkRollout, checkRolloutUpdate } from '../api/rollout-validation.ts';
import { rolloutsOf, sameWorkload } from '../workload/owning-rollout.ts';
import { type AdmissionAnswer, type AdmissionRequest, subjectOf } from './admission-review.ts';
import { answerOf, type Finding, fault, faultsOf, warning } from './finding.ts';
import type { ValidationFacts } from './validation-facts.ts';

/** Checks a Rollout by itself, against what it was, and against the other Rollouts of its namespace. */
export async function validateRollout(
  request: AdmissionRequest,
  raw: KubeObject,
  facts: ValidationFacts,
): Promise<AdmissionAnswer> {
  const subject = subjectOf(request);
  const parsed = parseObject(rolloutKind, raw);
  if (!parsed.ok) return answerOf(subject, faultsOf(parsed.faults));
  const after = parsed.object;
  const former = request.oldObject ? parseObject(rolloutKind, request.oldObject) : undefined;
  const before = former?.ok ? former.object : undefined;
  return answerOf(subject, [
    ...faultsOf(checkRollout(after)),
    ...(before ? faultsOf(checkRolloutUpdate(before, after)) : []),
    ...checkSoleDriver(before, after, facts.rollouts),
    ...(await checkWorkload(after, request.namespace, facts)),
  ]);
}

/** A conflict that exists already must not stand in the way of the edit that ends it. */
function checkSoleDriver(
  before: Rollout | undefined,
  after: Rollout,
  rollouts: readonly Rollout[],
): Finding[] {
  const { workloadRef } = after.spec;
  if (before && sameWorkload(before.spec.workloadRef, workloadRef)) return [];
  const other = rolloutsOf(rollouts, workloadRef).find(
    ({ metadata }) => metadata.name !== after.metadata.name,
  );
  if (!other) return [];
  return [
    fault(
      'spec.workloadRef',
      `${workloadRef.kind} ${workloadRef.name} is driven by Rollout ${other.metadata.name} already. Change that ` +
        'one, or delete it first',
    ),
  ];
}

/** People apply files in any order, so that a missing workload is no reason to refuse. */
async function checkWorkload(
  after: Rollout,
  namespace: string,
  { lookup }: ValidationFacts,
): Promise<Finding[]> {
  const { kind, name, apiVersion } = after.spec.workloadRef;
  if (kind !== 'Deployment' || !apiVersion.startsWith('apps/')) return [];
  const { state } = await lookup<Deployment>(resources.deployment, { name, namespace });
  if (state !== 'missing') return [];
  return [warning(`Deployment ${namespace}/${name} does not exist yet: nothing is released until it does`)];
}
