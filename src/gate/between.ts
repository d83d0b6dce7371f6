import { complete } from '../rollout/complete.ts';
import { type Context, currentRevision, timestamp, wait } from '../rollout/context.ts';
import type { Notice, Outcome } from '../rollout/decision.ts';
import { beginPostPromotion, judgePromoted } from '../rollout/post-promotion.ts';
import { MOVER } from './foreign-release.ts';
import { restoreStable } from './restore.ts';
import { versionOf } from './versions.ts';

/** Kruise Rollouts has ended a release that was judged: how it ended is remembered, and its pods may still be judged. */
export function decideBetween(context: Context): Outcome {
  const { snapshot, release } = context;
  const { phase, conditions = [], canaryStatus, blueGreenStatus } = snapshot.rollout.status ?? {};
  const isPresent = currentRevision(context) === release.revision;
  if (release.stage === 'PostPromotion') {
    return isPresent ? judgePromoted(context) : wait('Idle', 'another version is about to be released');
  }
  if (release.stage === 'Cancelling' && release.restore) {
    return isPresent ? restoreStable(context) : end(context, 'RolledBack');
  }
  if (phase === 'Disabled' || phase === 'Disabling') return end(context, 'Disabled');
  if (phase !== 'Healthy') return wait('WaitingForEngine', `the Rollout is ${phase ?? 'not seen yet'}`);
  const succeeded = conditions.find(({ type }) => type === 'Succeeded')?.status;
  if (succeeded === 'False') return end(context, 'RolledBack');
  const revision = blueGreenStatus ? blueGreenStatus.updatedRevision : canaryStatus?.canaryRevision;
  if (succeeded === 'True') {
    return revision === release.foreignRevision ? promoted(context) : end(context, 'Superseded');
  }
  return wait('WaitingForEngine', `${MOVER} does not say yet how the release ended`);
}

function promoted(context: Context): Outcome {
  const { workload, release } = context;
  const stable = versionOf(workload, release.canary.hash ?? '');
  const { name } = workload.object.metadata;
  const message = `${MOVER} brought the new version to every pod of ${name}`;
  const notice: Notice = {
    event: 'Completed',
    reason: 'Promoted',
    summary: `The release of ${name} is complete.`,
    evidence: [],
    action: 'Promoted: every pod runs the new version.',
    next: 'Nothing is left to do.',
  };
  const judged = { ...context, release: { ...release, updatedAt: timestamp(context) } };
  return (
    beginPostPromotion(judged, stable, message, notice) ??
    complete(context, 'Promoted', 'Promoted', stable, message, notice)
  );
}

function end(context: Context, outcome: 'RolledBack' | 'Disabled' | 'Superseded'): Outcome {
  const { workload, release } = context;
  const { name } = workload.object.metadata;
  const why = release.message === undefined ? '' : `: ${release.message}`;
  switch (outcome) {
    case 'RolledBack':
      return complete(
        context,
        outcome,
        outcome,
        release.stable,
        `${name} is back on its stable version${why}`,
      );
    case 'Disabled':
      return complete(
        context,
        outcome,
        'RolloutDisabled',
        release.stable,
        `the Rollout of ${name} is disabled`,
      );
    case 'Superseded':
      return complete(
        context,
        outcome,
        outcome,
        release.stable,
        `${name} was released in another version since`,
      );
  }
}
