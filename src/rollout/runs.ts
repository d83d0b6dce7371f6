import { conditionTexts } from '../analysis/resolve-metric.ts';
import type { AnalysisRun, AnalysisRunSpec, Outcome, RunKey } from '../api/analysis-run.ts';
import { ANALYSIS_LABEL, labelValue, RELEASE_LABEL, ROLLOUT_LABEL, STEP_LABEL } from '../api/annotations.ts';
import { canonicalJson, shortHash } from '../api/canonical.ts';
import { controllerReference, isControlledBy } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type { Evidence, PinnedAnalysis, ReleaseRecord, StepRecord } from '../api/rollout-record.ts';
import { podNamePattern } from '../workload/pod-template.ts';
import { weightOf } from './plan.ts';

/** The release and step that a run belongs to, as the record has them. */
export interface RunSubject {
  rollout: Rollout;
  releaseId: number;
  release: ReleaseRecord;
  step: StepRecord;
}

/** The run that judges one analysis of the present step: the same for the same record, whenever it is made. */
export function analysisRun(subject: RunSubject, analysis: PinnedAnalysis): AnalysisRun {
  const { rollout, release, step } = subject;
  const key = runKey(subject, analysis);
  const { name, namespace } = rollout.metadata;
  return {
    apiVersion: apiVersionOf(resources.analysisRun),
    kind: resources.analysisRun.kind,
    metadata: {
      name: `${name.slice(0, 200)}-${subject.releaseId}-${step.index}-${analysis.name}-${shortHash(key)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: runLabels(subject, analysis.name),
      ownerReferences: [controllerReference(rollout)],
    },
    spec: {
      metrics: analysis.metrics,
      ...(analysis.args.length === 0 ? {} : { args: analysis.args }),
      maxDuration: `${Math.ceil((release.guard?.maxDurationMs ?? 3_600_000) / 1_000)}s`,
      target: runTarget(subject),
      key,
    },
  };
}

function runKey({ rollout, releaseId, release, step }: RunSubject, analysis: PinnedAnalysis): RunKey {
  return {
    rolloutUid: rollout.metadata.uid ?? '',
    releaseId,
    stepEntry: step.entry,
    step: step.index,
    revision: release.revision,
    planHash: release.planHash,
    guardUid: analysis.guard.uid,
    guardGeneration: analysis.guard.generation,
    analysis: analysis.name,
    mode: 'Step',
    attempt: step.attempt,
  };
}

function runLabels({ rollout, releaseId, step }: RunSubject, analysis: string): Record<string, string> {
  return {
    [ROLLOUT_LABEL]: labelValue(rollout.metadata.name),
    [RELEASE_LABEL]: String(releaseId),
    [STEP_LABEL]: String(step.index),
    [ANALYSIS_LABEL]: analysis,
  };
}

function runTarget({ rollout, release, step }: RunSubject): NonNullable<AnalysisRunSpec['target']> {
  const weight = weightOf(rollout, step.index);
  const { canary, stable } = release;
  return {
    rollout: rollout.metadata.name,
    workload: rollout.spec.workloadRef.name,
    step: { index: step.index, ...(weight === undefined ? {} : { weight }) },
    stable: { hash: stable.hash, pods: podNamePattern(stable.replicaSet) },
    ...(canary.hash && canary.replicaSet
      ? { canary: { hash: canary.hash, pods: podNamePattern(canary.replicaSet) } }
      : {}),
    ...(step.trafficSince === undefined ? {} : { windowStart: step.trafficSince }),
  };
}

/** What must be equal for a run's verdict to count. */
export function specHash(spec: AnalysisRunSpec): string {
  const { terminate: _terminate, ...frozen } = spec;
  return shortHash(canonicalJson(frozen));
}

/** Whether this object is the run that the controller made: its owner, its labels, its spec. */
export function isOwnRun(run: AnalysisRun, expected: AnalysisRun, ownerUid: string | undefined): boolean {
  const labels = expected.metadata.labels ?? {};
  return (
    isControlledBy(run, ownerUid) &&
    Object.entries(labels).every(([name, value]) => run.metadata.labels?.[name] === value) &&
    specHash(run.spec) === specHash(expected.spec)
  );
}

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
export function combineRuns(runs: readonly { analysis: string; run: AnalysisRun }[]): Combined {
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
      .map(({ analysis, run }) => {
        const message = run.status?.message ?? `${run.status?.phase}`;
        return runs.length === 1 ? message : `${analysis}: ${message}`;
      })
      .join('; '),
    evidence: decisive.flatMap(({ analysis, run }) => evidenceOf(analysis, run, phase)),
  };
}

function decides(run: AnalysisRun, phase: Combined['phase']): boolean {
  const present = run.status?.phase;
  return present === phase || (present === 'Cancelled' && phase === 'Inconclusive');
}

/** The metrics of a run that brought it to its phase, each with its newest value against its condition. */
function evidenceOf(analysis: string, run: AnalysisRun, phase: Combined['phase']): Evidence[] {
  const conditions = conditionTexts(run.spec);
  return (run.status?.metricResults ?? [])
    .filter((result) => result.phase === phase && result.dryRun !== true)
    .map((result) => {
      const { measurements } = result;
      const newest = measurements.findLast(({ outcome }) => outcome === phase) ?? measurements.at(-1);
      const condition = conditions.get(result.name);
      return {
        analysis,
        metric: result.name,
        ...(newest?.value === undefined ? {} : { value: newest.value }),
        ...(condition === undefined ? {} : { condition }),
        message: result.message ?? newest?.message ?? result.phase,
      };
    });
}
