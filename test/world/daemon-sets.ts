import { CONTROLLER_REVISION_LABEL } from '../../src/api/annotations.ts';
import { sameJson } from '../../src/api/canonical.ts';
import { controllerReference, type DaemonSet, isControlledBy, type Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { isReadyPod } from '../../src/workload/version-pods.ts';
import { controllerLoop } from './controller-loop.ts';
import { presentRevision } from './controller-revisions.ts';

export interface DaemonSetsOptions {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  /** How many nodes there are: each gets a pod. */
  nodes: number;
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Kubernetes' DaemonSet controller, as small as a release needs it: a pod on every node, always of the present template;
 * with RollingUpdate pods of other versions are replaced while no more than maxUnavailable are missing, with OnDelete
 * none is. Answers how to stop.
 */
export function runDaemonSets(options: DaemonSetsOptions): () => void {
  const { cluster, stores } = options;
  const sets = stores.of<DaemonSet>(resources.daemonSet);
  const pods = stores.of<Pod>(resources.pod);
  const nodes = Array.from({ length: options.nodes }, (_, index) => `node-${index}`);
  let podNumber = 0;

  return controllerLoop(
    options,
    [resources.daemonSet, resources.controllerRevision, resources.pod],
    async () => {
      for (const set of sets.list()) if (!set.metadata.deletionTimestamp) await reconcile(set);
    },
  );

  async function reconcile(set: DaemonSet): Promise<void> {
    const present = await presentRevision(cluster, stores, set);
    const hash = present?.metadata.labels?.[CONTROLLER_REVISION_LABEL];
    if (!hash) return;
    const taken = new Set(podsOf(set).map(({ spec }) => spec.nodeName));
    for (const node of nodes.filter((name) => !taken.has(name))) {
      podNumber += 1;
      await cluster.create(resources.pod, podFor(set, node, podNumber, hash));
    }
    if (set.spec.updateStrategy?.type !== 'OnDelete') await replaceOne(set, hash);
    await report(set, hash);
  }

  /** One that is not ready at once; another while none is missing. */
  async function replaceOne(set: DaemonSet, hash: string): Promise<void> {
    const all = podsOf(set);
    const outdated = all
      .filter((pod) => hashOf(pod) !== hash)
      .toSorted((a, b) => Number(isReadyPod(a)) - Number(isReadyPod(b)));
    const [first] = outdated;
    const isAnyMissing = all.filter(isReadyPod).length < nodes.length;
    if (first && (!isReadyPod(first) || !isAnyMissing)) await cluster.delete(resources.pod, first.metadata);
  }

  async function report(set: DaemonSet, hash: string): Promise<void> {
    const all = podsOf(set);
    const numberReady = all.filter(isReadyPod).length;
    const status: DaemonSet['status'] = {
      observedGeneration: set.metadata.generation ?? 0,
      desiredNumberScheduled: nodes.length,
      currentNumberScheduled: all.length,
      updatedNumberScheduled: all.filter((pod) => hashOf(pod) === hash).length,
      numberReady,
      numberAvailable: numberReady,
    };
    if (!sameJson(set.status, status))
      await cluster.replace(resources.daemonSet, { ...set, status }, 'status');
  }

  function podsOf({ metadata }: DaemonSet): Pod[] {
    return pods.list(metadata.namespace).filter((pod) => isControlledBy(pod, metadata.uid));
  }
}

function hashOf({ metadata }: Pod): string | undefined {
  return metadata.labels?.[CONTROLLER_REVISION_LABEL];
}

function podFor(set: DaemonSet, nodeName: string, number: number, hash: string): Pod {
  const letters = [0, 1, 2, 3, 4].map(
    (place) => LETTERS[Math.floor(number / LETTERS.length ** place) % LETTERS.length],
  );
  const { name, namespace } = set.metadata;
  const { template } = set.spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${letters.join('')}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata?.labels, [CONTROLLER_REVISION_LABEL]: hash },
      ownerReferences: [controllerReference(set)],
    },
    spec: { ...(template.spec as unknown as Pod['spec']), nodeName },
  };
}
