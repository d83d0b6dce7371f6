import type { Act } from '../api/act.ts';
import { ROLLOUT_BATCH_ID_LABEL, ROLLOUT_ID_LABEL } from '../api/annotations.ts';
import type { Pod, Workload } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';

/** What people and Kruise's tools call this release: a label of the workload says it, else it is its revision. */
export function rolloutIdOf(workload: Workload, revision: string): string {
  return workload.metadata.labels?.[ROLLOUT_ID_LABEL] ?? revision;
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
      const object = { ...pod, metadata: { ...pod.metadata, labels } };
      return { verb: 'replace', resource: resources.pod, object, why: `batch ${batch} of ${rolloutId}` };
    });
}
