import { CONTROLLER_REVISION_LABEL } from '../../src/api/annotations.ts';
import { sameJson } from '../../src/api/canonical.ts';
import {
  type ControllerRevision,
  controllerReference,
  isControlledBy,
  type Pod,
  type PodTemplate,
  type StatefulSet,
} from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { isReadyPod } from '../../src/workload/version-pods.ts';
import { controllerLoop } from './controller-loop.ts';
import { presentRevision, revisionsOf } from './controller-revisions.ts';

export interface StatefulSetsOptions {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
}

/**
 * Kubernetes' StatefulSet controller, as small as a release needs it: one pod after the other from the lowest ordinal
 * up, none while one before it is not ready; updates from the highest down to the partition; pods below the partition
 * are made of the current revision, which becomes the update revision once every pod has it and is ready. It leaves
 * pods that run another version below the partition, and waits for ever for one that is not ready. Answers how to stop.
 */
export function runStatefulSets(options: StatefulSetsOptions): () => void {
  const { cluster, stores } = options;
  const sets = stores.of<StatefulSet>(resources.statefulSet);
  const pods = stores.of<Pod>(resources.pod);

  return controllerLoop(
    options,
    [resources.statefulSet, resources.controllerRevision, resources.pod],
    async () => {
      for (const set of sets.list()) if (!set.metadata.deletionTimestamp) await reconcile(set);
    },
  );

  async function reconcile(set: StatefulSet): Promise<void> {
    const update = await presentRevision(cluster, stores, set);
    if (!update) return;
    const known = revisionsOf(stores, set);
    const current = known.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update;
    await work(set, current, update);
    await report(set, current, update);
  }

  /** The first thing that is to be done, and no more: what follows waits for it. */
  async function work(
    set: StatefulSet,
    current: ControllerRevision,
    update: ControllerRevision,
  ): Promise<void> {
    const total = set.spec.replicas ?? 1;
    const partition = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0;
    const present = podsOf(set);
    for (let index = 0; index < total; index++) {
      const pod = present.get(index);
      if (!pod) {
        const revision = index < partition ? current : update;
        await cluster.create(resources.pod, podFor(set, index, revision));
        return;
      }
      if (!isReadyPod(pod)) return;
    }
    const [condemned] = [...present.keys()].filter((index) => index >= total).toSorted((a, b) => b - a);
    const last = condemned === undefined ? undefined : present.get(condemned);
    if (last) await cluster.delete(resources.pod, last.metadata);
    if (last || set.spec.updateStrategy?.type === 'OnDelete') return;
    for (let index = total - 1; index >= partition; index--) {
      const pod = present.get(index);
      if (pod && hashOf(pod) !== update.metadata.name) {
        await cluster.delete(resources.pod, pod.metadata);
        return;
      }
    }
  }

  async function report(
    set: StatefulSet,
    current: ControllerRevision,
    update: ControllerRevision,
  ): Promise<void> {
    const present = [...podsOf(set).values()];
    const total = set.spec.replicas ?? 1;
    const replicas = present.length;
    const readyReplicas = present.filter(isReadyPod).length;
    const updatedReplicas = present.filter((pod) => hashOf(pod) === update.metadata.name).length;
    const isComplete = updatedReplicas === total && readyReplicas === total && replicas === total;
    const status: StatefulSet['status'] = {
      observedGeneration: set.metadata.generation ?? 0,
      replicas,
      readyReplicas,
      availableReplicas: readyReplicas,
      updatedReplicas,
      currentRevision: (isComplete ? update : current).metadata.name,
      updateRevision: update.metadata.name,
    };
    if (!sameJson(set.status, status))
      await cluster.replace(resources.statefulSet, { ...set, status }, 'status');
  }

  function podsOf({ metadata }: StatefulSet): Map<number, Pod> {
    const own = pods.list(metadata.namespace).filter((pod) => isControlledBy(pod, metadata.uid));
    return new Map(own.map((pod) => [Number(pod.metadata.name.slice(metadata.name.length + 1)), pod]));
  }
}

function hashOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[CONTROLLER_REVISION_LABEL];
}

function podFor(set: StatefulSet, index: number, revision: ControllerRevision): Pod {
  const { template } = (revision.data as { spec: { template: PodTemplate } }).spec;
  const { name, namespace } = set.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${index}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, [CONTROLLER_REVISION_LABEL]: revision.metadata.name },
      ownerReferences: [controllerReference(set)],
    },
    spec: template.spec as unknown as Pod['spec'],
  };
}
