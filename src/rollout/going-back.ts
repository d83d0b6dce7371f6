import { isInBatches, whyAtOnce } from '../api/rollback-in-batches.ts';
import type { ReleaseRecord } from '../api/rollout-record.ts';
import { countedAgainActs, noNeedLabelActs, wayBackIdOf } from '../workload/pod-labels.ts';
import { type Context, currentRevision, type StepContext, wait } from './context.ts';
import type { Outcome } from './decision.ts';
import { abandon, cancel, isMadeAnew, supersede } from './ending.ts';
import { sentBack } from './holding.ts';
import { styleIn } from './order.ts';
import { planHash, stepsOf } from './plan.ts';
import { holdWorkload } from './removal.ts';
import { decideStepBack, enterBack } from './step-back.ts';
import { wayBackOf } from './way-back.ts';

/**
 * Begins to take a release back whose author restored the stable template in its steps: step by step where the Rollout
 * asks for it, else at once. A version that was found to do harm does not stay: it goes at once, whoever takes it back,
 * and what Assay itself takes back never comes here.
 */
export function takeBack(context: Context): Outcome {
  const { workload, release } = context;
  const way = wayBackOf(context);
  const isBad = release.step?.verdict?.phase === 'Failed';
  if (!goesInBatches(context) || isBad || way.pods === 0) return cancel(context, 'StableTemplateRestored');
  const message = 'the stable template is back in the workload; its pods go back step by step';
  const began: ReleaseRecord = {
    ...release,
    stage: 'GoingBack',
    reason: 'StableTemplateRestored',
    message,
    wayBack: { pods: way.pods, of: way.size },
    planHash: planHash(context.snapshot.rollout),
  };
  return {
    ...enterBack({ ...context, release: began }, 1, 'Cancel', 'StableTemplateRestored', message),
    acts: noNeedLabelActs(way.stable, wayBackIdOf(workload.object, release.stable.revision)),
  };
}

/** Only pods whose number alone says what share of the requests a version gets: nothing was routed to them. */
function goesInBatches({ snapshot, release }: Context): boolean {
  const isRouted = release.stablePinnedAt !== undefined || release.routedAt !== undefined;
  return isInBatches(snapshot.rollout) && styleIn(snapshot).bringBack !== undefined && !isRouted;
}

/**
 * Pods go back by the steps of the plan. No analysis judges that, since the stable version was accepted before. What
 * takes the author's wish away, or the Rollout itself, sends the rest back at once; another template is released anew
 * against the stable version, the withdrawn one too: what its steps had reached counts no more.
 */
export function decideGoingBack(context: Context): Outcome {
  const { snapshot, release } = context;
  const { rollout } = snapshot;
  if (isMadeAnew(context)) return leaving(context, abandon(context));
  const isOther = currentRevision(context) !== release.stable.revision;
  const unheld = isOther ? holdWorkload(context) : undefined;
  if (unheld) return unheld;
  if (!isOther && !goesInBatches(context))
    return returnAtOnce(context, whyAtOnce(rollout) ?? 'the Rollout does not ask for steps any more');
  if (rollout.spec.strategy.paused) return wait('Paused', 'spec.strategy.paused is true: the way back rests');
  if (isOther) {
    const message = 'another template came while pods went back; those of the withdrawn version make room';
    return leaving(context, supersede(context, message));
  }
  const count = stepsOf(rollout).length;
  const index = Math.min(release.step?.index ?? 1, count);
  const hash = planHash(rollout);
  if (!release.step || hash !== release.planHash) {
    const changed = { ...context, release: { ...release, planHash: hash } };
    return enterBack(changed, index, 'Restart', 'PlanChanged', 'the plan changed');
  }
  const stepContext: StepContext = { ...context, step: release.step, watch: { kind: 'none' } };
  const { to, user } = sentBack(stepContext) ?? {};
  if (to !== undefined && to <= count)
    return enterBack(context, to, 'Restart', 'JumpRequested', `${user} sent the way back to step ${to}`);
  return decideStepBack(stepContext);
}

/** Sends the pods that are still to go back there at once. */
export function returnAtOnce(context: Context, why: string): Outcome {
  const message = `the stable template is back in the workload; the other pods go back at once: ${why}`;
  return leaving(context, cancel(context, 'StableTemplateRestored', message));
}

/** What is known of single pods is of no use to what comes after. */
function leaving({ workload }: Context, outcome: Outcome): Outcome {
  return { ...outcome, acts: countedAgainActs(workload.pods) };
}
