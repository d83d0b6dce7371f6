import { DESIRED_REPLICAS_ANNOTATION, POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
import { sameJson, shortHash } from '../../src/api/canonical.ts';
import {
  controllerReference,
  type Deployment,
  isControlledBy,
  type KubeObject,
  type Pod,
  type PodTemplate,
  type ReplicaSet,
} from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster, Store } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { revisionOf } from '../../src/workload/pod-template.ts';
import { rollingBudget } from '../../src/workload/rolling-budget.ts';
import { kubelet } from './kubelet.ts';

export interface DeploymentsOptions {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  /** How long a pod takes from its creation until it is ready. */
  podReadyMs: number;
}

/** How long the controllers take to notice a change. */
const NOTICE_MS = 10;
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Kubernetes' Deployment and ReplicaSet controllers and a kubelet, as small as a release needs them: `paused` and
 * the strategy are honoured, pods carry their template's hash. Answers how to stop.
 */
export function runDeployments(options: DeploymentsOptions): () => void {
  const { cluster, clock } = options;
  const deployments = options.stores.of<Deployment>(resources.deployment);
  const replicaSets = options.stores.of<ReplicaSet>(resources.replicaSet);
  const pods = options.stores.of<Pod>(resources.pod);
  let podNumber = 0;
  let working: Promise<void> | undefined;
  let noticed = false;
  let stopped = false;
  let cancelTimer: (() => void) | undefined;

  function notice(): void {
    if (stopped) return;
    noticed = true;
    if (!cancelTimer && !working) cancelTimer = clock.after(NOTICE_MS, turn);
  }

  function turn(): void {
    cancelTimer = undefined;
    noticed = false;
    working = work().finally(() => {
      working = undefined;
      if (noticed) notice();
    });
  }

  async function work(): Promise<void> {
    for (const deployment of deployments.list()) {
      if (!deployment.metadata.deletionTimestamp) await reconcile(deployment);
    }
    for (const set of replicaSets.list()) await scalePods(set);
    for (const deployment of deployments.list()) await writeDeploymentStatus(deployment);
  }

  const setsOf = ({ metadata }: Deployment) =>
    replicaSets.list(metadata.namespace).filter((set) => isControlledBy(set, metadata.uid));
  const podsOf = ({ metadata }: ReplicaSet) =>
    pods.list(metadata.namespace).filter((pod) => isControlledBy(pod, metadata.uid));
  const ready = (set: ReplicaSet) => podsOf(set).filter(isReady).length;
  const wanted = (set: ReplicaSet) => set.spec.replicas ?? 0;

  async function reconcile(deployment: Deployment): Promise<void> {
    const { replicas: total = 1, paused, template, strategy } = deployment.spec;
    const sets = setsOf(deployment);
    const current = sets.find((set) => revisionOf(set.spec.template) === revisionOf(template));
    const others = sets.filter((set) => set !== current);
    if (paused) return scalePaused(deployment, current, others);
    if (!current) {
      const first = others.every((set) => wanted(set) === 0);
      await cluster.create(resources.replicaSet, replicaSetFor(deployment, template, first ? total : 0));
      return;
    }
    if (strategy?.type === 'Recreate') {
      for (const set of others) await scale(set, 0, total);
      if (others.every((set) => podsOf(set).length === 0)) await scale(current, total, total);
      return;
    }
    const running = others.reduce((sum, set) => sum + wanted(set), 0);
    const { surge, unavailable } = rollingBudget(strategy?.rollingUpdate, total);
    const missing = total - unavailable;
    await scale(current, Math.min(total, Math.max(wanted(current), total + surge - running)), total);
    let spare = ready(current) + others.reduce((sum, set) => sum + ready(set), 0) - missing;
    for (const set of others) {
      // Pods that are not ready serve nobody: they go first, and cost nothing.
      const broken = wanted(set) - ready(set);
      const removed = Math.min(wanted(set), Math.max(0, broken) + Math.max(0, spare));
      spare -= Math.max(0, removed - Math.max(0, broken));
      await scale(set, wanted(set) - removed, total);
    }
  }

  /** As Kubernetes scales a paused Deployment: the only version that has pods, or the newest where none has any. */
  async function scalePaused(
    { spec }: Deployment,
    current: ReplicaSet | undefined,
    others: readonly ReplicaSet[],
  ): Promise<void> {
    const { replicas: total = 1 } = spec;
    const versions = current ? [...others, current] : others;
    const active = versions.filter((set) => wanted(set) > 0);
    const newest = current ?? others.toSorted(byAge).at(-1);
    const only = active.length === 0 ? newest : active.length === 1 ? active[0] : undefined;
    if (only) return scale(only, total, total);
    const isSaturated =
      current &&
      wanted(current) === total &&
      ready(current) === total &&
      current.metadata.annotations?.[DESIRED_REPLICAS_ANNOTATION] === String(total);
    if (isSaturated) for (const set of others) await scale(set, 0, total);
  }

  async function scale(set: ReplicaSet, replicas: number, total: number): Promise<void> {
    if (wanted(set) === replicas) return;
    const annotations = { ...set.metadata.annotations, [DESIRED_REPLICAS_ANNOTATION]: String(total) };
    const metadata = { ...set.metadata, annotations };
    await cluster.replace(resources.replicaSet, { ...set, metadata, spec: { ...set.spec, replicas } });
  }

  async function scalePods(set: ReplicaSet): Promise<void> {
    const present = podsOf(set).toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
    for (const pod of present.slice(wanted(set))) await cluster.delete(resources.pod, pod.metadata);
    for (let index = present.length; index < wanted(set); index++) {
      podNumber += 1;
      await cluster.create(resources.pod, podFor(set, podNumber));
    }
    const after = podsOf(set);
    const readyReplicas = after.filter(isReady).length;
    const status = { replicas: after.length, readyReplicas, availableReplicas: readyReplicas };
    await report(resources.replicaSet, latest(set, replicaSets), status);
  }

  async function report<T extends KubeObject & { status?: unknown }>(
    resource: Resource,
    object: T,
    status: unknown,
  ): Promise<void> {
    if (!sameJson(object.status, status)) await cluster.replace(resource, { ...object, status }, 'status');
  }

  async function writeDeploymentStatus(deployment: Deployment): Promise<void> {
    const sets = setsOf(deployment);
    const current = sets.find(
      (set) => revisionOf(set.spec.template) === revisionOf(deployment.spec.template),
    );
    const count = (of: (set: ReplicaSet) => number) => sets.reduce((sum, set) => sum + of(set), 0);
    const readyReplicas = count(ready);
    const status = {
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: count((set) => podsOf(set).length),
      updatedReplicas: current ? podsOf(current).length : 0,
      readyReplicas,
      availableReplicas: readyReplicas,
    };
    await report(resources.deployment, deployment, status);
  }

  const stopKubelet = kubelet(options);
  const unsubscribe = [resources.deployment, resources.replicaSet, resources.pod].map((resource) =>
    options.stores.of(resource).subscribe(notice),
  );
  return () => {
    stopped = true;
    stopKubelet();
    cancelTimer?.();
    for (const stop of unsubscribe) stop();
  };
}

function latest<T extends KubeObject>(object: T, store: Store<T>): T {
  return store.get(object.metadata) ?? object;
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '');
}

function isReady(pod: Pod): boolean {
  return (
    pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ??
    false
  );
}

function replicaSetFor(deployment: Deployment, template: PodTemplate, replicas: number): ReplicaSet {
  // Nobody outside can compute the real controller's hash.
  const hash = shortHash(['pod-template-hash', template]);
  const labels = { ...template.metadata?.labels, [POD_TEMPLATE_HASH_LABEL]: hash };
  const { name, namespace } = deployment.metadata;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { [DESIRED_REPLICAS_ANNOTATION]: String(deployment.spec.replicas ?? 1) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: { replicas, template: { ...template, metadata: { ...template.metadata, labels } } },
  };
}

function podFor(set: ReplicaSet, number: number): Pod {
  const letters = [0, 1, 2, 3, 4].map(
    (place) => LETTERS[Math.floor(number / LETTERS.length ** place) % LETTERS.length],
  );
  const { name, namespace } = set.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${letters.join('')}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels: set.spec.template.metadata?.labels ?? {},
      ownerReferences: [controllerReference(set)],
    },
    spec: set.spec.template.spec as unknown as Pod['spec'],
  };
}
