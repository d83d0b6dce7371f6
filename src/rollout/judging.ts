import type { Act } from '../api/act.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import { resources } from '../api/resource.ts';
import type { PinnedAnalysis, RecordStatus } from '../api/rollout-record.ts';
import type { Outcome } from './decision.ts';
import { analysesOfMode, analysesOfStep } from './guard.ts';
import { analysisRun, isOwnRun, type RunSubject } from './runs.ts';
import type { Snapshot } from './snapshot.ts';

/** An analysis with its run, as it is in the cluster. */
export interface Judged {
  analysis: PinnedAnalysis;
  /** The name that tells it from the others. */
  label: string;
  run: AnalysisRun;
}

export type Judging =
  /** Runs are missing, and are made first. */
  | { kind: 'start'; outcome: Outcome }
  /** A run has the name of ours and is not ours. */
  | { kind: 'foreign'; message: string }
  | { kind: 'runs'; runs: Judged[] };

/** The runs of these analyses of the release under way. A verdict counts only in a run that is exactly ours. */
export function judgingOf(snapshot: Snapshot, analyses: readonly PinnedAnalysis[]): Judging {
  const expected = analyses.map((analysis) => {
    const wanted = analysisRun(snapshot, analysis);
    const present = snapshot.runs.find((run) => run.metadata.name === wanted.metadata.name);
    return { analysis, label: labelOf(analysis, analyses), wanted, present };
  });
  const missing = expected.filter(({ present }) => !present);
  if (missing.length > 0) return { kind: 'start', outcome: startRuns(missing) };
  const foreign = expected.find(
    ({ wanted, present }) => present && !isOwnRun(present, wanted, snapshot.rollout.metadata.uid),
  );
  if (foreign) return { kind: 'foreign', message: foreignMessage(foreign.wanted) };
  return {
    kind: 'runs',
    runs: expected.map(({ analysis, label, wanted, present }) => ({
      analysis,
      label,
      run: present ?? wanted,
    })),
  };
}

/** Two guards may each have an analysis of the same name; then the guard's name tells them apart. */
function labelOf({ name, guard }: PinnedAnalysis, analyses: readonly PinnedAnalysis[]): string {
  const namesakes = analyses.filter((other) => other.name === name);
  return namesakes.length === 1 ? name : `${guard.name}/${name}`;
}

function startRuns(
  missing: readonly { analysis: PinnedAnalysis; label: string; wanted: AnalysisRun }[],
): Outcome {
  const acts: Act[] = missing.map(({ label, wanted }) => ({
    verb: 'create',
    resource: resources.analysisRun,
    object: wanted,
    why: `judge ${label}`,
  }));
  return {
    decision: 'Analyse',
    reason: 'AnalysisStarted',
    message: `judging ${missing.map(({ label, analysis }) => `${label} (${metricNames(analysis)})`).join(', ')}`,
    acts,
  };
}

function metricNames({ metrics }: PinnedAnalysis): string {
  return metrics.map((metric) => metric.name).join(', ');
}

function foreignMessage({ metadata }: AnalysisRun): string {
  return `AnalysisRun ${metadata.name} is not the one that the controller made: its owner, labels or spec differ; find out who wrote it and delete it`;
}

/** The names of the runs that judge something which is not over yet. */
export function currentRunNames({ rollout, record }: RunSubject): Set<string> {
  return new Set(currentAnalyses(record).map((each) => analysisRun({ rollout, record }, each).metadata.name));
}

function currentAnalyses({ release }: RecordStatus): PinnedAnalysis[] {
  if (!release?.guard) return [];
  const { guard, stage, step } = release;
  if (stage === 'PostPromotion') return [...analysesOfMode(guard, 'PostPromotion')];
  if (stage !== 'InRolling' && stage !== 'Finalising') return [];
  const isWatched = release.trafficSince !== undefined && release.updatedAt === undefined;
  return [
    ...(stage === 'InRolling' && step ? analysesOfStep(guard, step.index) : []),
    ...(isWatched ? analysesOfMode(guard, 'Background') : []),
  ];
}
