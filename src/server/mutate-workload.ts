import { IN_PROGRESSING_ANNOTATION, progressingRollout, RESTORE_ANNOTATION } from '../api/annotations.ts';
import type { Deployment } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { rolloutsOf } from '../workload/owning-rollout.ts';
import { revisionOf } from '../workload/pod-template.ts';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  allow,
  type PatchOperation,
} from './admission-review.ts';
import { type ControllerIdentity, isController } from './controller-identity.ts';

export interface WorkloadAdmissionFacts {
  controller: ControllerIdentity;
  /** Those of the workload's namespace. */
  rollouts: readonly Rollout[];
}

/**
 * Stops a changed Deployment before its own controller rolls it out: a new pod template is paused and marked
 * with the Rollout that will release it, and stays so until that Rollout lets it go.
 */
export function mutateWorkload(request: AdmissionRequest, facts: WorkloadAdmissionFacts): AdmissionAnswer {
  if (request.operation !== 'UPDATE' || !request.object || !request.oldObject) return allow();
  if (isController(request, facts.controller)) return allow();
  const after = request.object as Deployment;
  const before = request.oldObject as Deployment;

  // A canary Deployment is named by no Rollout. Its label is not asked: anybody can put that on.
  const named = rolloutsOf(facts.rollouts, referenceTo(before));
  const changed = revisionOf(after.spec.template) !== revisionOf(before.spec.template);
  const marked = progressingRollout(before.metadata.annotations);
  const honest = withoutForgedRestore(before, after, changed);
  const releasing = named.find(({ metadata, spec }) => metadata.name === marked && !spec.disabled);
  if (releasing) return keepHeld(before, after, releasing, changed, honest);

  const [owner] = named;
  // A disabled owner still owns: a younger Rollout stands by, and would never release what is paused here.
  if (!owner || owner.spec.disabled) return allow();
  if (changed && after.spec.replicas !== 0) {
    return allow({ patch: [...honest, ...paused(after), ...mark(after, noteOf(owner))] });
  }
  return allow({ patch: [...honest, ...withoutForgedMark(before, after)] });
}

/** Only Assay says that it put a template back; a template of somebody else's is not the one that it put back. */
function withoutForgedRestore(before: Deployment, after: Deployment, changed: boolean): PatchOperation[] {
  const claimed = after.metadata.annotations?.[RESTORE_ANNOTATION];
  const known = changed ? undefined : before.metadata.annotations?.[RESTORE_ANNOTATION];
  if (claimed === undefined || claimed === known) return [];
  const path = `/metadata/annotations/${RESTORE_ANNOTATION.replaceAll('/', '~1')}`;
  return known === undefined ? [{ op: 'remove', path }] : [{ op: 'add', path, value: known }];
}

/** The mark is the controller's to set; an old one that no Rollout stands for any more may be taken away. */
function withoutForgedMark(before: Deployment, after: Deployment): PatchOperation[] {
  const claimed = after.metadata.annotations?.[IN_PROGRESSING_ANNOTATION];
  return claimed === undefined ? [] : mark(after, before.metadata.annotations?.[IN_PROGRESSING_ANNOTATION]);
}

/** A release is under way: what it set stays set, whoever writes the object as they knew it before. */
function keepHeld(
  before: Deployment,
  after: Deployment,
  rollout: Rollout,
  changed: boolean,
  honest: PatchOperation[],
): AdmissionAnswer {
  const restore = mark(after, before.metadata.annotations?.[IN_PROGRESSING_ANNOTATION]);
  // Not paused before: the Rollout has given the pods free already, unless a further version comes now.
  if (!before.spec.paused && !changed) return allow({ patch: [...honest, ...restore] });
  const resumed = !after.spec.paused && !changed;
  return allow({
    patch: [...honest, ...paused(after), ...restore],
    warnings: resumed ? [staysPaused(after, rollout)] : [],
  });
}

function staysPaused(workload: Deployment, { metadata }: Rollout): string {
  return (
    `spec.paused of Deployment ${workload.metadata.name} stays true: Rollout ${metadata.name} releases it step ` +
    'by step. To go on approve the step, to go back restore the former pod template'
  );
}

function referenceTo(workload: Deployment): { apiVersion: string; kind: string; name: string } {
  return { apiVersion: workload.apiVersion, kind: workload.kind, name: workload.metadata.name };
}

function noteOf(rollout: Rollout): string {
  return JSON.stringify({ rolloutName: rollout.metadata.name });
}

function paused(workload: Deployment): PatchOperation[] {
  return workload.spec.paused ? [] : [{ op: 'add', path: '/spec/paused', value: true }];
}

/** Makes the mark of a release what it has to be; none where `note` is undefined. */
function mark(workload: Deployment, note: string | undefined): PatchOperation[] {
  const { annotations } = workload.metadata;
  if (annotations?.[IN_PROGRESSING_ANNOTATION] === note) return [];
  const path = `/metadata/annotations/${IN_PROGRESSING_ANNOTATION.replaceAll('/', '~1')}`;
  if (note === undefined) return [{ op: 'remove', path }];
  if (!annotations) {
    return [{ op: 'add', path: '/metadata/annotations', value: { [IN_PROGRESSING_ANNOTATION]: note } }];
  }
  return [{ op: 'add', path, value: note }];
}
