import type { ReleaseStage } from '../api/rollout-record.ts';
import { batchOf } from '../workload/batch-size.ts';
import type { Asked, CanaryState, Order, Style } from '../workload/style.ts';
import { styleOf } from '../workload/styles.ts';
import { type Context, currentRevision, stall, wait } from './context.ts';
import type { Outcome, Reason } from './decision.ts';
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
  return {
    rollout,
    releaseId: record.releaseId,
    revision: release.revision,
    stable: release.stable,
    canaryName: release.canary.name,
    goal: granted === undefined ? 0 : batchOf(styleIn(snapshot), granted, styleIn(snapshot).size(workload)),
    granted,
  };
}

export function canaryOf(context: Omit<Context, 'now'>): CanaryState {
  return styleIn(context.snapshot).canary(context.workload, orderOf(context));
}

/** What a workload still asks for, as the outcome of a pass. */
export function asked(wanted: Asked, reason: Reason): Outcome {
  if ('fault' in wanted) return stall(wanted.fault.reason, wanted.fault.message);
  return { ...wait(reason, wanted.message), acts: wanted.acts };
}
