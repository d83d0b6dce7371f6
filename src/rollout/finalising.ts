import type { ReleaseRecord } from '../api/rollout-record.ts';
import { restoreAutoscalers } from './autoscalers.ts';
import { watchBackground } from './background.ts';
import { complete } from './complete.ts';
import { type Context, currentRevision, type StepContext, timestamp, wait, withRelease } from './context.ts';
import type { Notice, Outcome } from './decision.ts';
import { easeWeight } from './draining.ts';
import { cancel, refused, supersede } from './ending.ts';
import { decideWatchedUpdate } from './finalising-watch.ts';
import { analysesOfMode } from './guard.ts';
import { styleIn } from './order.ts';
import { beginPostPromotion } from './post-promotion.ts';
import {
  awaitRollingUpdate,
  firstOpen,
  type Job,
  keepCanaryService,
  removeCanaryPods,
  removeCanaryService,
  removeRoutes,
  restoreServiceAndWait,
  resumeWorkload,
} from './removal.ts';
import { beforeTurning, bringUpEveryPod, routeEverything } from './turning.ts';

/**
 * The release passed: the workload's own rolling update brings the new version to every pod, while the canary
 * keeps serving its share until they are available and the Background analyses watch it.
 */
export function decideFinalising(context: Context): Outcome {
  const { release } = context;
  const revision = currentRevision(context);
  if (revision === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  if (revision !== release.revision) return refused(context) ?? supersede(context);
  const { step } = release;
  const watch = watchBackground(context);
  const held = step && decideWatchedUpdate({ ...context, step, watch } satisfies StepContext);
  if (held) return held;
  const open = firstOpen(context, [keepCanaryService, ...jobsOf(context)]);
  if (open) {
    return watch.kind === 'well'
      ? { ...open, wakeAt: Math.min(open.wakeAt ?? watch.staleAt, watch.staleAt) }
      : open;
  }
  return promote(context);
}

function jobsOf({ snapshot }: Context): readonly Job[] {
  const style = styleIn(snapshot);
  if (style.isBlueGreen) return GREEN_STAYS;
  return style.hasExtraPods ? CANARY_BESIDE : CANARY_AMONG;
}

/** The canary's own pods serve their share until the workload's are all updated. */
const CANARY_BESIDE: readonly Job[] = [
  easeWeight,
  restoreServiceAndWait,
  resumeWorkload,
  awaitRollingUpdate,
  noteUpdated,
  removeRoutes,
  removeCanaryPods,
  removeCanaryService,
];

/** The canary's pods are the workload's: every pod serves the same before the rest is updated. */
const CANARY_AMONG: readonly Job[] = [
  easeWeight,
  restoreServiceAndWait,
  removeRoutes,
  removeCanaryService,
  resumeWorkload,
  awaitRollingUpdate,
  noteUpdated,
];

/** The pods of the new version serve everything before the stable ones go, and are then what the workload runs. */
const GREEN_STAYS: readonly Job[] = [
  beforeTurning(bringUpEveryPod),
  beforeTurning(routeEverything),
  restoreServiceAndWait,
  resumeWorkload,
  awaitRollingUpdate,
  noteUpdated,
  removeRoutes,
  removeCanaryService,
  restoreAutoscalers,
];

/** Remembers that the rolling update is done: a later change of scale must not wake what watched it. */
function noteUpdated(context: Context): Outcome | undefined {
  const { snapshot, release } = context;
  if (release.updatedAt !== undefined || !watchesUpdate(release)) return undefined;
  return {
    ...wait('WaitingForCanaryRemoval', 'every pod runs the new version, the canary goes'),
    record: withRelease(snapshot.record, { ...release, updatedAt: timestamp(context) }),
  };
}

function watchesUpdate({ guard }: ReleaseRecord): boolean {
  return [...analysesOfMode(guard, 'Background'), ...analysesOfMode(guard, 'PostPromotion')].length > 0;
}

function promote(context: Context): Outcome {
  const { snapshot, workload, release } = context;
  const stable = styleIn(snapshot).version(workload, release.revision);
  if (!stable) return wait('WaitingForWorkload', 'waiting for the pods of the new version');
  const message = `every pod runs the new version, hash ${stable.hash}`;
  const notice: Notice = {
    event: 'Completed',
    reason: 'Promoted',
    summary: `The release of ${workload.object.metadata.name} is complete.`,
    evidence: [],
    action: 'Promoted: every pod runs the new version, the canary is gone.',
    next: 'Nothing is left to do.',
  };
  return (
    beginPostPromotion(context, stable, message, notice) ??
    complete(context, 'Promoted', 'Promoted', stable, message, notice)
  );
}
