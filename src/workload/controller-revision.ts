import type { ControllerRevision, PodTemplate } from '../api/kubernetes.ts';
import { revisionOf } from './pod-template.ts';

/**
 * The pod template that CloneSets, StatefulSets and DaemonSets keep of one of their versions: a patch of the whole
 * workload, in which the template stands with the mark that it replaces the present one.
 */
export function templateOfRevision({ data }: ControllerRevision): PodTemplate | undefined {
  const { spec } = (data ?? {}) as { spec?: { template?: PodTemplate & { $patch?: string } } };
  if (!spec?.template) return undefined;
  const { $patch: _patch, ...template } = spec.template;
  return template;
}

/** The ControllerRevision of this revision of the template: the newest, where a hash collision made several. */
export function controllerRevisionOf(
  revision: string,
  revisions: readonly ControllerRevision[],
): ControllerRevision | undefined {
  return revisions
    .filter((kept) => {
      const template = templateOfRevision(kept);
      return template !== undefined && revisionOf(template) === revision;
    })
    .toSorted((a, b) => b.revision - a.revision)[0];
}
