import { type Act, replaceActs } from '../api/act.ts';
import { ROLLOUT_FINALIZER } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import type { RecordStatus, ReleaseRecord } from '../api/rollout-record.ts';
import { isMarked, labelledWorkload, unmarkedWorkload } from '../workload/marks.ts';
import { styleOf } from '../workload/styles.ts';
import { isUnderWay, wait, withRelease, workloadNotFound } from './context.ts';
import type { Outcome } from './decision.ts';
import { decideAborting, decideCancelling } from './ending.ts';
import { effectiveAction } from './failure-action.ts';
import { decideFinalising } from './finalising.ts';
import { returnAtOnce } from './going-back.ts';
import { forgetKeptTemplates } from './kept-template.ts';
import { isGivenUp } from './order.ts';
import { restoreService } from './removal.ts';
import { leaveActs } from './shared-routing.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The Rollout is being deleted or was disabled. An unjudged version is never promoted by that: the canary goes,
 * the workload stays paused on its stable pods. What was already judged, or is being taken back, is finished.
 */
export function decideLeaving(
  snapshot: Snapshot,
  now: number,
  why: 'RolloutDeleted' | 'RolloutDisabled',
): Outcome {
  const { record, workload } = snapshot;
  const { release } = record;
  // What the older Rollout of this workload does is not this one's to undo.
  if (snapshot.rival)
    return why === 'RolloutDeleted' ? letGo(snapshot) : wait('Disabled', 'rollout is disabled');
  if (workload && release && isUnderWay(release)) {
    const context = { snapshot, workload, release, now };
    if (release.stage === 'Finalising') return decideFinalising(context);
    if (release.stage === 'Cancelling') return decideCancelling(context);
    if (release.stage === 'Aborting') return decideAborting(context);
    if (release.stage === 'GoingBack') return returnAtOnce(context, nameOf(why));
    const what = `${nameOf(why)} in the middle of a release`;
    // Where pods of the stable version come back with its template alone, that comes back.
    const needsTemplate = !styleOf(snapshot.rollout)?.isBlueGreen || isGivenUp(context);
    if (
      needsTemplate &&
      release.granted !== undefined &&
      effectiveAction(context, 'Abort').action === 'Rollback'
    ) {
      const message = `${what}; the stable template is restored, since the canary cannot be taken away without it`;
      const restoring: ReleaseRecord = {
        ...release,
        stage: 'Cancelling',
        restore: true,
        reason: why,
        message,
      };
      return { decision: 'RollBack', reason: why, message, record: withRelease(record, restoring) };
    }
    return {
      decision: 'Abort',
      reason: why,
      message: `${what}; the canary is taken away, the workload stays paused on its stable pods`,
      record: withRelease(record, {
        ...release,
        stage: 'Aborting',
        reason: why,
        message: howToGoOn(snapshot),
      }),
    };
  }
  if (why === 'RolloutDeleted') return leaveForGood(snapshot);
  // Whose canary pods are still there: they go when the workload is back, or with the Rollout.
  if (release && isUnderWay(release)) return workloadNotFound(snapshot);
  return stayDisabled(snapshot);
}

function nameOf(why: 'RolloutDeleted' | 'RolloutDisabled'): string {
  return why === 'RolloutDeleted' ? 'the Rollout is deleted' : 'the Rollout was disabled';
}

function howToGoOn({ rollout, workload }: Snapshot): string {
  const { kind, name } = rollout.spec.workloadRef;
  const resume =
    (workload && styleOf(rollout)?.resumeCommand?.(workload.object)) ??
    `kubectl rollout resume ${kind.toLowerCase()}/${name}`;
  return `to release the new template without steps: ${resume}; to stay: restore the former template, then resume`;
}

function stayDisabled(snapshot: Snapshot): Outcome {
  const { record } = snapshot;
  const acts = [...handBack(snapshot, true), ...leaveActs(snapshot)];
  if (acts.length > 0) return { ...wait('Disabled', 'letting the workload go'), acts };
  const interrupted = record.release?.stage === 'Aborted';
  if (!record.stable && !interrupted) return wait('Disabled', 'rollout is disabled');
  const { stable: _stable, ...rest } = record;
  const forgotten: RecordStatus = rest.release
    ? withRelease(rest, {
        ...rest.release,
        stage: 'Completed',
        ...(interrupted ? { outcome: 'Disabled' as const } : {}),
      })
    : rest;
  return {
    decision: 'Complete',
    reason: 'RolloutDisabled',
    message: interrupted ? `the Rollout is disabled; ${howToGoOn(snapshot)}` : 'rollout is disabled',
    record: forgotten,
    acts: forgetKeptTemplates({ snapshot }),
  };
}

function leaveForGood(snapshot: Snapshot): Outcome {
  const acts = [...handBack(snapshot, snapshot.isShared), ...leaveActs(snapshot)];
  if (acts.length > 0) return { ...wait('RolloutDeleted', 'letting the workload go'), acts };
  // Where the workload is gone in the middle of a release, nothing else has taken the pin from the Service.
  return (snapshot.record.release && restoreService({ snapshot })) ?? letGo(snapshot);
}

function letGo(snapshot: Snapshot): Outcome {
  const { rollout, record } = snapshot;
  const finalizers = (rollout.metadata.finalizers ?? []).filter(
    (finalizer) => finalizer !== ROLLOUT_FINALIZER,
  );
  if (finalizers.length === (rollout.metadata.finalizers ?? []).length)
    return wait('RolloutDeleted', 'rollout is deleted');
  const released = { ...rollout, metadata: { ...rollout.metadata, finalizers } };
  return {
    decision: 'Complete',
    reason: 'RolloutDeleted',
    message: record.release?.stage === 'Aborted' ? howToGoOn(snapshot) : 'the workload is let go',
    acts: replaceActs(resources.rollout, rollout, released, 'let the Rollout go'),
  };
}

/** The workload without our mark, and with or without our label; it stays held if a release left it so. */
function handBack({ rollout, workload }: Snapshot, isLabelled: boolean): Act[] {
  const style = styleOf(rollout);
  if (!workload || !style) return [];
  const { object } = workload;
  const isHeld = isMarked(rollout, object);
  const authored = isHeld ? (style.handBack?.(object) ?? object) : object;
  const wanted = labelledWorkload(
    isHeld ? unmarkedWorkload(authored) : authored,
    isLabelled ? style.type : undefined,
  );
  return replaceActs(style.resource, object, wanted, 'let the workload go');
}
