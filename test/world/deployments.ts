import { POD_TEMPLATE_HASH_LABEL } from '../../src/api/annotations.ts';
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
import { kubelet } from './kubelet.ts';
import {
  DESIRED_ANNOTATION,
  grownSize,
  isScaled,
  scaledSizes,
  scaleNotes,
  shrunkSizes,
  wanted,
} from './rolling-update.ts';

export interface DeploymentsOptions {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  /** How long a pod takes from its creation until it is ready. */
  podReadyMs: number;
}

/** How long the controllers take to notice a change. */
const NOTICE_MS = 10;
/** What takes longer than this is waited for by nobody. */
const A_DAY_MS = 86_400_000;
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Kubernetes' Deployment and ReplicaSet controllers and a kubelet, as small as a release needs them: `paused`,
 * `maxSurge`, `maxUnavailable` and `minReadySeconds` are honoured, scaling is shared out among versions, pods carry their
 * template's hash. Answers how to stop.
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
  let later: { at: number; cancel: () => void } | undefined;

  function notice(): void {
    if (stopped) return;
    noticed = true;
    if (!cancelTimer && !working) cancelTimer = clock.after(NOTICE_MS, turn);
  }

  function noticeLater(ms: number): void {
    const at = clock.now() + ms;
    if (stopped || (later && later.at <= at)) return;
    later?.cancel();
    const wake = () => {
      later = undefined;
      notice();
    };
    later = { at, cancel: clock.after(ms, wake) };
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

  /** Pods that have been ready for as long as their ReplicaSet asks for; comes back when more of them are. */
  function available(set: ReplicaSet): number {
    const { minReadySeconds = 0 } = set.spec;
    const waits = podsOf(set)
      .filter(isReady)
      .map((pod) => readySince(pod) + minReadySeconds * 1_000 - clock.now());
    const next = Math.min(...waits.filter((wait) => wait > 0));
    if (next < A_DAY_MS) noticeLater(next);
    return waits.filter((wait) => wait <= 0).length;
  }

  async function reconcile(deployment: Deployment): Promise<void> {
    const { paused, template, minReadySeconds } = deployment.spec;
    const sets = setsOf(deployment);
    const shares = sets.map((set) => ({ set, available: available(set) }));
    const current = shares.find(({ set }) => revisionOf(set.spec.template) === revisionOf(template));
    if (current && current.set.spec.minReadySeconds !== minReadySeconds) {
      current.set = await withMinReady(current.set, minReadySeconds);
    }
    const present = shares.map(({ set }) => set);
    if (paused || isScaled(deployment, present)) {
      for (const { set, replicas } of scaledSizes(deployment, current, present)) {
        await scale(deployment, set, replicas);
      }
      return;
    }
    const others = shares.filter((share) => share !== current);
    if (!current) {
      const first = others.every(({ set }) => wanted(set) === 0);
      const replicas = first ? (deployment.spec.replicas ?? 1) : 0;
      await cluster.create(resources.replicaSet, replicaSetFor(deployment, template, replicas));
      return;
    }
    current.set = await scale(deployment, current.set, grownSize(deployment, current.set, present));
    for (const { set, replicas } of shrunkSizes(deployment, current, others)) {
      await scale(deployment, set, replicas);
    }
  }

  async function scale(deployment: Deployment, set: ReplicaSet, replicas: number): Promise<ReplicaSet> {
    const annotations = { ...set.metadata.annotations, ...scaleNotes(deployment) };
    const isNoted = set.metadata.annotations?.[DESIRED_ANNOTATION] === annotations[DESIRED_ANNOTATION];
    if (wanted(set) === replicas && isNoted) return set;
    return written({ ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas } });
  }

  async function withMinReady(set: ReplicaSet, seconds: number | undefined): Promise<ReplicaSet> {
    const { minReadySeconds: _before, ...spec } = set.spec;
    return written({
      ...set,
      spec: { ...spec, ...(seconds === undefined ? {} : { minReadySeconds: seconds }) },
    });
  }

  /** What somebody else has changed meanwhile is looked at anew: that change is noticed. */
  async function written(set: ReplicaSet): Promise<ReplicaSet> {
    const result = await cluster.replace(resources.replicaSet, set);
    return result.ok ? (result.object as ReplicaSet) : set;
  }

  async function scalePods(set: ReplicaSet): Promise<void> {
    const present = podsOf(set).toSorted((a, b) => Number(isReady(b)) - Number(isReady(a)));
    for (const pod of present.slice(wanted(set))) await cluster.delete(resources.pod, pod.metadata);
    for (let index = present.length; index < wanted(set); index++) {
      podNumber += 1;
      await cluster.create(resources.pod, podFor(set, podNumber));
    }
    const after = podsOf(set);
    const newest = latest(set, replicaSets);
    const status = {
      replicas: after.length,
      readyReplicas: after.filter(isReady).length,
      availableReplicas: available(newest),
    };
    await report(resources.replicaSet, newest, status);
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
    const status = {
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: count((set) => podsOf(set).length),
      updatedReplicas: current ? podsOf(current).length : 0,
      readyReplicas: count(ready),
      availableReplicas: count(available),
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
    later?.cancel();
    for (const stop of unsubscribe) stop();
  };
}

function latest<T extends KubeObject>(object: T, store: Store<T>): T {
  return store.get(object.metadata) ?? object;
}

function readySince(pod: Pod): number {
  const { lastTransitionTime } = pod.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return lastTransitionTime === undefined ? 0 : Date.parse(lastTransitionTime);
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
  const { minReadySeconds } = deployment.spec;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: scaleNotes(deployment),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      replicas,
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
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
