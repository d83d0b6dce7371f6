import type { AnalysisMode } from '../api/analysis-run.ts';
import type { StepState } from '../api/rollout.ts';
import type { AlertEvent, FailureAction } from '../api/rollout-guard.ts';
import type { Evidence, HoldReason, RecordStatus } from '../api/rollout-record.ts';
import { type Context, type StepContext, timestamp, withRelease, withStep } from './context.ts';
import type { Notice, Outcome, Reason } from './decision.ts';
import { effectiveAction } from './failure-action.ts';
import { stepsOf, weightOf } from './plan.ts';

/** Reasons for which a template is remembered as rejected: it was judged, and found bad. */
const REJECTING: readonly Reason[] = ['AnalysisFailed', 'ProgressDeadlineExceeded'];

/** A step failed: record the verdict and do what the guard says. */
export function failStep(
  context: StepContext,
  reason: 'AnalysisFailed' | 'ProgressDeadlineExceeded',
  message: string,
  evidence: Evidence[],
  held: Pick<HoldRequest, 'state' | 'mode'> = { state: 'StepPaused' },
): Outcome {
  const verdict = { phase: 'Failed' as const, reason, message, at: timestamp(context) };
  const judged = { ...context, step: { ...context.step, verdict } };
  const { action, why } = effectiveAction(judged, context.release.guard?.onFailure ?? 'Pause');
  const told = why ? `${message}; ${why}` : message;
  if (action !== 'Pause') return applyFailureAction(judged, action, reason, told, evidence);
  return hold(judged, { ...held, reason, message: told, evidence, event: 'Failed' });
}

/** Takes the release back, or only the canary away. */
export function applyFailureAction(
  context: StepContext,
  action: FailureAction,
  reason: Reason & string,
  message: string,
  evidence: Evidence[],
): Outcome {
  const { snapshot, release, step } = context;
  const rollback = action === 'Rollback';
  const ended = withRelease(snapshot.record, {
    ...release,
    step,
    stage: rollback ? 'Cancelling' : 'Aborting',
    ...(rollback ? { restore: true } : {}),
    reason,
    message,
  });
  // What nobody came to see may have failed before.
  const isBad = REJECTING.includes(reason) || step.verdict?.phase === 'Failed';
  const record = isBad ? rejecting(context, ended, message) : ended;
  const workload = snapshot.rollout.spec.workloadRef.name;
  return {
    decision: rollback ? 'RollBack' : 'Abort',
    reason,
    message,
    record,
    notice: {
      event: rollback ? 'RolledBack' : 'Aborted',
      reason,
      summary: `${headline(context)} failed: ${message}`,
      evidence,
      action: rollback
        ? `Rolled back: the stable pod template was restored in ${workload}, all traffic goes to the stable pods.`
        : `Aborted: the canary was taken away, ${workload} stays paused on its stable pods with the new template in its spec.`,
      next: rollback
        ? 'Mend the new version and release it again; the rejected template itself is held if it comes back.'
        : `Release another version, or restore the former template in ${workload}.`,
    },
  };
}

/** The record with the template of this release remembered as bad, and why. */
export function rejecting({ release, now }: Context, record: RecordStatus, reason: string): RecordStatus {
  const others = (record.rejected ?? []).filter((entry) => entry.revision !== release.revision);
  const rejected = [...others, { revision: release.revision, at: timestamp({ now }), reason }];
  return { ...record, rejected: rejected.slice(-20) };
}

interface HoldRequest {
  state: StepState;
  reason: HoldReason & Reason;
  message: string;
  evidence: Evidence[];
  event: AlertEvent;
  next?: string;
  /** Of the analysis that holds, where it is not one of the step itself. */
  mode?: AnalysisMode;
  /** The metric source whose outage holds it: that is told once for all Rollouts. */
  outage?: string;
}

/** Stops at this step until a person comes, and says so once. */
export function hold(context: StepContext, request: HoldRequest): Outcome {
  const { reason, message, mode, outage } = request;
  const step = {
    ...context.step,
    state: request.state,
    hold: {
      reason,
      since: timestamp(context),
      message,
      ...(mode === undefined ? {} : { mode }),
      ...(outage === undefined ? {} : { outage }),
    },
  };
  return {
    decision: 'Hold',
    reason,
    message,
    record: withStep(context, step),
    ...(outage === undefined && { notice: heldNotice(context, request) }),
  };
}

/** That a step waits for a person, and what that person can do. */
export function heldNotice(
  context: StepContext,
  request: Pick<HoldRequest, 'reason' | 'message' | 'evidence' | 'event' | 'next'>,
): Notice {
  const { rollout } = context.snapshot;
  const { name, namespace } = rollout.metadata;
  const approve = `let it go on: kubectl-kruise rollout approve rollouts.rollouts.kruise.io/${name} -n ${namespace ?? 'default'}; or restore the former template to roll back`;
  const give = `restore the former template in ${rollout.spec.workloadRef.name} to roll back, or release another version`;
  return {
    event: request.event,
    reason: request.reason,
    summary: `${headline(context)} waits for a person: ${request.message}`,
    evidence: request.evidence,
    action: 'Held: pods and traffic stay as they are.',
    next: request.next ?? (context.step.verdict?.phase === 'Failed' ? give : approve),
  };
}

function headline({ snapshot, step }: StepContext): string {
  const { rollout } = snapshot;
  const weight = step.trafficSince ? weightOf(rollout, step.index) : undefined;
  const at = weight === undefined ? '' : ` at ${weight} % of the traffic`;
  return `The canary of ${rollout.spec.workloadRef.name}, step ${step.index}/${stepsOf(rollout).length}${at},`;
}
