import type { ControllerRevision, PodTemplate } from '../api/kubernetes.ts';
import { authoredTemplate, revisionOf } from './pod-template.ts';

/** What StatefulSets and DaemonSets have in common: their versions are ControllerRevisions. */

/** The template that a ControllerRevision keeps, as its author wrote it. */
export function keptTemplateOf({ data }: ControllerRevision): PodTemplate | undefined {
  const { template } = (data as { spec?: { template?: PodTemplate } } | undefined)?.spec ?? {};
  if (!template) return undefined;
  // It is kept as a patch, with a word for how it is to be applied.
  const { $patch: _how, ...kept } = template as PodTemplate & { $patch?: string };
  return authoredTemplate(kept);
}

/** The one that keeps the template with this revision; the newest, where a hash collision made several. */
export function revisionWith(
  revision: string,
  revisions: readonly ControllerRevision[],
): ControllerRevision | undefined {
  return newestFirst(revisions).find((each) => revisionIn(each) === revision);
}

/** The revision of the template that it keeps. */
export function revisionIn(kept: ControllerRevision): string | undefined {
  const template = keptTemplateOf(kept);
  return template && revisionOf(template);
}

/** By their numbers. A template that comes back gets a new number and keeps its object. */
export function newestFirst(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return revisions.toSorted((a, b) => b.revision - a.revision);
}
