import { parseObject } from '../api/kind.ts';
import type { KubeObject, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import { type Rollout, rolloutKind } from '../api/rollout.ts';
import { checkRolloutUpdate } from '../api/rollout-freeze.ts';
import { checkRollingStyle, checkRollout } from '../api/rollout-validation.ts';
import { rolloutWarnings } from '../api/rollout-warnings.ts';
import { workloadResource } from '../api/rollout-workload.ts';
import { sharedRoutingOf } from '../api/traffic-routing.ts';
import { selects } from '../rollout/guard.ts';
import { rolloutsOf, sameWorkload } from '../workload/owning-rollout.ts';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  subjectOf,
  versionWritten,
} from './admission-review.ts';
import { answerOf, type Finding, fault, faultsOf, warning } from './finding.ts';
import type { Found, Lookup } from './lookup.ts';
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
  const written = versionWritten(request);
  const workload = await findWorkload(after, request.namespace, facts.lookup);
  const guards = facts.guards.filter((guard) => !guard.spec.suspend && selects(guard, after));
  const warnings = rolloutWarnings(after, {
    analyses: guards.flatMap(({ spec }) => spec.analyses),
    autoscalers: facts.autoscalers,
    replicas: workload.state === 'found' ? workload.object.spec.replicas : undefined,
  });
  return answerOf(subject, [
    ...faultsOf(written === 'v1alpha1' ? checkRollingStyle(after) : []),
    ...faultsOf(checkRollout(after)),
    ...(before ? faultsOf(checkRolloutUpdate(before, after, written)) : []),
    ...checkSoleDriver(before, after, facts.rollouts),
    ...(workload.state === 'missing' ? [warning(missingWorkload(after, request.namespace))] : []),
    ...(await checkShared(after, request.namespace, facts.lookup)),
    ...warnings.map((text) => warning(text)),
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

async function findWorkload(
  { spec: { workloadRef } }: Rollout,
  namespace: string,
  lookup: Lookup,
): Promise<Found<Workload>> {
  const resource = workloadResource(workloadRef);
  if (!resource) return { state: 'unknown', message: `${workloadRef.kind} is not supported` };
  return lookup<Workload>(resource, { name: workloadRef.name, namespace });
}

/** People apply files in any order; where the API server cannot be asked, the release will say it. */
async function checkShared(rollout: Rollout, namespace: string, lookup: Lookup): Promise<Finding[]> {
  const name = sharedRoutingOf(rollout);
  if (name === undefined) return [];
  const found = await lookup(resources.trafficRouting, { name, namespace });
  if (found.state !== 'missing') return [];
  return [warning(`TrafficRouting ${namespace}/${name} does not exist yet: no step begins until it does`)];
}

/** People apply files in any order, so that a missing workload is no reason to refuse. */
function missingWorkload({ spec: { workloadRef } }: Rollout, namespace: string): string {
  const { kind, name } = workloadRef;
  return `${kind} ${namespace}/${name} does not exist yet: nothing is released until it does`;
}
