import type { Act } from '../api/act.ts';
import { NO_NEED_UPDATE_LABEL, ROLLOUT_BATCH_ID_LABEL, ROLLOUT_ID_LABEL } from '../api/annotations.ts';
import type { Pod, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';

/** What people and Kruise's tools call this release: a label of the workload says it, else it is its revision. */
export function rolloutIdOf(workload: Workload, revision: string): string {
  return workload.metadata.labels?.[ROLLOUT_ID_LABEL] ?? revision;
}

/** …and the way back from it in batches, to the stable version of this revision. */
export function wayBackIdOf(workload: Workload, revision: string): string {
  return rolloutIdOf(workload, `rollback-${revision}`);
}

/** Labels that say in which batch (the step, 1-based) of which release a pod got its version; a pod keeps its batch. */
export function batchLabelActs(pods: readonly Pod[], rolloutId: string, batch: number): Act[] {
  return pods
    .filter(
      ({ metadata }) => !metadata.deletionTimestamp && metadata.labels?.[ROLLOUT_ID_LABEL] !== rolloutId,
    )
    .map((pod) => {
      const labels = {
        ...pod.metadata.labels,
        [ROLLOUT_ID_LABEL]: rolloutId,
        [ROLLOUT_BATCH_ID_LABEL]: String(batch),
      };
      return relabelled(pod, labels, `batch ${batch} of ${rolloutId}`);
    });
}

/** The label of pods that a way back in batches leaves out, since they are back already. */
export function noNeedLabelActs(pods: readonly Pod[], rolloutId: string): Act[] {
  return pods
    .filter(({ metadata }) => metadata.labels?.[NO_NEED_UPDATE_LABEL] !== rolloutId)
    .map((pod) => {
      const labels = { ...pod.metadata.labels, [NO_NEED_UPDATE_LABEL]: rolloutId };
      return relabelled(pod, labels, `no need to go back by ${rolloutId}`);
    });
}

export function isLeftOut({ metadata }: Pod): boolean {
  return metadata.labels?.[NO_NEED_UPDATE_LABEL] !== undefined;
}

/** Takes that label away again. */
export function countedAgainActs(pods: readonly Pod[]): Act[] {
  return pods
    .filter((pod) => isLeftOut(pod) && !pod.metadata.deletionTimestamp)
    .map((pod) => {
      const { [NO_NEED_UPDATE_LABEL]: _left, ...labels } = pod.metadata.labels ?? {};
      return relabelled(pod, labels, 'the way back in batches is over');
    });
}

/** Writes these labels, all of them, on a pod. */
export function relabelled(pod: Pod, labels: Record<string, string>, why: string): Act {
  return {
    verb: 'replace',
    resource: resources.pod,
    object: { ...pod, metadata: { ...pod.metadata, labels } },
    why,
  };
}
