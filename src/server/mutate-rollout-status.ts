import { RETRY_ANNOTATION } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import type { Approval, Rollout, RolloutStatus, StepState } from '../api/rollout.ts';
import type { RolloutRecord, StepRecord } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { type AdmissionAnswer, type AdmissionRequest, allow, deny, subjectOf } from './admission-review.ts';
import { type ControllerIdentity, isController } from './controller-identity.ts';
import { faultOfJump, jumpIn } from './step-jump.ts';

export interface StatusAdmissionFacts {
  controller: ControllerIdentity;
  /** What Assay remembers of this Rollout, read for this request: its verdict must not be an old one. */
  record: RolloutRecord | undefined;
  /** Epoch milliseconds. */
  now: number;
}

const APPROVALS_KEPT = 20;

/** Why a step in this state cannot be approved. */
const NOT_YET = {
  BeforeStepUpgrade: 'its pods are about to be made',
  StepUpgrade: 'its pods are not ready yet',
  StepTrafficRouting: 'its traffic is being routed',
  StepMetricsAnalysis: 'its analyses are still judging it',
  StepPaused: 'it waits for approval',
  StepReady: 'it is approved already and goes on by itself',
  Completed: 'all its steps are done',
} as const satisfies Record<StepState, string>;

/**
 * Turns the patch by which a person approves a step (`currentStepState` from StepPaused to StepReady, as
 * kubectl-kruise sends it) into a record of who approved which step of which release. Every other change of a
 * Rollout's status by anybody but the controller is denied, so that no step moves by accident.
 */
export function mutateRolloutStatus(request: AdmissionRequest, facts: StatusAdmissionFacts): AdmissionAnswer {
  if (request.operation !== 'UPDATE' || isController(request, facts.controller)) return allow();
  const before = (request.oldObject as Rollout | null | undefined)?.status;
  const after = (request.object as Rollout | null | undefined)?.status;
  if (sameJson(before, after)) return allow();
  if (!before || !after) return deny(403, onlyApproval(request));
  const to = jumpIn(before, after);
  if (to === undefined && !isApproval(before, after)) return deny(403, onlyApproval(request));

  const { canaryStatus } = before;
  const step = canaryStatus?.currentStepIndex ?? 0;
  if (before.phase !== 'Progressing') return deny(403, noRelease(request, before));
  const record = facts.record && isOwnedBy(facts.record, request) ? facts.record : undefined;
  const fault = to === undefined ? undefined : faultOfJump(request.oldObject as Rollout, step, to);
  if (fault) return deny(422, `${subjectOf(request)} cannot be sent to another step: ${fault}`);
  // Back is always a safe way to go: nothing is left upwards by it.
  const isBack = to !== undefined && to <= step && canaryStatus?.currentStepState !== 'Completed';
  if (!isBack && canaryStatus?.currentStepState !== 'StepPaused') {
    return deny(403, heldOnTheWay(request, record) ?? notPaused(request, before));
  }

  const recorded = record && (isBack ? presentStep(record) : pausedStep(record));
  if (!record || recorded?.index !== step) return deny(409, notRecorded(request, step));
  const { verdict, entry: stepEntry } = recorded;
  if (!isBack && verdict?.phase === 'Failed') return deny(403, failed(request, step, verdict.message));

  const approval: Approval = {
    releaseId: record.status.releaseId,
    stepEntry,
    step,
    ...(to === undefined ? {} : { to }),
    user: request.userInfo.username,
    at: formatTime(facts.now),
  };
  const approvals = [...(before.approvals ?? []), approval].slice(-APPROVALS_KEPT);
  return allow({ patch: [{ op: 'add', path: '/status/approvals', value: approvals }] });
}

/** Whether nothing else changes than the step's state to StepReady, and the top-level field that mirrors it. */
function isApproval(before: RolloutStatus, after: RolloutStatus): boolean {
  const mirrored = after.currentStepState === 'StepReady' ? 'StepReady' : before.currentStepState;
  return sameJson(after, {
    ...before,
    currentStepState: mirrored,
    canaryStatus: { ...before.canaryStatus, currentStepState: 'StepReady' },
  });
}

/**
 * A hold that comes before the step has its traffic: a template that was rejected before, or Background analyses
 * that are not at ease. It is ended by another word than approval.
 */
function heldOnTheWay(request: AdmissionRequest, record: RolloutRecord | undefined): string | undefined {
  const { release, releaseId } = record?.status ?? {};
  const { hold } = release?.step ?? {};
  if (!hold) return undefined;
  const { name, namespace } = request;
  return (
    `step ${release?.step?.index} of ${subjectOf(request)} is held (${hold.reason}: ${hold.message}), and approval ` +
    'does not end that. Release another template, or try this one again: ' +
    `kubectl annotate rollouts.rollouts.kruise.io ${name} -n ${namespace} --overwrite ${RETRY_ANNOTATION}=${releaseId}`
  );
}

/** A Rollout that was deleted and made again has nothing to do with the record of the former one. */
function isOwnedBy(record: RolloutRecord, request: AdmissionRequest): boolean {
  const uid = request.oldObject?.metadata.uid;
  return record.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

/**
 * The step that waits for a person, by the record. The status is projected from the record and comes later: a
 * step that has moved on meanwhile would find the approval when it waits again, for another reason.
 */
function pausedStep(record: RolloutRecord): StepRecord | undefined {
  const step = presentStep(record);
  return step?.state === 'StepPaused' ? step : undefined;
}

function presentStep({ status }: RolloutRecord): StepRecord | undefined {
  const { step, outcome } = status.release ?? {};
  return outcome === undefined ? step : undefined;
}

function onlyApproval(request: AdmissionRequest): string {
  return (
    `the status of ${subjectOf(request)} is written by Assay. A person can approve a paused step ` +
    '(patch status.canaryStatus.currentStepState from StepPaused to StepReady), or send the release to another ' +
    'step (patch status.canaryStatus.nextStepIndex), and change nothing else'
  );
}

function noRelease(request: AdmissionRequest, { phase }: RolloutStatus): string {
  return (
    `${subjectOf(request)} is ${phase || 'not started'}: no release is under way, so there is no step to ` +
    'approve. Change the pod template of its workload to start one'
  );
}

function notPaused(request: AdmissionRequest, { canaryStatus }: RolloutStatus): string {
  const state = canaryStatus?.currentStepState || 'no state';
  const reason = Object.hasOwn(NOT_YET, state) ? ` (${NOT_YET[state as StepState]})` : '';
  return (
    `step ${canaryStatus?.currentStepIndex ?? 0} of ${subjectOf(request)} is in ${state}${reason}, and only a ` +
    `step in StepPaused can be approved. ${look(request)}, and approve it once it is paused`
  );
}

function notRecorded(request: AdmissionRequest, step: number): string {
  return (
    `step ${step} of ${subjectOf(request)} is on the move: what Assay has recorded of it is not what its status ` +
    'says. Look again in a second, and approve it if it still waits'
  );
}

function failed(request: AdmissionRequest, step: number, message: string): string {
  return (
    `the analyses of step ${step} of ${subjectOf(request)} failed (${message}), so it cannot be approved. ` +
    'Restore the stable pod template of its workload, or release a new version'
  );
}

function look({ name, namespace }: AdmissionRequest): string {
  return `Watch it with: kubectl get rollouts.rollouts.kruise.io ${name} -n ${namespace} -w`;
}
