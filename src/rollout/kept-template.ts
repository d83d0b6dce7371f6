import type { Act } from '../api/act.ts';
import { labelValue, ROLLOUT_LABEL } from '../api/annotations.ts';
import { type ControllerRevision, controllerReference, type PodTemplate } from '../api/kubernetes.ts';
import { apiVersionOf, resources } from '../api/resource.ts';
import { type Context, isOurs } from './context.ts';
import { styleIn } from './order.ts';

/**
 * Keeps the stable template in a ControllerRevision of the Rollout, so that going back never depends on the
 * workload's history; templates kept by earlier releases go. undefined where the template is not to be found.
 */
export function keepStableTemplate({ snapshot, workload, release }: Context): Act[] | undefined {
  const { revision } = release.stable;
  const outdated: Act[] = snapshot.kept
    .filter((kept) => kept.revision !== revision)
    .map((kept) => ({
      verb: 'delete',
      resource: resources.controllerRevision,
      object: { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: kept.metadata },
      why: 'forget the template kept for an earlier release',
    }));
  if (snapshot.kept.some((kept) => kept.revision === revision)) return outdated;
  const template = styleIn(snapshot).template(workload, revision);
  if (!template) return undefined;
  return [
    ...outdated,
    {
      verb: 'create',
      resource: resources.controllerRevision,
      object: keptRevision(snapshot.rollout, revision, template),
      why: 'keep the stable template',
    },
  ];
}

function keptRevision(
  rollout: Context['snapshot']['rollout'],
  revision: string,
  template: PodTemplate,
): ControllerRevision {
  const { name, namespace } = rollout.metadata;
  return {
    apiVersion: apiVersionOf(resources.controllerRevision),
    kind: resources.controllerRevision.kind,
    metadata: {
      name: `${name.slice(0, 200)}-stable-${revision}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { [ROLLOUT_LABEL]: labelValue(name) },
      ownerReferences: [controllerReference(rollout)],
    },
    revision: 1,
    data: { revision, template },
  };
}

/** The stable template of this release, as it was kept when the release began. */
export function keptStableTemplate({ snapshot, release }: Context): PodTemplate | undefined {
  return snapshot.kept.find((kept) => kept.revision === release.stable.revision)?.template;
}

/** Deletes what was kept, once nothing can need it any more. */
export function forgetKeptTemplates(context: Pick<Context, 'snapshot'>): Act[] {
  return context.snapshot.kept
    .map((kept) => ({ apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: kept.metadata }))
    .filter((object) => isOurs(context, object))
    .map((object) => ({
      verb: 'delete',
      resource: resources.controllerRevision,
      object,
      why: 'the stable template is not needed any more',
    }));
}
