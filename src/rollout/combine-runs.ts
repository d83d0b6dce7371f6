import { conditionTexts } from '../analysis/resolve-metric.ts';
import type { AnalysisRun, MetricResult, Outcome, ScoreResult } from '../api/analysis-run.ts';
import type { Evidence } from '../api/rollout-record.ts';
import type { Judged } from './judging.ts';

/** What the runs of one step come to together. */
export interface Combined {
  phase: Outcome | 'Running';
  message: string;
  evidence: Evidence[];
}

/**
 * The verdict of several runs: one Failed run decides at once; otherwise all must have ended, and the worst
 * counts (Failed > Error > Inconclusive > Successful). A Cancelled run never counts as passing.
 */
export function combineRuns(runs: readonly Pick<Judged, 'label' | 'run'>[]): Combined {
  const phases = runs.map(({ run }) => run.status?.phase ?? 'Pending');
  const unfinished = phases.some((phase) => phase === 'Pending' || phase === 'Running');
  const worst = (['Failed', 'Error', 'Inconclusive'] as const).find((phase) =>
    phases.some((present) => present === phase || (present === 'Cancelled' && phase === 'Inconclusive')),
  );
  const phase = worst === 'Failed' ? 'Failed' : unfinished ? 'Running' : (worst ?? 'Successful');
  const decisive = runs.filter(({ run }) => decides(run, phase));
  return {
    phase,
    message: decisive
      .map(({ label, run }) => {
        const message = run.status?.message ?? `${run.status?.phase}`;
        return runs.length === 1 ? message : `${label}: ${message}`;
      })
      .join('; '),
    evidence: decisive.flatMap(({ label, run }) => evidenceOf(label, run, phase)),
  };
}

function decides(run: AnalysisRun, phase: Combined['phase']): boolean {
  const present = run.status?.phase;
  return present === phase || (present === 'Cancelled' && phase === 'Inconclusive');
}

/** The metrics of a run that brought it to its phase, each with its newest value against its condition. */
function evidenceOf(analysis: string, run: AnalysisRun, phase: Combined['phase']): Evidence[] {
  const conditions = conditionTexts(run.spec);
  const score = run.status?.score;
  // Under a score a run is no worse than the score says, though its metrics are.
  const isEvidence = (metric: MetricResult) =>
    metric.phase === phase ||
    (score?.phase === phase && (metric.phase === 'Failed' || metric.phase === 'Inconclusive'));
  const ofMetrics = (run.status?.metricResults ?? [])
    .filter((result) => isEvidence(result) && result.dryRun !== true)
    .map((result) => {
      const { measurements } = result;
      const newest = measurements.findLast(({ outcome }) => outcome === result.phase) ?? measurements.at(-1);
      const condition = conditions.get(result.name);
      return {
        analysis,
        metric: result.name,
        ...(newest?.value === undefined ? {} : { value: newest.value }),
        ...(condition === undefined ? {} : { condition }),
        message: result.message ?? newest?.message ?? result.phase,
      };
    });
  return score?.phase === phase ? [scoreEvidence(analysis, run, score), ...ofMetrics] : ofMetrics;
}

function scoreEvidence(analysis: string, { spec }: AnalysisRun, { value, message }: ScoreResult): Evidence {
  return {
    analysis,
    metric: 'score',
    value: String(value),
    ...(spec.score && { condition: `pass ${spec.score.pass}, marginal ${spec.score.marginal}` }),
    message,
  };
}
