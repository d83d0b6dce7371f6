import type { AnalysisPhase, AnalysisRun, MetricResult } from '../../src/api/analysis-run.ts';
import { analysisRun } from '../../src/rollout/runs.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { ago } from './snapshot.ts';

/** The run that the controller makes for one analysis of the present step, in this phase. */
export function ownRun(snapshot: Snapshot, phase: AnalysisPhase, analysis = 'success-rate'): AnalysisRun {
  const { rollout, record } = snapshot;
  const { release } = record;
  const pinned = release?.guard?.analyses.find(({ name }) => name === analysis);
  if (!release?.step || !pinned) throw new Error(`no analysis ${analysis} judges the present step`);
  const run = analysisRun({ rollout, record }, pinned);
  const finished = phase !== 'Pending' && phase !== 'Running';
  return {
    ...run,
    metadata: { ...run.metadata, uid: `${run.metadata.name}-uid`, resourceVersion: '1' },
    status: {
      phase,
      message: `it is ${phase}`,
      startedAt: ago(400),
      ...(finished ? { completedAt: ago(1) } : {}),
      metricResults: [metricResult(phase)],
    },
  };
}

function metricResult(phase: AnalysisPhase): MetricResult {
  const measured =
    phase === 'Successful' || phase === 'Failed' || phase === 'Inconclusive' || phase === 'Error';
  return {
    name: 'success-rate',
    phase,
    message: `success-rate ended ${phase}`,
    count: 3,
    successful: 0,
    failed: 0,
    inconclusive: 0,
    error: 0,
    consecutiveSuccess: 0,
    consecutiveFailure: 0,
    consecutiveError: 0,
    nextSequence: 1,
    withData: 1,
    measurements: measured
      ? [
          {
            sequence: 0,
            outcome: phase,
            value: '0.5',
            startedAt: ago(300),
            finishedAt: ago(300),
            reason: 'Measured',
            message: 'measured 0.5',
          },
        ]
      : [],
  };
}

/** The run that watches beside the steps or after them, in this phase, with a real measurement so many seconds ago. */
export function watchingRun(
  snapshot: Snapshot,
  phase: AnalysisPhase,
  { analysis = 'health', measuredAgo }: { analysis?: string; measuredAgo?: number } = {},
): AnalysisRun {
  const run = ownRun(snapshot, phase, analysis);
  if (!run.status) throw new Error('the run has a status');
  const at = ago(measuredAgo ?? 0);
  const seen = {
    sequence: 0,
    outcome: 'Successful' as const,
    value: '1',
    evaluatedAt: at,
    startedAt: at,
    finishedAt: at,
    reason: 'SuccessConditionMet',
    message: 'measured 1',
  };
  const metricResults = run.status.metricResults.map((result) => ({
    ...result,
    measurements: measuredAgo === undefined ? [] : [seen],
  }));
  return { ...run, status: { ...run.status, metricResults } };
}

/** The snapshot with the runs of its present step in these phases, one for each analysis. */
export function judged(snapshot: Snapshot, phases: Record<string, AnalysisPhase>): Snapshot {
  return {
    ...snapshot,
    runs: Object.entries(phases).map(([analysis, phase]) => ownRun(snapshot, phase, analysis)),
  };
}
