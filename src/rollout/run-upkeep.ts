import type { AnalysisRun } from '../api/analysis-run.ts';
import { isControlledBy } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import type { Act } from './decision.ts';
import type { Snapshot } from './snapshot.ts';

/** How many finished runs of a Rollout are kept for people to look at. */
const FINISHED_RUNS_KEPT = 10;

/** Ends runs that judge what is over, and deletes the oldest finished ones. */
export function runUpkeep({ rollout, runs }: Snapshot, record: RecordStatus): Act[] {
  const own = runs.filter(
    (run) => isControlledBy(run, rollout.metadata.uid) && !run.metadata.deletionTimestamp,
  );
  const ending: Act[] = own
    .filter((run) => !isFinished(run) && !run.spec.terminate && !isCurrent(run, record))
    .map((run) => {
      const object: AnalysisRun = { ...run, spec: { ...run.spec, terminate: true } };
      return { verb: 'replace', resource: resources.analysisRun, object, why: 'what it judges is over' };
    });
  const outdated: Act[] = own
    .filter(isFinished)
    .toSorted((a, b) => (b.status?.completedAt ?? '').localeCompare(a.status?.completedAt ?? ''))
    .filter((run) => !isCurrent(run, record))
    .slice(FINISHED_RUNS_KEPT)
    .map((run) => ({
      verb: 'delete',
      resource: resources.analysisRun,
      object: run,
      why: 'older than the ten newest',
    }));
  return [...ending, ...outdated];
}

function isFinished({ status }: AnalysisRun): boolean {
  return status !== undefined && status.phase !== 'Pending' && status.phase !== 'Running';
}

function isCurrent({ spec }: AnalysisRun, { releaseId, release }: RecordStatus): boolean {
  if (release?.stage !== 'InRolling') return false;
  return spec.key?.releaseId === releaseId && spec.key.stepEntry === release.step?.entry;
}
