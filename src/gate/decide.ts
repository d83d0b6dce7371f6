import { pointerTo } from '../api/act.ts';
import { RETRY_ANNOTATION } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import { isUnderWay, stall, wait } from '../rollout/context.ts';
import type { Choice, Outcome } from '../rollout/decision.ts';
import { runUpkeep } from '../rollout/run-upkeep.ts';
import type { Snapshot } from '../rollout/snapshot.ts';
import { toldStall } from '../rollout/stalled.ts';
import { revisionOf } from '../workload/pod-template.ts';
import { decideBetween } from './between.ts';
import { foreignRelease, MOVER } from './foreign-release.ts';
import { withGuarded } from './guarded-condition.ts';
import { decideRelease } from './release.ts';
import { startJudging } from './start.ts';
import { workloadResource } from './workload-kinds.ts';

/**
 * Decides about one Rollout that Kruise Rollouts drives: judges its steps by the same analyses, and acts only by
 * letting a step go on or by restoring the stable template. Pure, as `rollout/decide.ts` is.
 */
export function decideBeside(snapshot: Snapshot, now: number): Choice {
  const outcome = toldStall(snapshot, choose(snapshot, now), now);
  const record = withGuarded(snapshot, outcome.record ?? snapshot.record, now);
  return {
    decision: outcome.decision,
    reason: outcome.reason,
    message: outcome.message,
    acts: [...(outcome.acts ?? []), ...runUpkeep(snapshot, record)],
    record,
    wakeAt: outcome.wakeAt,
    notice: outcome.notice,
  };
}

function choose(snapshot: Snapshot, now: number): Outcome {
  const { rollout, record, workload } = snapshot;
  if (rollout.metadata.deletionTimestamp) return wait('RolloutDeleted', 'the Rollout is being deleted');
  if (record.retried !== undefined) return forgetRetry(snapshot);
  if (!workload) return withoutWorkload(snapshot);
  const { release } = record;
  const foreign = foreignRelease(rollout);
  if (!foreign) {
    // A release of Assay's own engine, from before it stood beside another, is none of ours to end.
    const isOver = !release || release.stage === 'Completed' || release.foreignRevision === undefined;
    if (isOver) return wait('Idle', 'no release is under way');
    return decideBetween({ snapshot, workload, release, now });
  }
  const isKnown = release && isUnderWay(release) && release.foreignRevision === foreign.revision;
  // While Kruise takes a release back its status names the version that it goes back to.
  const isTakenBack = release && isUnderWay(release) && foreign.progress === 'Cancelling';
  if (isTakenBack) return wait('WaitingForEngine', `${MOVER} takes the release back`);
  if (!isKnown) return startJudging(snapshot, workload, foreign, now);
  return decideRelease(
    { snapshot, workload, release, now },
    foreign,
    revisionOf(workload.object.spec.template),
  );
}

function withoutWorkload({ rollout, record, guards }: Snapshot): Outcome {
  const { apiVersion, kind, name } = rollout.spec.workloadRef;
  if (guards.length === 0 && !record.release) return wait('NotGuarded', 'no guard selects this Rollout');
  if (!workloadResource(rollout.spec.workloadRef)) {
    return stall(
      'UnsupportedWorkload',
      `${kind} of ${apiVersion} is not judged beside ${MOVER}; its steps wait for a person`,
    );
  }
  return stall(
    'WorkloadNotFound',
    `${kind} ${name} does not exist in this namespace; create it or correct workloadRef`,
  );
}

/** As the engine of Assay does, but by a patch: the rest of a Rollout is not ours to write. */
function forgetRetry({ rollout, record }: Snapshot): Outcome {
  const { retried, ...rest } = record;
  const wish = rollout.metadata.annotations?.[RETRY_ANNOTATION];
  const told = wait('Idle', 'the wish to try again is followed');
  if (wish !== String(retried)) return { ...told, record: rest };
  const path = pointerTo('metadata', 'annotations', RETRY_ANNOTATION);
  return {
    ...told,
    acts: [
      {
        verb: 'patch',
        resource: resources.rollout,
        object: rollout,
        operations: [
          { op: 'test', path, value: wish },
          { op: 'remove', path },
        ],
        why: 'the wish to try again is followed',
      },
    ],
  };
}
