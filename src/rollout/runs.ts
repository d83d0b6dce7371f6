import type { AnalysisMode, AnalysisRun, AnalysisRunSpec, RunKey } from '../api/analysis-run.ts';
import { ANALYSIS_LABEL, labelValue, RELEASE_LABEL, ROLLOUT_LABEL, STEP_LABEL } from '../api/annotations.ts';
import { canonicalJson, shortHash } from '../api/canonical.ts';
import { controllerReference, isControlledBy } from '../api/kubernetes.ts';
import { remembered } from '../api/remembered.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import type { Rollout } from '../api/rollout.ts';
import type {
  PinnedAnalysis,
  RecordStatus,
  ReleaseRecord,
  StepRecord,
  Tries,
} from '../api/rollout-record.ts';
import { podNamePattern } from '../workload/pod-template.ts';
import { weightOf } from './plan.ts';
import type { Snapshot } from './snapshot.ts';

/** What a run is made from: the same for the same record, whenever it is made. */
export type RunSubject = Pick<Snapshot, 'rollout' | 'record'>;

/** A Background analysis lasts as long as its release, which may wait for people for days. */
const BACKGROUND_MAX_DURATION = '8760h';

/** What every name of a Rollout's runs begins with; short enough that the whole stays within 253 characters. */
export function runNamePrefix({ metadata }: Rollout): string {
  return `${metadata.name.slice(0, 150)}-`;
}

/** The runs of one state of a release, each made once: a pass asks for them several times. */
const runsOf = remembered((_record: RecordStatus) => new Map<PinnedAnalysis, Made>());

interface Made {
  rollout: Rollout;
  run: AnalysisRun;
}

/** The run that judges one analysis of the release: of its present step, beside its steps, or after them. */
export function analysisRun(subject: RunSubject, analysis: PinnedAnalysis): AnalysisRun {
  const made = runsOf(subject.record);
  const present = made.get(analysis);
  if (present?.rollout === subject.rollout) return present.run;
  const run = makeRun(subject, analysis);
  made.set(analysis, { rollout: subject.rollout, run });
  return run;
}

function makeRun(subject: RunSubject, analysis: PinnedAnalysis): AnalysisRun {
  const { rollout, record } = subject;
  const release = releaseOf(record);
  const { namespace } = rollout.metadata;
  const spec: AnalysisRunSpec = {
    metrics: analysis.metrics,
    ...(analysis.score && { score: analysis.score }),
    ...(analysis.args.length === 0 ? {} : { args: analysis.args }),
    maxDuration:
      analysis.mode === 'Background'
        ? BACKGROUND_MAX_DURATION
        : `${Math.ceil((release.guard?.maxDurationMs ?? 3_600_000) / 1_000)}s`,
    target: runTarget(subject, analysis.mode),
    key: runKey(subject, analysis),
  };
  const place = analysis.mode === 'Step' ? stepOf(release).index : analysis.mode.toLowerCase();
  return {
    apiVersion: apiVersionOf(resources.analysisRun),
    kind: resources.analysisRun.kind,
    metadata: {
      // The hash is of all that is judged: an edited template makes another run and never a foreign one.
      name: `${runNamePrefix(rollout)}${record.releaseId}-${place}-${analysis.name}-${specHash(spec)}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: runLabels(subject, analysis),
      ownerReferences: [controllerReference(rollout)],
    },
    spec,
  };
}

function runKey({ rollout, record }: RunSubject, analysis: PinnedAnalysis): RunKey {
  const release = releaseOf(record);
  const { mode } = analysis;
  return {
    rolloutUid: rollout.metadata.uid ?? '',
    releaseId: record.releaseId,
    ...(mode === 'Step' ? { stepEntry: stepOf(release).entry, step: stepOf(release).index } : {}),
    revision: release.revision,
    planHash: release.planHash,
    guardUid: analysis.guard.uid,
    guardGeneration: analysis.guard.generation,
    analysis: analysis.name,
    mode,
    attempt: triesOf(release, analysis).attempt,
  };
}

/** How often this analysis was judged, as the record has it. */
export function triesOf(release: ReleaseRecord, { mode, name, guard }: PinnedAnalysis): Tries {
  switch (mode) {
    case 'Step':
      return stepOf(release);
    case 'Background':
      return (
        release.background?.find((tries) => tries.guardUid === guard.uid && tries.analysis === name) ?? {
          attempt: 1,
        }
      );
    case 'PostPromotion':
      return release.postPromotion ?? { attempt: 1 };
  }
}

function runLabels({ rollout, record }: RunSubject, { mode, name }: PinnedAnalysis): Record<string, string> {
  return {
    [ROLLOUT_LABEL]: labelValue(rollout.metadata.name),
    [RELEASE_LABEL]: String(record.releaseId),
    ...(mode === 'Step' ? { [STEP_LABEL]: String(stepOf(releaseOf(record)).index) } : {}),
    [ANALYSIS_LABEL]: name,
  };
}

function runTarget(
  { rollout, record }: RunSubject,
  mode: AnalysisMode,
): NonNullable<AnalysisRunSpec['target']> {
  const release = releaseOf(record);
  const { stable } = release;
  const weight = mode === 'Step' ? weightOf(rollout, stepOf(release).index) : undefined;
  const windowStart = windowStartOf(release, mode);
  // After the promotion the new version runs in the workload's own pods, and the extra Deployment is gone.
  const canary = mode === 'PostPromotion' ? record.stable : release.canary;
  return {
    rollout: rollout.metadata.name,
    workload: rollout.spec.workloadRef.name,
    ...(mode === 'Step'
      ? { step: { index: stepOf(release).index, ...(weight === undefined ? {} : { weight }) } }
      : {}),
    stable: versionTarget(stable.hash, stable.replicaSet),
    ...(canary?.hash ? { canary: versionTarget(canary.hash, canary.replicaSet) } : {}),
    ...(windowStart === undefined ? {} : { windowStart }),
  };
}

/** Only names that a ReplicaSet gave say which version a pod is of. */
function versionTarget(hash: string, replicaSet: string | undefined): { hash: string; pods?: string } {
  return replicaSet === undefined ? { hash } : { hash, pods: podNamePattern(replicaSet) };
}

function windowStartOf(release: ReleaseRecord, mode: AnalysisMode): string | undefined {
  switch (mode) {
    case 'Step':
      return stepOf(release).trafficSince;
    case 'Background':
      return release.trafficSince;
    case 'PostPromotion':
      return release.updatedAt;
  }
}

function releaseOf({ release }: RecordStatus): ReleaseRecord {
  if (!release) throw new Error('a run judges a release, and the record has none');
  return release;
}

function stepOf({ step }: ReleaseRecord): StepRecord {
  if (!step) throw new Error('a Step analysis judges a step, and the release is in none');
  return step;
}

/** What must be equal for a run's verdict to count. */
export const specHash = remembered((spec: AnalysisRunSpec): string => {
  const { terminate: _terminate, ...frozen } = spec;
  return shortHash(canonicalJson(frozen));
});

/** Whether this object is the run that the controller made: its owner, its labels, its spec. */
export function isOwnRun(run: AnalysisRun, expected: AnalysisRun, ownerUid: string | undefined): boolean {
  const labels = expected.metadata.labels ?? {};
  return (
    isControlledBy(run, ownerUid) &&
    Object.entries(labels).every(([name, value]) => run.metadata.labels?.[name] === value) &&
    specHash(run.spec) === specHash(expected.spec)
  );
}
