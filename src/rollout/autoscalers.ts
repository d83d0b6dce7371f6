import type { Act } from '../api/act.ts';
import { turnOffActs, turnOnActs } from '../workload/autoscaler.ts';
import { styleOf } from '../workload/styles.ts';
import { type Context, isUnderWay, type StepContext, wait } from './context.ts';
import type { Outcome } from './decision.ts';
import { repairAndCount } from './foreign-writer.ts';
import { styleIn } from './order.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Autoscalers are off while a release runs both versions of every pod, and at no other time. That they are off is
 * seen in themselves and remembered nowhere else, so that a crash at any line leaves nothing that the next pass does
 * not put right.
 */

/** Turns off what scales the workload, for a style whose releases need that. */
export function autoscalersOff({ snapshot }: Pick<Context, 'snapshot'>): Act[] {
  return styleIn(snapshot).isBlueGreen ? turnOffActs(snapshot.autoscalers) : [];
}

/** Somebody turned an autoscaler on, or made one, in the middle of a release. */
export function repairedAutoscalers(context: StepContext): Outcome | undefined {
  const acts = autoscalersOff(context);
  const [first] = acts;
  if (!first) return undefined;
  const repair = { ...wait('WaitingForWorkload', 'an autoscaler of the workload is turned off again'), acts };
  const { kind, metadata } = first.object;
  return repairAndCount(context, `spec.scaleTargetRef of ${kind} ${metadata.name}`, repair);
}

/** The last job of a release: what scaled the workload before does so again. */
export function restoreAutoscalers({ snapshot }: Pick<Context, 'snapshot'>): Outcome | undefined {
  const acts = turnOnActs(snapshot.autoscalers);
  if (acts.length === 0) return undefined;
  const names = acts.map(({ object }) => `${object.kind} ${object.metadata.name}`).join(', ');
  return {
    decision: 'Finalise',
    reason: 'AutoscalerRestored',
    message: `${names} scales ${snapshot.rollout.spec.workloadRef.name} again`,
    acts,
  };
}

/** Whatever ended without that job, or was cut off: no autoscaler is off where no release needs it so. */
export function strayAutoscalers(snapshot: Snapshot): Outcome | undefined {
  const { rollout, record, workload, rival } = snapshot;
  const { release } = record;
  const isNeeded = workload && styleOf(rollout)?.isBlueGreen && release && isUnderWay(release);
  // What the older Rollout of this workload has turned off is that one's to turn on.
  return isNeeded || rival ? undefined : restoreAutoscalers({ snapshot });
}
