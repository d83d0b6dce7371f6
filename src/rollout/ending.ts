import { replaceActs } from '../api/act.ts';
import { RETRY_ANNOTATION } from '../api/annotations.ts';
import type { ReleaseStage, StableRevision } from '../api/rollout-record.ts';
import { restoredWorkload } from '../workload/marks.ts';
import type { Order } from '../workload/style.ts';
import { restoreAutoscalers } from './autoscalers.ts';
import { startRelease } from './between.ts';
import { leastWeight } from './capacity.ts';
import { podsOf } from './carried-share.ts';
import { complete } from './complete.ts';
import { type Context, currentRevision, stall, wait, withRelease } from './context.ts';
import type { DecisionWord, Outcome, Reason } from './decision.ts';
import { drainCanary, easeWeight } from './draining.ts';
import { keptStableTemplate } from './kept-template.ts';
import { asked, isGivenUp, orderOf, styleIn } from './order.ts';
import {
  awaitRollingUpdate,
  firstOpen,
  holdWorkload,
  type Job,
  removeCanaryPods,
  removeCanaryService,
  removeRoutes,
  restoreService,
  restoreServiceAndWait,
  resumeWorkload,
} from './removal.ts';
import { hasRoutes } from './routes.ts';

/** Begins to take a release back whose author restored the stable template. */
export function cancel(
  context: Context,
  reason: Reason,
  message = 'the stable template is back in the workload; the release is taken back',
): Outcome {
  return turn(context, 'Cancelling', 'Cancel', reason, message);
}

/** Begins to clear away a release whose stable pods are gone: there is nothing to go back to and to compare with. */
export function abandon(context: Context): Outcome {
  const message = 'the stable version is gone, so the workload was made anew; the release is given up';
  return turn(context, 'Cancelling', 'Cancel', 'StableTemplateLost', message);
}

/** Blue-green: with the pods of two versions there is no room for a third, so its author takes this one back first. */
export function refused({ snapshot, workload, release }: Context): Outcome | undefined {
  if (!styleIn(snapshot).isBlueGreen) return undefined;
  const { kind, metadata } = workload.object;
  return stall(
    'ContinuousRelease',
    `a newer template came in the middle of a blue-green release, which stays where it is: restore the former ` +
      `template in ${kind} ${metadata.name} to roll back (pods ${release.stable.hash}), and release the newer one ` +
      'then; or restore the template of this release to go on with it',
  );
}

/** Whether nothing of the stable version is left: held, a workload that was made anew would have no pods. */
export function isMadeAnew({ snapshot, workload, release }: Context): boolean {
  return !styleIn(snapshot).version(workload, release.stable.revision);
}

/** Begins to make room for a newer version. */
export function supersede(
  context: Context,
  message = 'a newer template came in the middle of the release; the canary of the former one makes room',
): Outcome {
  return turn(context, 'Superseding', 'Restart', 'ContinuousRelease', message);
}

function turn(
  context: Context,
  stage: ReleaseStage,
  decision: DecisionWord,
  reason: Reason,
  message: string,
): Outcome {
  const { snapshot, release } = context;
  return {
    decision,
    reason,
    message,
    record: withRelease(snapshot.record, { ...release, stage, reason, message }),
  };
}

/** The release is taken back: traffic first, then the workload, then the canary. */
export function decideCancelling(context: Context): Outcome {
  const { snapshot, workload, release } = context;
  const revision = currentRevision(context);
  const restored = revision === release.stable.revision;
  const hasStablePods = styleIn(snapshot).version(workload, release.stable.revision) !== undefined;
  const open = firstOpen(context, [
    ...(restored || !hasStablePods ? [] : [holdWorkload]),
    ...(release.restore && revision === release.revision ? [drainBeside, restoreStableTemplate] : []),
    ...(restored ? backToStable(context) : [...CANARY_GONE, restoreService]),
  ]);
  if (open) return open;
  const why = release.message ?? 'the stable template was restored';
  const name = workload.object.metadata.name;
  return complete(
    context,
    'RolledBack',
    'RolledBack',
    // The same template once more is a release of its own: that it was on its way to every pod proves nothing.
    restored || (revision === release.revision && hasStablePods) ? release.stable : standingRevision(context),
    restored ? `${name} is back on its stable pods: ${why}` : `the canary of ${name} is gone: ${why}`,
  );
}

/** Every pod gets the stable template again: traffic first, as far as stable pods can carry it. */
function backToStable({ snapshot }: Context): readonly Job[] {
  const style = styleIn(snapshot);
  if (style.isBlueGreen) return BLUE_AGAIN;
  return style.hasExtraPods ? CANARY_AWAY : EXCHANGED_BACK;
}

const CANARY_AWAY: readonly Job[] = [
  removeRoutes,
  resumeWorkload,
  removeCanaryPods,
  removeCanaryService,
  restoreService,
  awaitRollingUpdate,
];

const EXCHANGED_BACK: readonly Job[] = [
  drainCanary,
  resumeWorkload,
  awaitRollingUpdate,
  removeRoutes,
  removeCanaryService,
  restoreService,
];

/** The pods of the new version serve until all stable ones do, and only then the workload's own controller takes them. */
const BLUE_AGAIN: readonly Job[] = [
  drainCanary,
  bringBackStable,
  removeRoutes,
  resumeWorkload,
  restoreService,
  removeCanaryService,
  awaitRollingUpdate,
  restoreAutoscalers,
];

/**
 * While stable pods are too few to carry all requests, as after the beginning of the last rolling update, they come
 * back beside those of the new version. undefined once no request is sent to these any more.
 */
