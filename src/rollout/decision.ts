import type { Act } from '../api/act.ts';
import type { RolloutStatus } from '../api/rollout.ts';
import type { AlertEvent, FailureAction } from '../api/rollout-guard.ts';
import type { Evidence, RecordStatus } from '../api/rollout-record.ts';

/**
 * What a pass decided. `Wait` is the only one that is not told to anybody: nothing changed, the message of
 * the Rollout says what is waited for.
 */
export const DECISIONS = [
  'Wait',
  'Stall',
  'Adopt',
  'Start',
  'Enter',
  'Upgrade',
  'Route',
  'Analyse',
  'Advance',
  'Hold',
  'RollBack',
  'Abort',
  'Cancel',
  'Restart',
  'Finalise',
  'Complete',
] as const;

export type DecisionWord = (typeof DECISIONS)[number];

/** Why. The same word stands in status, Events, metrics, logs and alerts. */
export const REASONS = [
  // Wait
  'Idle',
  'GracePeriod',
  'WaitingForWorkload',
  'WaitingForCanaryPods',
  'WaitingForRoutes',
  'TrafficRoutingNotReady',
  'WaitingForAnalysis',
  'WaitingForBakeTime',
  'WaitingForPause',
  'WaitingForApproval',
  'WaitingForRollingUpdate',
  'WaitingForEngine',
  'WaitingForCanaryRemoval',
  'Paused',
  'Aborted',
  'Disabled',
  // Stall
  'WorkloadNotFound',
  'WorkloadConflict',
  'UnsupportedWorkload',
  'ServiceNotFound',
  'RouteNotFound',
  'RouteHasNoBackend',
  'TrafficRoutingNotFound',
  'GuardNotReady',
  'NameTaken',
  'StableTemplateLost',
  // Adopt
  'Adopted',
  'GuardPinned',
  // Start, Restart
  'NewRevision',
  'AdmissionBypassed',
  'ContinuousRelease',
  'PlanChanged',
  'Retried',
  // Enter, Upgrade, Route, Analyse
  'StepEntered',
  'StableServicePinned',
  'CanaryScaled',
  'CanaryReady',
  'PodsReturned',
  'TrafficRouted',
  'AnalysisStarted',
  'AnalysisRetried',
  'AnalysisResumed',
  'NotGuarded',
  // Advance
  'AnalysisSuccessful',
  'Approved',
  'ApprovalOverwritten',
  'JumpRequested',
  'PauseExpired',
  'LastStep',
  // Hold, RollBack, Abort
  'HoldOnSuccess',
  'AnalysisFailed',
  'AnalysisInconclusive',
  'AnalysisError',
  'AnalysisStale',
  'ProgressDeadlineExceeded',
  'GuardRemoved',
  'ForeignRun',
  'RejectedRevision',
  'ForeignWriter',
  'HoldTimeout',
  // Cancel
  'StableTemplateRestored',
  'RolloutDisabled',
  'RolloutDeleted',
  'CanaryAborted',
  // Finalise, Complete
  'StableServiceRestored',
  'WorkloadResumed',
  'AutoscalerRestored',
  'CanaryRoutesRemoved',
  'CanaryRemoved',
  'RolledBack',
  'Promoted',
  'Superseded',
] as const;

export type Reason = (typeof REASONS)[number];

/** Why the Rollout cannot go on until a person mends something; shown as condition Stalled. */
export interface Stall {
  reason: Reason;
  message: string;
}

/** Something that a person should be told outside the cluster. */
export interface Notice {
  event: AlertEvent;
  reason: Reason;
  summary: string;
  evidence: Evidence[];
  action: string;
  next: string;
}

/** What one of the deciding functions answers. What it leaves out stays as it is. */
export interface Outcome {
  decision: DecisionWord;
  reason: Reason;
  message: string;
  record?: RecordStatus;
  acts?: readonly Act[];
  wakeAt?: number | undefined;
  notice?: Notice;
  stall?: Stall;
}

/** What a pass decided, whoever writes the status of the Rollout: what to write, and when to look again. */
export interface Choice {
  decision: DecisionWord;
  reason: Reason;
  message: string;
  acts: readonly Act[];
  record: RecordStatus;
  /** Epoch milliseconds; undefined means on change. */
  wakeAt: number | undefined;
  notice: Notice | undefined;
}

/** The whole answer of a pass of the engine, which is written in this order. */
export interface Decision extends Choice {
  status: RolloutStatus;
}

/** Severity of the actions on failure: of several guards the strictest counts. */
export const FAILURE_SEVERITY = { Pause: 0, Abort: 1, Rollback: 2 } as const satisfies Record<
  FailureAction,
  number
>;
