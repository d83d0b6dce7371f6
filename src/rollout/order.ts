import type { ReleaseStage } from '../api/rollout-record.ts';
import { batchOf } from '../workload/batch-size.ts';
import type { Asked, CanaryState, Order, Style } from '../workload/style.ts';
import { styleOf } from '../workload/styles.ts';
import { mostExchanged } from './capacity.ts';
import { type Context, currentRevision, holdsPin, rests, stall, wait } from './context.ts';
import type { Outcome, Reason } from './decision.ts';
import { shareOf, toleratedPods } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** Stages in which the new version has its pods; in the others it gets none, or loses those that it has. */
const WITH_CANARY: readonly ReleaseStage[] = ['InRolling', 'Finalising'];

/** How the workload is upgraded; that it can be is made sure of before anything is decided. */
export function styleIn({ rollout }: Pick<Snapshot, 'rollout'>): Style {
  const style = styleOf(rollout);
  if (!style) throw new Error('a Rollout whose workload cannot be driven decides nothing');
  return style;
}

/** What the release wants of its workload now. */
export function orderOf({ snapshot, workload, release }: Omit<Context, 'now'>): Order {
  const { rollout, record } = snapshot;
  // What was granted was granted to one template: another one in the workload gets no pod before its own steps.
  const isReleased = currentRevision({ workload }) === release.revision;
  const granted = isReleased && WITH_CANARY.includes(release.stage) ? release.granted : undefined;
  const order = {
    rollout,
    releaseId: record.releaseId,
    revision: release.revision,
    stable: release.stable,
    canaryName: release.canary.name,
    goal: granted === undefined ? 0 : fullGoal({ snapshot, workload, release }),
    granted,
  };
  const goal = reachable({ snapshot, workload, release }, order);
  return goal < order.goal ? { ...order, goal, granted: goal } : order;
}

/**
 * Of the pods that a step asks for, as many as can be exchanged with the weight that was reached: the workload's own
 * controller goes on exchanging them, whatever becomes of this one. What the plan itself leaves to the stable pods, they
 * have.
 */
function reachable(context: Omit<Context, 'now'>, order: Order): number {
  const { snapshot, workload, release } = context;
  const { step, weight = 0 } = release;
  const style = styleIn(snapshot);
  if (style.hasExtraPods || !holdsPin(release) || step?.state !== 'StepUpgrade') return order.goal;
  const isResting = rests(context);
  const planned = shareOf(snapshot.rollout, step.index)?.weight ?? 0;
  if (!isResting && weight >= planned) return order.goal;
  const { pods, ready } = style.canary(workload, order);
  const most = mostExchanged(style.size(workload), weight);
  // Of few pods even one is more than a fifth, and some may never get ready. At rest the weight does not follow.
  const next = isResting ? most : Math.max(most, ready + 1 + toleratedPods(snapshot.rollout, order.goal));
  return Math.min(order.goal, givesBack(context) ? next : Math.max(next, pods));
}

/** How many pods the step asks for in the end. */
export function fullGoal({ snapshot, workload, release }: Omit<Context, 'now'>): number {
  const style = styleIn(snapshot);
  return release.granted === undefined ? 0 : batchOf(style, release.granted, style.size(workload));
}

/** Whether the workload's own controller makes no pod of the stable version any more before its template is back. */
export function isGivenUp({ snapshot, workload, release }: Omit<Context, 'now'>): boolean {
  return styleIn(snapshot).isGivenUp?.(workload, release.stable) === true;
}

/** Whether stable pods come back when the goal falls: as long as the workload's own controller makes pods of that version. */
export function givesBack(context: Omit<Context, 'now'>): boolean {
  return styleIn(context.snapshot).givesBack === true && !isGivenUp(context);
}

/** A workload that is scaled to nothing has no pods that could be ready or be sent requests: its step waits for them. */
export function withoutPods({
  snapshot,
  workload,
}: Pick<Context, 'snapshot' | 'workload'>): Outcome | undefined {
  if (styleIn(snapshot).size(workload) > 0) return undefined;
  const { kind, metadata } = workload.object;
  return wait(
    'WaitingForWorkload',
    `${kind} ${metadata.name} is scaled to no pods; the step goes on when it has some`,
  );
}

export function canaryOf(context: Omit<Context, 'now'>): CanaryState {
  return styleIn(context.snapshot).canary(context.workload, orderOf(context));
}

/** What a workload still asks for, as the outcome of a pass. */
export function asked(wanted: Asked, reason: Reason): Outcome {
  if ('fault' in wanted) return stall(wanted.fault.reason, wanted.fault.message);
  return { ...wait(reason, wanted.message), acts: wanted.acts };
}
