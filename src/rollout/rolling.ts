import { repairedAutoscalers } from './autoscalers.ts';
import { type Watch, watchBackground } from './background.ts';
import { decideWatched } from './background-step.ts';
import { type Context, currentRevision, type StepContext, stall, wait, withRelease } from './context.ts';
import type { Outcome } from './decision.ts';
import { abandon, isMadeAnew, refused, supersede } from './ending.ts';
import { repairAndCount, repairedPin } from './foreign-writer.ts';
import { takeBack } from './going-back.ts';
import { presentGuard } from './guard.ts';
import { sentBack } from './holding.ts';
import { keptRoutes } from './kept-routes.ts';
import { asked, orderOf, styleIn } from './order.ts';
import { unpinFew } from './pinning.ts';
import { planHash, stepsOf } from './plan.ts';
import { enterStep, jump } from './step.ts';
import { decideAnalysis } from './step-analysis.ts';
import { decideBeforeUpgrade } from './step-before-upgrade.ts';
import { decidePaused } from './step-paused.ts';
import { decideRouting } from './step-routing.ts';
import { decideUpgrade, growCanary, routeBetween } from './step-upgrade.ts';

/**
 * A release in its steps. What ends or restarts it comes before what moves it: a rollback is seen even while
 * the Rollout is paused, and a changed version or plan is never judged by what was measured before.
 */
export function decideRolling(context: Context): Outcome {
  const { snapshot, release } = context;
  const { rollout, record } = snapshot;
  const revision = currentRevision(context);
  if (revision === release.stable.revision) return takeBack(context);
  if (isMadeAnew(context)) return abandon(context);
  const unheld = heldAgain(context);
  if (unheld) {
    const first = routedFirst(context, watchBackground(context));
    // What is missing of the routes must not keep the workload from being held.
    return first && !first.stall ? first : unheld;
  }
  const failed = revision === release.revision ? failedInBackground(context) : undefined;
  if (failed) return failed;
  if (rollout.spec.strategy.paused)
    return keptTraffic(context) ?? wait('Paused', 'spec.strategy.paused is true: the release rests');
  if (revision !== release.revision) {
    const refusal = refused(context);
    return refusal ? (keptTraffic(context) ?? refusal) : supersede(context);
  }
  const hash = planHash(rollout);
  if (hash !== release.planHash) {
    const index = Math.min(release.step?.index ?? 1, stepsOf(rollout).length);
    return enterStep(
      { ...context, release: { ...release, planHash: hash } },
      index,
      'PlanChanged',
      'the plan changed',
    );
  }
  const guard = presentGuard(snapshot);
  // A guard that cannot be resolved is still somebody's wish that this release be judged.
  if (!release.guard && guard.kind === 'faulty') return stall('GuardNotReady', guard.message);
  if (!release.guard && guard.kind === 'guard') {
    return {
      decision: 'Adopt',
      reason: 'GuardPinned',
      message: 'a guard that came in the middle of the release guards it from this step on',
      record: withRelease(record, { ...release, guard: guard.guard }),
    };
  }
  const { step } = release;
  if (!step) return enterStep(context, 1, 'StepEntered');
  const stepContext = { ...context, step, watch: watchBackground(context) };
  const back = sentBack(stepContext);
  if (back && (back.to ?? 1) <= stepsOf(rollout).length) return jump(context, back);
  const watched = decideWatched(stepContext);
  const outcome =
    unpinFew(stepContext) ??
    (watched?.decision === 'Wait' ? keptRoutes(stepContext) : undefined) ??
    watched ??
    repairedPin(stepContext) ??
    repairedAutoscalers(stepContext) ??
    routedFirst(stepContext, stepContext.watch) ??
    growCanary(stepContext) ??
    decideStep(stepContext);
  return stepContext.watch.kind === 'well' ? wokenBefore(outcome, stepContext.watch.staleAt) : outcome;
}

/** A release that rests keeps its traffic: what somebody takes away of it is set again. */
function keptTraffic(context: Context): Outcome | undefined {
  const { step } = context.release;
  if (!step) return undefined;
  const resting: StepContext = { ...context, step, watch: { kind: 'none' } };
  return unpinFew(resting) ?? repairedPin(resting) ?? keptRoutes(resting);
}

/**
 * Before stable pods of a step are exchanged, requests that they could not carry any more go to the canary: a controller
 * that dies in between leaves nobody with too much.
 */
function routedFirst(context: Context, watch: Watch): Outcome | undefined {
  const { snapshot, release } = context;
  const { rollout } = snapshot;
  const { step } = release;
  const isFollowed = currentRevision(context) === release.revision && planHash(rollout) === release.planHash;
  if (step?.state !== 'StepUpgrade' || step.hold || !isFollowed || rollout.spec.strategy.paused)
    return undefined;
  return routeBetween({ ...context, step, watch });
}

/** A canary that does harm is taken back even while the Rollout is paused. */
function failedInBackground(context: Context): Outcome | undefined {
  const { step } = context.release;
  const watch = watchBackground(context);
  if (!step || watch.kind !== 'trouble' || watch.trouble.reason !== 'AnalysisFailed') return undefined;
  return decideWatched({ ...context, step, watch });
}

/** A workload that is not held any more was let go by somebody else, unless the wish itself has changed. */
function heldAgain(context: Context): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const wanted = styleIn(snapshot).hold(workload, orderOf(context));
  if (!wanted) return undefined;
  const unheld = asked(wanted, 'WaitingForWorkload');
  const { step } = release;
  const isMoving = step?.state === 'BeforeStepUpgrade' || step?.state === 'StepUpgrade';
  const isOurs = !step || 'follows' in wanted || (isMoving && !styleIn(snapshot).hasExtraPods);
  if (isOurs || unheld.stall) return unheld;
  const { kind, metadata } = workload.object;
  const fields = styleIn(snapshot).heldFields.map((path) => path.slice(1).replaceAll('/', '.'));
  const watch = { kind: 'none' } as const;
  return repairAndCount(
    { ...context, step, watch },
    `${fields.join(', ')} of ${kind} ${metadata.name}`,
    unheld,
  );
}

function wokenBefore(outcome: Outcome, at: number): Outcome {
  return { ...outcome, wakeAt: Math.min(outcome.wakeAt ?? at, at) };
}

function decideStep(context: StepContext): Outcome {
  switch (context.step.state) {
    case 'BeforeStepUpgrade':
      return decideBeforeUpgrade(context);
    case 'StepUpgrade':
      return decideUpgrade(context);
    case 'StepTrafficRouting':
      return decideRouting(context);
    case 'StepMetricsAnalysis':
      return decideAnalysis(context);
    case 'StepPaused':
      return decidePaused(context);
    case 'StepReady':
    case 'Completed':
      throw new Error(`a record never says ${context.step.state} while a release is in its steps`);
  }
}
