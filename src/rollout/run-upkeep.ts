import type { Act } from '../api/act.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import { isControlledBy } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { currentRunNames } from './judging.ts';
import type { Snapshot } from './snapshot.ts';

/** How many finished runs of a Rollout are kept for people to look at where no guard says it. */
const FINISHED_RUNS_KEPT = 10;

/** Ends runs that judge what is over, and deletes the oldest finished ones. */
export function runUpkeep({ rollout, runs }: Snapshot, record: RecordStatus): Act[] {
  const own = runs.filter(
    (run) => isControlledBy(run, rollout.metadata.uid) && !run.metadata.deletionTimestamp,
  );
  const current = currentRunNames({ rollout, record });
  const isCurrent = (run: AnalysisRun) => current.has(run.metadata.name);
  const kept = record.release?.guard?.runHistoryLimit ?? FINISHED_RUNS_KEPT;
  const ending: Act[] = own
    .filter((run) => !isFinished(run) && !run.spec.terminate && !isCurrent(run))
    .map((run) => {
      const object: AnalysisRun = { ...run, spec: { ...run.spec, terminate: true } };
      return { verb: 'replace', resource: resources.analysisRun, object, why: 'what it judges is over' };
    });
  const outdated: Act[] = own
    .filter(isFinished)
    .toSorted((a, b) => (b.status?.completedAt ?? '').localeCompare(a.status?.completedAt ?? ''))
    .filter((run) => !isCurrent(run))
    .slice(kept)
    .map((run) => ({
      verb: 'delete',
      resource: resources.analysisRun,
      object: run,
      why: `older than the newest ${kept}`,
    }));
  return [...ending, ...outdated];
}

function isFinished({ status }: AnalysisRun): boolean {
  return status !== undefined && status.phase !== 'Pending' && status.phase !== 'Running';
}
