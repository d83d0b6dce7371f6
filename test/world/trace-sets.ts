import { progressingRollout, RESTORE_ANNOTATION, WORKLOAD_TYPE_LABEL } from '../../src/api/annotations.ts';
import type { DaemonSet, Pod, StatefulSet, Workload } from '../../src/api/kubernetes.ts';
import { HELD_PARTITION } from '../../src/workload/stateful-set-partition.ts';
import { imageTag } from './kubelet.ts';
import { versionOf } from './names.ts';
import { changed, type Line, type Seen } from './trace-line.ts';

export function statefulSetLines(seen: Seen<StatefulSet>): Line[] {
  const subject = `StatefulSet ${(seen.after ?? seen.before)?.metadata.name}`;
  return [
    ...workloadLines(seen, subject),
    ...changed(seen, subject, 'replicas', ({ spec }) => String(spec.replicas)),
    ...changed(seen, subject, 'strategy', ({ spec }) => spec.updateStrategy?.type),
    ...changed(seen, subject, 'partition', ({ spec }) => {
      const partition = spec.updateStrategy?.rollingUpdate?.partition;
      return partition === HELD_PARTITION ? 'every pod' : String(partition ?? 'none');
    }),
  ];
}

export function daemonSetLines(seen: Seen<DaemonSet>): Line[] {
  const subject = `DaemonSet ${(seen.after ?? seen.before)?.metadata.name}`;
  return [
    ...workloadLines(seen, subject),
    ...changed(seen, subject, 'strategy', ({ spec }) => spec.updateStrategy?.type),
  ];
}

function workloadLines<W extends Workload & { status?: unknown }>(seen: Seen<W>, subject: string): Line[] {
  const { before, after } = seen;
  if (!before) return [{ subject, act: 'create' }];
  if (!after) return [{ subject, act: 'delete' }];
  return [
    ...changed(seen, subject, 'version', (object) => versionOf(object.spec.template)),
    ...changed(seen, subject, 'released', (object) =>
      progressingRollout(object.metadata.annotations) ? 'under release' : 'free',
    ),
    ...changed(seen, subject, 'restored', (object) => object.metadata.annotations?.[RESTORE_ANNOTATION]),
    ...changed(seen, subject, 'label', (object) => object.metadata.labels?.[WORKLOAD_TYPE_LABEL]),
  ];
}

/** Pods come and go by Kubernetes' own controllers; those that the engine deletes are told. */
export function podLines({ before, after, actor }: Seen<Pod>): Line[] {
  if (actor !== 'assay' || !before || after) return [];
  const version = imageTag(before.spec as unknown as Record<string, unknown>);
  return [{ subject: 'Pod', act: 'delete', from: `one of ${version}` }];
}
