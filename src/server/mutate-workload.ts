import { IN_PROGRESSING_ANNOTATION, progressingRollout, RESTORE_ANNOTATION } from '../api/annotations.ts';
import { sameJson } from '../api/canonical.ts';
import type { Workload } from '../api/kubernetes.ts';
import type { Rollout } from '../api/rollout.ts';
import { rolloutsOf } from '../workload/owning-rollout.ts';
import { revisionOf } from '../workload/pod-template.ts';
import type { Style } from '../workload/style.ts';
import { styleOf } from '../workload/styles.ts';
import {
  type AdmissionAnswer,
  type AdmissionRequest,
  allow,
  type PatchOperation,
} from './admission-review.ts';
import { type ControllerIdentity, isController } from './controller-identity.ts';
import { fieldAt, pointerSegment, withFieldAt } from './object-field.ts';

export interface WorkloadAdmissionFacts {
  controller: ControllerIdentity;
  /** Those of the workload's namespace. */
  rollouts: readonly Rollout[];
}

/**
 * Stops a changed workload before its own controller rolls it out: a new pod template is held and marked with the
 * Rollout that will release it, and stays so until that Rollout lets it go.
 */
export function mutateWorkload(request: AdmissionRequest, facts: WorkloadAdmissionFacts): AdmissionAnswer {
  if (request.operation !== 'UPDATE' || !request.object || !request.oldObject) return allow();
  if (isController(request, facts.controller)) return allow();
  const after = request.object as Workload;
  const before = request.oldObject as Workload;

  // A canary Deployment is named by no Rollout. Its label is not asked: anybody can put that on.
  const named = rolloutsOf(facts.rollouts, referenceTo(before));
  const changed = revisionOf(after.spec.template) !== revisionOf(before.spec.template);
  const marked = progressingRollout(before.metadata.annotations);
  const honest = withoutForgedRestore(before, after, changed);
  const releasing = named.find(({ metadata, spec }) => metadata.name === marked && !spec.disabled);
  if (releasing) return keepHeld(before, honest, after, releasing, changed);

  const [owner] = named;
  const style = owner && styleOf(owner);
  // A disabled owner still owns: a younger Rollout stands by, and would never release what is held here.
  if (!style || owner.spec.disabled) return allow();
  const problem = style.problem?.(honest);
  if (problem) {
    const patch = patchOf(after, withoutForgedMark(before, honest));
    return allow({ patch, warnings: changed ? [problem] : [] });
  }
  const starts = (changed || isLetGo(style, before, honest)) && after.spec.replicas !== 0;
  return allow({
    patch: patchOf(after, starts ? style.still(honest, owner) : withoutForgedMark(before, honest)),
  });
}

/** A release is under way: what it set stays set, whoever writes the object as they knew it before. */
function keepHeld(
  before: Workload,
  honest: Workload,
  after: Workload,
  rollout: Rollout,
  changed: boolean,
): AdmissionAnswer {
  const style = styleOf(rollout);
  const mark = before.metadata.annotations?.[IN_PROGRESSING_ANNOTATION];
  const marked = withAnnotation(honest, IN_PROGRESSING_ANNOTATION, mark);
  if (!style) return allow({ patch: patchOf(after, marked) });
  // Also where the template changes: an older manifest of the workload brings its other fields along.
  const wanted = style.keep?.(before, marked) ?? withHeldFields(style, before, marked);
  if (changed) return allow({ patch: patchOf(after, style.still(wanted, rollout)) });
  const kept = isLetGo(style, before, wanted) ? style.still(wanted, rollout) : wanted;
  const lost = style.heldFields.filter((path) => !sameJson(fieldAt(kept, path), fieldAt(marked, path)));
  return allow({
    patch: patchOf(after, kept),
    warnings: lost.length > 0 ? [staysHeld(kept, lost, rollout, style)] : [],
  });
}

/** Whether a kind of workload that could not be released so far would now roll out what it has waited with. */
function isLetGo(style: Style, before: Workload, after: Workload): boolean {
  return style.problem?.(before) !== undefined && style.problem(after) === undefined;
}

/** The fields that the release holds are as before; where nothing was held the Rollout has let the workload go already. */
function withHeldFields(style: Style, before: Workload, after: Workload): Workload {
  return style.heldFields.reduce((object, path) => {
    const held = fieldAt(before, path);
    return held === undefined || held === false ? object : withFieldAt(object, path, held);
  }, after);
}

/** Only Assay says that it put a template back; a template of somebody else's is not the one that it put back. */
function withoutForgedRestore(before: Workload, after: Workload, changed: boolean): Workload {
  const known = changed ? undefined : before.metadata.annotations?.[RESTORE_ANNOTATION];
  const claimed = after.metadata.annotations?.[RESTORE_ANNOTATION];
  return claimed === undefined ? after : withAnnotation(after, RESTORE_ANNOTATION, known);
}

/** The mark is the controller's to set; an old one that no Rollout stands for any more may be taken away. */
function withoutForgedMark(before: Workload, after: Workload): Workload {
  const claimed = after.metadata.annotations?.[IN_PROGRESSING_ANNOTATION];
  if (claimed === undefined) return after;
  return withAnnotation(
    after,
    IN_PROGRESSING_ANNOTATION,
    before.metadata.annotations?.[IN_PROGRESSING_ANNOTATION],
  );
}

function withAnnotation(object: Workload, key: string, value: string | undefined): Workload {
  const { [key]: present, ...others } = object.metadata.annotations ?? {};
  if (present === value) return object;
  const annotations = value === undefined ? others : { ...others, [key]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function staysHeld(kept: Workload, paths: readonly string[], { metadata }: Rollout, { keep }: Style): string {
  const fields = paths.map((path) => path.slice(1).replaceAll('/', '.'));
  const values = paths.map((path) => JSON.stringify(fieldAt(kept, path)));
  const others = paths.some((path) => path !== '/spec/paused');
  const later = keep && others ? ' What was written of it comes into force when the release has ended.' : '';
  return (
    `${fields.join(' and ')} of ${kept.kind} ${kept.metadata.name} stays ${values.join(' and ')}: Rollout ` +
    `${metadata.name} releases it step by step.${later} To go on approve the step, to go back restore the former pod template`
  );
}

function referenceTo(workload: Workload): { apiVersion: string; kind: string; name: string } {
  return { apiVersion: workload.apiVersion, kind: workload.kind, name: workload.metadata.name };
}

/** The operations that make `wanted` of `after`: in fields of the spec, and in single annotations. */
function patchOf(after: Workload, wanted: Workload): PatchOperation[] {
  const annotations = after.metadata.annotations;
  const wantedAnnotations = wanted.metadata.annotations ?? {};
  const noted: PatchOperation[] =
    annotations === undefined && Object.keys(wantedAnnotations).length > 0
      ? [{ op: 'add', path: '/metadata/annotations', value: wantedAnnotations }]
      : changes('/metadata/annotations', annotations ?? {}, wantedAnnotations);
  return [...changes('/spec', after.spec, wanted.spec), ...noted];
}

function changes(path: string, before: object, after: object): PatchOperation[] {
  const [old, wanted] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const removed = [...old.keys()].filter((key) => !wanted.has(key) && old.get(key) !== undefined);
  const set = [...wanted].filter(([key, value]) => value !== undefined && !sameJson(old.get(key), value));
  return [
    ...removed.map((key): PatchOperation => ({ op: 'remove', path: `${path}/${pointerSegment(key)}` })),
    ...set.map(
      ([key, value]): PatchOperation => ({ op: 'add', path: `${path}/${pointerSegment(key)}`, value }),
    ),
  ];
}
