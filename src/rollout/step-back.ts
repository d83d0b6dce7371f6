import type { StepRecord } from '../api/rollout-record.ts';
import { isBatchReady } from '../workload/batch-ready.ts';
import { batchLabelActs, countedAgainActs, isLeftOut, wayBackIdOf } from '../workload/pod-labels.ts';
import { type Context, type StepContext, timestamp, wait, withRelease, withStep } from './context.ts';
import type { DecisionWord, Outcome, Reason } from './decision.ts';
import { approvalOf } from './holding.ts';
import { asked, styleIn } from './order.ts';
import { replicasOf, stepsOf, toleratedPods } from './plan.ts';
import { restOf } from './step-paused.ts';
import { troubleOf } from './step-upgrade.ts';
import { describeWayBack, leftBy, type WayBack, wayBackOf } from './way-back.ts';

/** Enters a step of the way back (1-based). The entry number is new each time, so that no earlier approval counts. */
export function enterBack(
  context: Context,
  index: number,
  decision: DecisionWord,
  reason: Reason,
  why: string,
): Outcome {
  const { snapshot, release } = context;
  const entry = snapshot.record.stepEntry + 1;
  const at = timestamp(context);
  const step: StepRecord = {
    index,
    entry,
    state: 'StepUpgrade',
    enteredAt: at,
    attempt: 1,
    upgradeStartedAt: at,
  };
  const { pods } = wayBackOf(context);
  const replicas = replicasOf(snapshot.rollout, index);
  const wanted = typeof replicas === 'number' ? `${pods - leftBy(context, index, pods)}` : replicas;
  return {
    decision,
    reason,
    message: `${why}; step ${index}/${stepsOf(snapshot.rollout).length}: ${wanted} of ${pods} pods`,
    record: { ...withRelease(snapshot.record, { ...release, step }), stepEntry: entry },
  };
}

/** Lets as many pods go back as the step asks for, waits until they are ready, and rests. */
export function decideStepBack(context: StepContext): Outcome {
  const { snapshot, workload, step } = context;
  const { rollout } = snapshot;
  const way = wayBackOf(context);
  const left = leftBy(context, step.index, way.pods);
  const open = styleIn(snapshot).bringBack?.(workload, { rollout, stable: way.target, left });
  if (open) return goingOn(way, asked(open, 'WaitingForWorkload'));
  if (step.state === 'StepPaused') return decideRest(context, way);
  const goal = way.size - left;
  const state = { version: way.target, settled: true, pods: way.stable.length, ready: way.ready };
  if (!isBatchReady(state, goal, toleratedPods(rollout, goal))) {
    const trouble = troubleOf(workload.pods);
    return wait('WaitingForWorkload', `${describeWayBack(way)}${trouble ? `: ${trouble}` : ''}`);
  }
  return {
    decision: 'Upgrade',
    reason: 'PodsReturned',
    message: describeWayBack(way),
    record: withStep(context, { ...step, state: 'StepPaused', trafficSince: timestamp(context) }),
    acts: batchLabelActs(
      way.stable.filter((pod) => !isLeftOut(pod)),
      wayBackIdOf(workload.object, way.target.revision),
      step.index,
    ),
  };
}

/** What is waited for, and how far it is. */
function goingOn(way: WayBack, outcome: Outcome): Outcome {
  return outcome.stall ? outcome : { ...outcome, message: `${describeWayBack(way)}; ${outcome.message}` };
}

/** A step rests as it does forwards: for its time, or until a person lets it go on. */
function decideRest(context: StepContext, way: WayBack): Outcome {
  const { step } = context;
  const approval = approvalOf(context);
  if (approval) {
    const message = `step ${step.index} was approved by ${approval.user}`;
    return leave(context, approval.to ?? step.index + 1, 'Approved', message);
  }
  const rest = restOf(context);
  if ('waiting' in rest) return goingOn(way, rest.waiting);
  const message = rest.over === 'LastStep' ? 'every pod is back' : rest.message;
  return leave(context, step.index + 1, rest.over, message);
}

/** To another step; after the last one the workload is given back as its author had it. */
function leave(context: StepContext, to: number, reason: Reason, message: string): Outcome {
  const { snapshot, release, step } = context;
  if (to <= stepsOf(snapshot.rollout).length) return enterBack(context, to, 'Advance', reason, message);
  return {
    decision: 'Finalise',
    reason,
    message: `${message}; every step back is done, the workload is given back`,
    record: withRelease(snapshot.record, {
      ...release,
      stage: 'Cancelling',
      step: { ...step, state: 'Completed' },
    }),
    acts: countedAgainActs(context.workload.pods),
  };
}
