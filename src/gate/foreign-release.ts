import type { Rollout, StepState } from '../api/rollout.ts';
import { stepsOf } from '../rollout/plan.ts';

/** Who moves the pods in place of Assay, as messages call it. */
export const MOVER = 'Kruise Rollouts';

/** What Kruise Rollouts says of a release under way, in the words of its status. */
export interface ForeignRelease {
  /** The field of the status that all of this stands in. */
  field: 'canaryStatus' | 'blueGreenStatus';
  /** Kruise's own name of the new template. For a Deployment it is not the hash that pods carry. */
  revision: string;
  revisionField: 'canaryRevision' | 'updatedRevision';
  stableHash: string;
  /** What the pods of the new version carry; stale until the pods of the first step are there. */
  podHash: string;
  planHash: string;
  /** 1-based. */
  index: number;
  state: string;
  /** At a pause: when the step had its traffic. It tells one stay at a step from another. */
  since: string | undefined;
  /** Of the workload, when this revision was seen to be its. */
  workloadGeneration: number | undefined;
  /** The reason of the condition Progressing. */
  progress: string | undefined;
}

/** States in which a step has its pods and its traffic. */
const AT_REST: readonly string[] = ['StepMetricsAnalysis', 'StepPaused', 'StepReady'] satisfies StepState[];

/** The release that Kruise Rollouts is in the middle of; undefined between releases. */
export function foreignRelease(rollout: Rollout): ForeignRelease | undefined {
  const { phase, conditions = [], canaryStatus, blueGreenStatus } = rollout.status ?? {};
  const status = blueGreenStatus ?? canaryStatus;
  if (phase !== 'Progressing' || !status) return undefined;
  const progressing = conditions.find(({ type }) => type === 'Progressing');
  const named = blueGreenStatus
    ? ({
        field: 'blueGreenStatus',
        revision: blueGreenStatus.updatedRevision,
        revisionField: 'updatedRevision',
      } as const)
    : ({
        field: 'canaryStatus',
        revision: canaryStatus?.canaryRevision ?? '',
        revisionField: 'canaryRevision',
      } as const);
  return {
    ...named,
    stableHash: status.stableRevision ?? '',
    podHash: status.podTemplateHash,
    planHash: status.rolloutHash ?? '',
    index: status.currentStepIndex,
    state: status.currentStepState,
    since: status.lastUpdateTime ?? undefined,
    workloadGeneration: status.observedWorkloadGeneration,
    progress: progressing?.status === 'True' ? progressing.reason : undefined,
  };
}

export function isAtRest({ state }: Pick<ForeignRelease, 'state'>): boolean {
  return AT_REST.includes(state);
}

/** A step as messages name it. */
export function nameStep(rollout: Rollout, index: number): string {
  return `step ${index}/${stepsOf(rollout).length}`;
}
