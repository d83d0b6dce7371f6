import { isControlledBy, type KubeObject } from '../api/kubernetes.ts';
import type { RecordStatus, ReleaseRecord, StepRecord } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { revisionOf } from '../workload/pod-template.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import type { Watch } from './background.ts';
import type { Outcome, Reason } from './decision.ts';
import { shareOf } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** What the functions that decide about a release under way are given. */
export interface Context {
  readonly snapshot: Snapshot;
  readonly workload: WorkloadFacts;
  readonly release: ReleaseRecord;
  readonly now: number;
}

export interface StepContext extends Context {
  readonly step: StepRecord;
  /** What the Background analyses say. */
  readonly watch: Watch;
}

/** The revision that the workload's author wants at this moment. */
export function currentRevision({ workload }: Pick<Context, 'workload'>): string {
  return revisionOf(workload.object.spec.template);
}

export function withRelease(record: RecordStatus, release: ReleaseRecord): RecordStatus {
  return { ...record, release };
}

/** Whether the release has pinned the stable Service, and has not given it back since. */
export function holdsPin({ stablePinnedAt, serviceRestoredAt }: ReleaseRecord): boolean {
  return stablePinnedAt !== undefined && serviceRestoredAt === undefined;
}

/** Whether the step stays as it is for now: it is held, or its author lets the release rest. */
export function rests({ snapshot, release }: Pick<Context, 'snapshot' | 'release'>): boolean {
  return release.step?.hold !== undefined || snapshot.rollout.spec.strategy.paused === true;
}

/** Whether a release still has a canary, or is about to have one or to lose it. */
export function isUnderWay({ stage }: ReleaseRecord): boolean {
  return stage !== 'Completed' && stage !== 'Aborted' && stage !== 'PostPromotion';
}

/** The record with this step as the release's present one. */
export function withStep(context: Context, step: StepRecord): RecordStatus {
  return withRelease(context.snapshot.record, { ...context.release, step });
}

/**
 * The release whose step has its traffic at this moment. The first step that gives the canary any begins the watch
 * of the Background analyses; one with a weight of 0 gives none.
 */
export function withTraffic(context: StepContext, step: StepRecord): ReleaseRecord {
  const { release, snapshot } = context;
  const at = timestamp(context);
  const routed = { ...release, step: { ...step, trafficSince: at } };
  if (release.trafficSince !== undefined || shareOf(snapshot.rollout, step.index)?.weight === 0)
    return routed;
  return { ...routed, trafficSince: at };
}

export function timestamp({ now }: Pick<Context, 'now'>): string {
  return formatTime(now);
}

export function wait(reason: Reason, message: string, wakeAt?: number): Outcome {
  return { decision: 'Wait', reason, message, wakeAt };
}

export function stall(reason: Reason, message: string): Outcome {
  return { decision: 'Stall', reason, message, stall: { reason, message } };
}

export function workloadNotFound({ rollout }: Pick<Snapshot, 'rollout'>): Outcome {
  const { kind, name } = rollout.spec.workloadRef;
  return stall(
    'WorkloadNotFound',
    `${kind} ${name} does not exist in this namespace; create it or correct workloadRef`,
  );
}

/** Whether an object with a name that the release uses belongs to this Rollout. */
export function isOurs({ snapshot }: Pick<Context, 'snapshot'>, object: KubeObject): boolean {
  return isControlledBy(object, snapshot.rollout.metadata.uid);
}
