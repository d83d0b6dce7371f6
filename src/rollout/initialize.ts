import { isMarked } from '../workload/marks.ts';
import { autoscalersOff } from './autoscalers.ts';
import { holdStill, isBare, stableTemplateLost, startRelease } from './between.ts';
import { type Context, currentRevision, stall } from './context.ts';
import type { Outcome } from './decision.ts';
import { abandon, cancel, isMadeAnew } from './ending.ts';
import { presentGuard } from './guard.ts';
import { keepStableTemplate } from './kept-template.ts';
import { planHash } from './plan.ts';
import { problemWithRoutes } from './routes.ts';
import { joinRouting } from './shared-routing.ts';
import { enterStep } from './step.ts';

/** A release has an id and has touched nothing but the workload's pause: check all that it needs, then enter step 1. */
export function decideInitializing(context: Context): Outcome {
  const { snapshot, workload, release, now } = context;
  const revision = currentRevision(context);
  if (revision === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  // Deleted and made again before anything was done: what it runs now is its own controller's.
  if (isMadeAnew(context) && !isMarked(snapshot.rollout, workload.object)) return abandon(context);
  if (revision !== release.revision)
    return startRelease(snapshot, workload, release.stable, 'ContinuousRelease', now);
  const missing = problemWithRoutes(context) ?? joinRouting(context);
  if (missing) return missing;
  const guard = presentGuard(snapshot);
  if (guard.kind === 'faulty') return stall('GuardNotReady', guard.message);
  const kept = keepStableTemplate(context);
  if (!kept) return isBare(workload) ? abandon(context) : stableTemplateLost(release.stable);
  const pinned = {
    ...release,
    // Until now nothing was done by the plan, so that a change of it changes nothing.
    planHash: planHash(snapshot.rollout),
    ...(guard.kind === 'guard' ? { guard: guard.guard } : {}),
  };
  const entered = enterStep({ ...context, release: { ...pinned, stage: 'InRolling' } }, 1, 'StepEntered');
  const off = autoscalersOff(context);
  const told = off.map(
    ({ object }) => `; ${object.kind} ${object.metadata.name} is off until the release ends`,
  );
  return {
    ...entered,
    message: [entered.message, ...told].join(''),
    acts: [...holdStill(snapshot, workload), ...kept, ...off],
  };
}
