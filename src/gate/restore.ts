import { type JsonOperation, pointerTo } from '../api/act.ts';
import { RESTORE_ANNOTATION } from '../api/annotations.ts';
import type { PodTemplate, Workload } from '../api/kubernetes.ts';
import { type Context, stall, timestamp, wait, withRelease } from '../rollout/context.ts';
import type { Outcome } from '../rollout/decision.ts';
import { hold } from '../rollout/failure.ts';
import { MOVER } from './foreign-release.ts';
import { templateOf } from './versions.ts';
import { workloadResource } from './workload-kinds.ts';

/**
 * Puts the stable template back into the workload, from which Kruise Rollouts takes the release back. Once only:
 * where somebody brings the rejected one back, a person is told, and nobody's template is overwritten again.
 */
export function restoreStable(context: Context): Outcome {
  const { snapshot, workload, release } = context;
  const { kind, metadata } = workload.object;
  if (release.restoredAt !== undefined) return broughtBack(context);
  const template = templateOf(workload, release.stable.hash);
  if (!template) {
    return stall(
      'StableTemplateLost',
      `the cluster has no copy of the stable template ${release.stable.hash} any more; restore the former template of ${kind} ${metadata.name} by hand, and raise revisionHistoryLimit`,
    );
  }
  const resource = workloadResource(snapshot.rollout.spec.workloadRef);
  if (!resource) throw new Error(`a ${kind} that nobody reads cannot be restored`);
  return {
    ...wait('WaitingForWorkload', `the stable template is put back into ${kind} ${metadata.name}`),
    acts: [
      {
        verb: 'patch',
        resource,
        object: workload.object,
        operations: restoring(workload.object, template, snapshot.record.releaseId),
        why: 'restore the stable template',
      },
    ],
    record: withRelease(snapshot.record, { ...release, restoredAt: timestamp(context) }),
  };
}

function restoring({ metadata }: Workload, template: PodTemplate, releaseId: number): JsonOperation[] {
  const note = { [RESTORE_ANNOTATION]: String(releaseId) };
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'replace', path: '/spec/template', value: template },
    metadata.annotations
      ? {
          op: 'add',
          path: pointerTo('metadata', 'annotations', RESTORE_ANNOTATION),
          value: String(releaseId),
        }
      : { op: 'add', path: '/metadata/annotations', value: note },
  ];
}

function broughtBack(context: Context): Outcome {
  const { workload, release } = context;
  const { step } = release;
  const { kind, metadata } = workload.object;
  if (!step || step.hold?.reason === 'ForeignWriter') {
    return wait('WaitingForApproval', step?.hold?.message ?? 'waiting for a person');
  }
  return hold(
    { ...context, step, watch: { kind: 'none' } },
    {
      state: 'StepPaused',
      reason: 'ForeignWriter',
      message: `the stable template was put back into ${kind} ${metadata.name} at ${release.restoredAt}, and somebody brought the rejected one back`,
      evidence: [],
      event: 'Waiting',
      next: `see who writes spec.template of ${metadata.name} (kubectl get --show-managed-fields), and release another version; ${MOVER} stays where it is`,
    },
  );
}
