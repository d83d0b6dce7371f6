import type { FailureAction } from '../api/rollout-guard.ts';
import { gitOpsTool } from '../workload/gitops.ts';
import type { Context } from './context.ts';
import { isGivenUp, styleIn } from './order.ts';

/** What is done about a failure, and why where it is another thing than the guard says. */
export interface EffectiveAction {
  action: FailureAction;
  why?: string;
}

/**
 * What a guard's action comes to for this workload. Where a GitOps tool owns the workload a restored template would be
 * undone and released anew, so that the canary only goes; where it cannot go alone (a DaemonSet, or the middle of
 * the last rolling update), what is done is the most that stays done.
 */
export function effectiveAction(context: Context, action: FailureAction): EffectiveAction {
  const { snapshot, workload, release } = context;
  if (action === 'Pause') return { action };
  const owner = ownerOf(context);
  if (snapshot.movedBy !== undefined) return besideAnother(context, action, owner, snapshot.movedBy);
  const style = styleIn(snapshot);
  const isLast = release.stage === 'Finalising';
  const isGone = isGivenUp(context);
  const cannotAbort = isLast || isGone || (style.abortRestores === true && !style.isBlueGreen);
  const { kind, metadata } = workload.object;
  if (!owner) {
    if (action === 'Rollback' || !(isLast || isGone || style.abortRestores)) return { action };
    const place = isLast ? 'in the last rolling update' : `in a ${kind}`;
    const why =
      style.isBlueGreen && !isLast && !isGone
        ? 'Abort acts as Rollback in blue-green style: every stable pod is there to go back to'
        : `Abort acts as Rollback ${place}: there are no stable pods to stay on`;
    return { action: 'Rollback', why };
  }
  const undone = `${owner} owns ${kind} ${metadata.name} and would undo a restored template`;
  if (cannotAbort) return { action: 'Pause', why: `${undone}; it is held instead` };
  return action === 'Abort' ? { action } : { action: 'Abort', why: `${undone}; Rollback acts as Abort` };
}

/** Where another controller moves the pods, only a restored template makes it go back; it cannot take a canary away. */
function besideAnother(
  { workload }: Context,
  action: FailureAction,
  owner: string | undefined,
  mover: string,
): EffectiveAction {
  const { kind, metadata } = workload.object;
  if (action === 'Abort') {
    return { action: 'Pause', why: `Abort acts as Pause beside ${mover}, which takes no canary away alone` };
  }
  if (!owner) return { action };
  const why = `${owner} owns ${kind} ${metadata.name} and would undo a restored template; it is held instead`;
  return { action: 'Pause', why };
}

/** Who undoes what is restored, as the guard has it: known, said by the guard, or nobody. */
function ownerOf({ workload, release }: Context): string | undefined {
  const gitOps = release.guard?.rollback?.gitOps ?? 'Auto';
  if (gitOps === 'No') return undefined;
  return gitOpsTool(workload.object) ?? (gitOps === 'Yes' ? 'a GitOps tool' : undefined);
}
