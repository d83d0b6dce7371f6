import { replaceActs } from '../api/act.ts';
import { ROLLOUT_FINALIZER, ROLLOUT_HASH_ANNOTATION } from '../api/annotations.ts';
import { resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import { checkRollout } from '../api/rollout-validation.ts';
import { labelledWorkload } from '../workload/marks.ts';
import { styleOf } from '../workload/styles.ts';
import { strayAutoscalers } from './autoscalers.ts';
import { decideBetweenReleases } from './between.ts';
import { type Context, stall, workloadNotFound } from './context.ts';
import type { Decision, Outcome } from './decision.ts';
import { decideAborted, decideAborting, decideCancelling, decideSuperseding } from './ending.ts';
import { decideFinalising } from './finalising.ts';
import { decideGoingBack } from './going-back.ts';
import { decideInitializing } from './initialize.ts';
import { decideLeaving } from './leave.ts';
import { planHash } from './plan.ts';
import { decidePostPromotion } from './post-promotion.ts';
import { projectStatus } from './project-status.ts';
import { forgetRetry } from './retry.ts';
import { decideRolling } from './rolling.ts';
import { runUpkeep } from './run-upkeep.ts';
import type { Snapshot } from './snapshot.ts';
import { toldStall } from './stalled.ts';

/**
 * Decides about one Rollout: from everything that is known of it at `now` (epoch ms) to what is to be written
 * and when to look again. Pure: the same snapshot and instant give the same decision.
 */
export function decide(snapshot: Snapshot, now: number): Decision {
  const outcome = toldStall(snapshot, choose(snapshot, now), now);
  const record = outcome.record ?? snapshot.record;
  return {
    decision: outcome.decision,
    reason: outcome.reason,
    message: outcome.message,
    acts: [...(outcome.acts ?? []), ...runUpkeep(snapshot, record)],
    record,
    status: projectStatus(snapshot, record, outcome, now),
    wakeAt: outcome.wakeAt,
    notice: outcome.notice,
  };
}

function choose(snapshot: Snapshot, now: number): Outcome {
  const { rollout, record, workload } = snapshot;
  const stray = strayAutoscalers(snapshot);
  if (stray) return stray;
  if (rollout.metadata.deletionTimestamp) return decideLeaving(snapshot, now, 'RolloutDeleted');
  const adopted = adoptedRollout(rollout);
  if (adopted !== rollout) {
    const acts = replaceActs(resources.rollout, rollout, adopted, 'take the Rollout into care');
    return { decision: 'Wait', reason: 'Idle', message: 'taking the Rollout into care', acts };
  }
  if (record.retried !== undefined) return forgetRetry(snapshot);
  if (rollout.spec.disabled) return decideLeaving(snapshot, now, 'RolloutDisabled');
  const { kind, name } = rollout.spec.workloadRef;
  if (snapshot.rival) {
    return stall(
      'WorkloadConflict',
      `${kind} ${name} is driven by the older Rollout ${snapshot.rival}; delete one of the two Rollouts`,
    );
  }
  const faults = checkRollout(rollout);
  const style = styleOf(rollout);
  if (faults.length > 0 || !style) {
    const why = faults.map(({ path, message }) => `${path}: ${message}`).join('; ');
    return stall(
      'UnsupportedWorkload',
      `this Rollout cannot be driven: ${why || `a ${kind} is not supported${rollout.spec.strategy.blueGreen ? ' in blue-green style; use the canary strategy' : ''}`}`,
    );
  }
  if (!workload) return workloadNotFound(snapshot);
  const labelled = labelledWorkload(workload.object, style.type);
  if (labelled !== workload.object) {
    const acts = replaceActs(style.resource, workload.object, labelled, 'label the workload for admission');
    return { decision: 'Wait', reason: 'Idle', message: 'labelling the workload', acts };
  }
  const problem = style.problem?.(workload.object);
  if (problem) return stall('UnsupportedWorkload', problem);
  const { release } = record;
  if (!release || release.stage === 'Completed') return decideBetweenReleases(snapshot, workload, now);
  return duringRelease({ snapshot, workload, release, now });
}

function duringRelease(context: Context): Outcome {
  switch (context.release.stage) {
    case 'Initializing':
      return decideInitializing(context);
    case 'InRolling':
      return decideRolling(context);
    case 'Finalising':
      return decideFinalising(context);
    case 'PostPromotion':
      return decidePostPromotion(context);
    case 'GoingBack':
      return decideGoingBack(context);
    case 'Cancelling':
      return decideCancelling(context);
    case 'Superseding':
      return decideSuperseding(context);
    case 'Aborting':
      return decideAborting(context);
    case 'Aborted':
      return decideAborted(context);
    case 'Completed':
      throw new Error('a completed release decides nothing');
  }
}

/** The Rollout with our finalizer and the hash of its present plan. The same object when it has both. */
function adoptedRollout(rollout: Rollout): Rollout {
  const { finalizers = [], annotations } = rollout.metadata;
  const hash = planHash(rollout);
  if (finalizers.includes(ROLLOUT_FINALIZER) && annotations?.[ROLLOUT_HASH_ANNOTATION] === hash)
    return rollout;
  return {
    ...rollout,
    metadata: {
      ...rollout.metadata,
      finalizers: finalizers.includes(ROLLOUT_FINALIZER) ? finalizers : [...finalizers, ROLLOUT_FINALIZER],
      annotations: { ...annotations, [ROLLOUT_HASH_ANNOTATION]: hash },
    },
  };
}
