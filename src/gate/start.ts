import type { ReleaseRecord } from '../api/rollout-record.ts';
import { formatTime } from '../api/timestamp.ts';
import { imagesOf, nextReleaseId } from '../rollout/between.ts';
import { isUnderWay, stall, wait } from '../rollout/context.ts';
import type { Outcome } from '../rollout/decision.ts';
import { presentGuard } from '../rollout/guard.ts';
import type { Snapshot } from '../rollout/snapshot.ts';
import { revisionOf } from '../workload/pod-template.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import { type ForeignRelease, isAtRest, MOVER } from './foreign-release.ts';
import { runsPresentTemplate, versionOf } from './versions.ts';

/** Begins to judge a release that Kruise Rollouts has under way. One that nobody guards is left alone. */
export function startJudging(
  snapshot: Snapshot,
  workload: WorkloadFacts,
  foreign: ForeignRelease,
  now: number,
): Outcome {
  const { record } = snapshot;
  const guard = presentGuard(snapshot);
  if (guard.kind === 'none') return wait('NotGuarded', 'no guard selects this Rollout');
  if (foreign.progress !== 'InRolling') {
    return wait('WaitingForEngine', `${MOVER} is ${foreign.progress ?? 'about to begin'}`);
  }
  if (!isNamed(snapshot, workload, foreign)) {
    return wait(
      'WaitingForWorkload',
      `${MOVER} has not taken up the newest template of ${workload.object.metadata.name} yet`,
    );
  }
  if (guard.kind === 'faulty') return stall('GuardNotReady', guard.message);
  const stable = versionOf(workload, foreign.stableHash);
  const releaseId = nextReleaseId(snapshot);
  const release: ReleaseRecord = {
    startedAt: formatTime(now),
    stage: 'InRolling',
    revision: revisionOf(workload.object.spec.template),
    foreignRevision: foreign.revision,
    stable,
    canary: { name: workload.canary.deployment?.metadata.name ?? '' },
    planHash: foreign.planHash,
    guard: guard.guard,
  };
  const { name } = workload.object.metadata;
  return {
    decision: 'Start',
    reason: record.release && isUnderWay(record.release) ? 'ContinuousRelease' : 'NewRevision',
    message: `judging release ${releaseId} of ${name}: ${imagesOf(workload.object.spec.template.spec)} against stable pods ${stable.hash}`,
    record: { ...record, releaseId, stable, release },
  };
}

/**
 * Whether the workload's template is known to be the one that Kruise's revision stands for: its pods tell, and before
 * they are there, what Kruise saw of the workload.
 */
function isNamed({ rollout }: Snapshot, workload: WorkloadFacts, foreign: ForeignRelease): boolean {
  if (foreign.revision === '') return false;
  if (isAtRest(foreign)) return runsPresentTemplate(rollout, workload, foreign);
  return (
    foreign.state === 'StepUpgrade' && foreign.workloadGeneration === workload.object.metadata.generation
  );
}