function bringBackStable(context: Context): Outcome | undefined {
  const { snapshot, workload, release } = context;
  if (!hasRoutes(context)) return undefined;
  const style = styleIn(snapshot);
  const goal = style.size(workload);
  const order: Order = { ...orderOf(context), revision: release.stable.revision, goal, granted: '100%' };
  const open = style.hold(workload, order) ?? style.grow(workload, order);
  const message = `${style.ready(workload, release.stable)} of ${goal} stable pods are ready`;
  return open ? asked(open, 'WaitingForWorkload') : wait('WaitingForWorkload', message);
}

/** The canary goes and the workload stays held: with a template of its own, resuming would release that without a step. */
const CANARY_GONE: readonly Job[] = [
  drainCanary,
  awaitDrained,
  removeCanaryPods,
  joinLeft,
  removeRoutes,
  removeCanaryService,
  restoreAutoscalers,
];

/** Blue-green: the pods of the new version go all at once, so that none of them may still have requests. */
function awaitDrained(context: Context): Outcome | undefined {
  const { snapshot, workload, release } = context;
  const style = styleIn(snapshot);
  const canReturn = style.version(workload, release.stable.revision) !== undefined && !isGivenUp(context);
  if (!style.isBlueGreen || !canReturn || !hasRoutes(context)) return undefined;
  const ready = style.ready(workload, release.stable);
  return wait('WaitingForWorkload', `${ready} of ${style.size(workload)} stable pods are ready`);
}

/** Pods of the new version that cannot go serve as any other: the stable ones alone could not carry every request. */
function joinLeft(context: Context): Outcome | undefined {
  const pods = podsOf(context);
  if (styleIn(context.snapshot).hasExtraPods || leastWeight(pods) === 0) return undefined;
  return easeWeight(context) ?? restoreServiceAndWait(context);
}

/** Where stable pods are all there, no request reaches the canary from the very first moment. */
function drainBeside(context: Context): Outcome | undefined {
  return styleIn(context.snapshot).hasExtraPods ? drainCanary(context) : undefined;
}

function restoreStableTemplate(context: Context): Outcome {
  const { snapshot, workload, release } = context;
  const template = keptStableTemplate(context);
  if (!template) {
    return stall(
      'StableTemplateLost',
      `the kept stable template of revision ${release.stable.revision} is gone; restore the former template by hand`,
    );
  }
  const style = styleIn(snapshot);
  const restored = restoredWorkload(workload.object, template, snapshot.record.releaseId);
  // Held: its own controller would exchange pods at once, before requests are drained from them.
  const held = style.still(restored, snapshot.rollout);
  return {
    ...wait('WaitingForWorkload', 'restoring the stable template'),
    acts: replaceActs(style.resource, workload.object, held, 'restore the stable template'),
  };
}

/** The canary of the former version goes; the stable pods stay pinned for the next one. */
export function decideSuperseding(context: Context): Outcome {
  const { snapshot, workload, release, now } = context;
  if (currentRevision(context) === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  if (isMadeAnew(context)) return abandon(context);
  const open = firstOpen(context, [holdWorkload, ...CANARY_GONE]);
  return open ?? startRelease(snapshot, workload, standingRevision(context), 'ContinuousRelease', now);
}

/**
 * What the workload's own pods run, mostly: the stable version, unless the last rolling update has already put the
 * released one in its place. Traffic is pinned to it next, so it must be the one that can carry it.
 */
function standingRevision({ snapshot, workload, release, now }: Context): StableRevision {
  const style = styleIn(snapshot);
  const promoted = style.version(workload, release.revision);
  // Made anew, the workload runs neither.
  if (!promoted && isMadeAnew({ snapshot, workload, release, now }))
    return style.running(workload) ?? release.stable;
  // Its author has withdrawn what this release brought: nothing falls back to that.
  if (release.wayBack) return release.stable;
  if (!promoted || style.ready(workload, release.stable) >= style.ready(workload, promoted))
    return release.stable;
  return promoted;
}

/** The canary goes and nothing else changes: the workload stays paused on its stable pods. */
export function decideAborting(context: Context): Outcome {
  const { snapshot, release } = context;
  if (currentRevision(context) === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  if (isMadeAnew(context)) return abandon(context);
  const open = firstOpen(context, [holdWorkload, ...CANARY_GONE, restoreService]);
  if (open) return open;
  return {
    decision: 'Abort',
    reason: 'CanaryAborted',
    message: `the canary is gone: ${release.message ?? 'the release was aborted'}`,
    record: withRelease(snapshot.record, { ...release, stage: 'Aborted', outcome: 'Aborted' }),
  };
}

/** Waits for the author: a newer template, the former one, or the wish to try again. */
export function decideAborted(context: Context): Outcome {
  const { snapshot, workload, release, now } = context;
  const { record, rollout } = snapshot;
  const revision = currentRevision(context);
  if (revision === release.stable.revision) return cancel(context, 'StableTemplateRestored');
  if (isMadeAnew(context)) return abandon(context);
  if (revision !== release.revision)
    return startRelease(snapshot, workload, release.stable, 'NewRevision', now);
  if (rollout.metadata.annotations?.[RETRY_ANNOTATION] === String(record.releaseId)) {
    const forgiven = {
      ...record,
      rejected: (record.rejected ?? []).filter((entry) => entry.revision !== revision),
    };
    return startRelease({ ...snapshot, record: forgiven }, workload, release.stable, 'Retried', now);
  }
  const unheld = holdWorkload(context);
  return (
    unheld ?? wait('Aborted', `aborted, the workload stays on its stable pods: ${release.message ?? ''}`)
  );
}
