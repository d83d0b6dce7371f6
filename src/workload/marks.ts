import {
  IN_PROGRESSING_ANNOTATION,
  progressingRollout,
  RESTORE_ANNOTATION,
  WORKLOAD_TYPE_LABEL,
} from '../api/annotations.ts';
import type { PodTemplate, Workload } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';

/** What a workload under release says of who releases it. */
export function progressingNote(rollout: Rollout): string {
  return JSON.stringify({ rolloutName: rollout.metadata.name });
}

/** Whether the workload says that this Rollout releases it. */
export function isMarked(rollout: Rollout, workload: Workload): boolean {
  return progressingRollout(workload.metadata.annotations) === rollout.metadata.name;
}

/** The workload with the mark of a release. The same object when it has it already. */
export function markedWorkload<W extends Workload>(rollout: Rollout, workload: W): W {
  if (isMarked(rollout, workload)) return workload;
  const annotations = {
    ...workload.metadata.annotations,
    [IN_PROGRESSING_ANNOTATION]: progressingNote(rollout),
  };
  return { ...workload, metadata: { ...workload.metadata, annotations } };
}

/** The workload without the mark of a release, held or not as it was. The same object when it has none. */
export function unmarkedWorkload<W extends Workload>(workload: W): W {
  return withoutAnnotation(workload, IN_PROGRESSING_ANNOTATION);
}

export function withoutAnnotation<W extends Workload>(workload: W, key: string): W {
  const { [key]: present, ...annotations } = workload.metadata.annotations ?? {};
  return present === undefined ? workload : { ...workload, metadata: { ...workload.metadata, annotations } };
}

/** The workload with this label set, or removed where `value` is undefined. The same object when it is so already. */
export function labelledWorkload<W extends Workload>(workload: W, value: string | undefined): W {
  const { [WORKLOAD_TYPE_LABEL]: present, ...others } = workload.metadata.labels ?? {};
  if (present === value) return workload;
  const labels = value === undefined ? others : { ...others, [WORKLOAD_TYPE_LABEL]: value };
  return { ...workload, metadata: { ...workload.metadata, labels } };
}

/** The workload with this former pod template, and a note of the release that it was put back for. */
export function restoredWorkload<W extends Workload>(
  workload: W,
  template: PodTemplate,
  releaseId: number,
): W {
  const annotations = { ...workload.metadata.annotations, [RESTORE_ANNOTATION]: String(releaseId) };
  return {
    ...workload,
    metadata: { ...workload.metadata, annotations },
    spec: { ...workload.spec, template },
  };
}
