import type { Evidence, StableRevision, Verdict } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { isMarked } from '../workload/marks.ts';
import { decideBetweenReleases } from './between.ts';
import { type Combined, combineRuns } from './combine-runs.ts';
import { type Context, currentRevision, stall, timestamp, wait, withRelease } from './context.ts';
import type { Notice, Outcome, Reason } from './decision.ts';
import { rejecting } from './failure.ts';
import { effectiveAction } from './failure-action.ts';
import { analysesOfMode, presentGuard } from './guard.ts';
import { type Judged, judgingOf } from './judging.ts';
import { forgetKeptTemplates } from './kept-template.ts';
import { tryAgain } from './retry.ts';

/**
 * Ends the steps of a release whose promoted pods are still to be judged: for everybody else it is complete, and
 * the former template is kept. undefined where no PostPromotion analysis asks for that.
 */
export function beginPostPromotion(
  context: Context,
  stable: StableRevision,
  message: string,
  notice: Notice,
): Outcome | undefined {
  const { snapshot, release } = context;
  if (analysesOfMode(release.guard, 'PostPromotion').length === 0) return undefined;
  if (presentGuard(snapshot).kind === 'none') return undefined;
  return {
    decision: 'Complete',
    reason: 'Promoted',
    message,
    record: {
      ...withRelease(snapshot.record, {
        ...release,
        stage: 'PostPromotion',
        outcome: 'Promoted',
        message,
        postPromotion: { attempt: 1 },
      }),
      stable,
    },
    notice: { ...notice, next: 'The promoted pods are judged by the PostPromotion analyses of the guard.' },
  };
}

/** The promoted pods are judged, as long as nobody wants another version. */
export function decidePostPromotion(context: Context): Outcome {
  const { snapshot, workload, release, now } = context;
  if (currentRevision(context) !== release.revision || isMarked(snapshot.rollout, workload.object)) {
    return decideBetweenReleases(snapshot, workload, now);
  }
  return judgePromoted(context);
}

/** The workload still runs what was promoted: judges its pods. */
export function judgePromoted(context: Context): Outcome {
  const { snapshot, release } = context;
  if (presentGuard(snapshot).kind === 'none') {
    return end(context, 'GuardRemoved', 'the guard is gone, the promoted pods are judged no further');
  }
  const judging = judgingOf(snapshot, analysesOfMode(release.guard, 'PostPromotion'));
  if (judging.kind === 'start') return judging.outcome;
  if (judging.kind === 'foreign') return stall('ForeignRun', judging.message);
  return follow(context, judging.runs);
}

function follow(context: Context, runs: readonly Judged[]): Outcome {
  const verdict = combineRuns(runs);
  const { phase, message, evidence } = verdict;
  switch (phase) {
    case 'Running':
      return wait('WaitingForAnalysis', 'rollout is healthy; the promoted pods are being judged');
    case 'Successful':
      return end(context, 'AnalysisSuccessful', message, { phase, evidence });
    case 'Failed': {
      const { action, why } = effectiveAction(context, context.release.guard?.onFailure ?? 'Pause');
      if (action === 'Rollback') return restore(context, verdict);
      return end(context, 'AnalysisFailed', why ? `${message}; ${why}` : message, { phase, evidence });
    }
    case 'Error':
    case 'Inconclusive':
      return followUndecided(context, verdict, phase, runs);
  }
}

function followUndecided(
  context: Context,
  { message, evidence }: Combined,
  phase: 'Error' | 'Inconclusive',
  runs: readonly Judged[],
): Outcome {
  const { snapshot, release, now } = context;
  const again =
    release.guard &&
    tryAgain(release.guard, release.postPromotion ?? { attempt: 1 }, phase, runs, now, snapshot.outages);
  if (again?.kind === 'later') {
    return wait(
      'WaitingForAnalysis',
      `the promoted pods are judged anew at ${formatTime(again.at)}: ${message}`,
      again.at,
    );
  }
  if (again?.kind === 'again') {
    return {
      decision: 'Analyse',
      reason: 'AnalysisRetried',
      message: `the promoted pods are judged anew, attempt ${again.tries.attempt}: ${message}`,
      record: withRelease(snapshot.record, { ...release, postPromotion: again.tries }),
    };
  }
  const reason = phase === 'Error' ? 'AnalysisError' : 'AnalysisInconclusive';
  return end(context, reason, message, { phase, evidence });
}

/** The judging is over and the promoted version stays; unless it passed, somebody is told. */
function end(
  context: Context,
  reason: Reason,
  message: string,
  verdict?: { phase: Verdict['phase']; evidence: Evidence[] },
): Outcome {
  const { snapshot, release } = context;
  const judged = verdict && { phase: verdict.phase, reason, message, at: timestamp(context) };
  const ended: Outcome = {
    decision: 'Complete',
    reason,
    message,
    record: withRelease(snapshot.record, {
      ...release,
      stage: 'Completed',
      postPromotion: {
        attempt: release.postPromotion?.attempt ?? 1,
        ...(judged === undefined ? {} : { verdict: judged }),
      },
    }),
    acts: forgetKeptTemplates(context),
  };
  if (!verdict || verdict.phase === 'Successful') return ended;
  const workload = snapshot.rollout.spec.workloadRef.name;
  const failed = verdict.phase === 'Failed';
  return {
    ...ended,
    notice: {
      event: failed ? 'Failed' : 'Waiting',
      reason,
      summary: `The promoted pods of ${workload} ${failed ? 'failed' : 'could not be judged'}: ${message}`,
      evidence: verdict.evidence,
      action: 'Nothing was changed: every pod runs the new version.',
      next: `Look at ${workload}; to go back, restore its former pod template.`,
    },
  };
}

/** Begins to put the former template back, at once and without steps. */
function restore(context: Context, { message, evidence }: Combined): Outcome {
  const { snapshot, release } = context;
  const { outcome: _promoted, ...rest } = release;
  const workload = snapshot.rollout.spec.workloadRef.name;
  const verdict = { phase: 'Failed' as const, reason: 'AnalysisFailed', message, at: timestamp(context) };
  const record = withRelease(snapshot.record, {
    ...rest,
    stage: 'Cancelling',
    restore: true,
    reason: 'AnalysisFailed',
    message,
    postPromotion: { attempt: release.postPromotion?.attempt ?? 1, verdict },
  });
  return {
    decision: 'RollBack',
    reason: 'AnalysisFailed',
    message,
    record: rejecting(context, record, message),
    notice: {
      event: 'RolledBack',
      reason: 'AnalysisFailed',
      summary: `The promoted pods of ${workload} failed: ${message}`,
      evidence,
      action: `Rolled back: the former pod template was restored in ${workload}, its own rolling update brings it to every pod.`,
      next: 'Mend the new version and release it again; the rejected template itself is held if it comes back.',
    },
  };
}
