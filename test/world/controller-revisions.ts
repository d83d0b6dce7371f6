import { CONTROLLER_REVISION_LABEL } from '../../src/api/annotations.ts';
import { sameJson, shortHash } from '../../src/api/canonical.ts';
import {
  type ControllerRevision,
  controllerReference,
  isControlledBy,
  type Workload,
} from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';

/** What the controllers of StatefulSets and DaemonSets keep of the templates of a workload, oldest first. */
export function revisionsOf(stores: Stores, { metadata }: Workload): ControllerRevision[] {
  return stores
    .of<ControllerRevision>(resources.controllerRevision)
    .list(metadata.namespace)
    .filter((each) => isControlledBy(each, metadata.uid))
    .toSorted((a, b) => a.revision - b.revision);
}

/**
 * The one of the present template, with the highest number of all: made where there is none, and with a new number where
 * a former template came back. undefined where that could not be written at this moment.
 */
export async function presentRevision(
  cluster: Cluster,
  stores: Stores,
  workload: Workload,
): Promise<ControllerRevision | undefined> {
  const known = revisionsOf(stores, workload);
  const data = { spec: { template: { ...workload.spec.template, $patch: 'replace' } } };
  const newest = known.at(-1);
  const equal = known.findLast((each) => sameJson(each.data, data));
  if (equal && equal === newest) return equal;
  const revision = (newest?.revision ?? 0) + 1;
  const written = equal
    ? await cluster.replace(resources.controllerRevision, { ...equal, revision })
    : await cluster.create(resources.controllerRevision, revisionFor(workload, data, revision));
  return written.ok ? written.object : undefined;
}

function revisionFor(workload: Workload, data: unknown, revision: number): ControllerRevision {
  // Nobody outside can compute the real controller's hash.
  const hash = shortHash(['controller-revision', data]);
  const { name, namespace } = workload.metadata;
  const labels = { ...workload.spec.template.metadata?.labels, [CONTROLLER_REVISION_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ownerReferences: [controllerReference(workload)],
    },
    data,
    revision,
  };
}
