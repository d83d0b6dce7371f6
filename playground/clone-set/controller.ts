import type { Act } from '../../src/api/act.ts';
import { sameJson } from '../../src/api/canonical.ts';
import type { CloneSet } from '../../src/api/clone-set.ts';
import {
  type ControllerRevision,
  isControlledBy,
  type KubeObject,
  type Pod,
} from '../../src/api/kubernetes.ts';
import { type Resource, resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster, ClusterResult, Store } from '../../src/cluster/port.ts';
import { cloneSetStep } from './step.ts';

export interface CloneSetsOptions {
  cluster: Cluster;
  /** They say when something has changed; what is decided from is read anew. */
  stores: { of(resource: Resource): Pick<Store<KubeObject>, 'subscribe'> };
  clock: Clock;
  /** Of requests that were refused for another reason than that an object has changed meanwhile. */
  onTrouble(message: string): void;
}

/** The kinds whose changes concern a CloneSet. */
export const CLONE_SET_KINDS = [resources.cloneSet, resources.controllerRevision, resources.pod] as const;

/** How long it takes to notice a change. */
const NOTICE_MS = 10;
/** After a refused request. */
const AGAIN_MS = 500;
/** A timer cannot wait for what becomes available in 68 years, which is how pods are kept from becoming so. */
const WAIT_MOST_MS = 3_600_000;

/** Stands in for OpenKruise's controller of CloneSets. Answers how to stop. */
export function runCloneSets(options: CloneSetsOptions): () => void {
  const { cluster, clock } = options;
  let cancelTimer: (() => void) | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let working = false;
  let stopped = false;

  function wakeIn(ms: number): void {
    const at = clock.monotonic() + ms;
    if (stopped || at >= dueAt) return;
    dueAt = at;
    cancelTimer?.();
    cancelTimer = working ? undefined : clock.after(ms, turn);
  }

  function turn(): void {
    cancelTimer = undefined;
    dueAt = Number.POSITIVE_INFINITY;
    working = true;
    void work()
      .catch((error: unknown) => options.onTrouble(String(error)))
      .finally(() => {
        working = false;
        const wait = dueAt - clock.monotonic();
        if (Number.isFinite(wait) && !stopped) cancelTimer = clock.after(Math.max(0, wait), turn);
      });
  }

  async function work(): Promise<void> {
    const objects = await listed<CloneSet>(resources.cloneSet);
    if (objects.length === 0) return;
    const revisions = await listed<ControllerRevision>(resources.controllerRevision);
    const pods = await listed<Pod>(resources.pod);
    for (const object of objects.filter(({ metadata }) => !metadata.deletionTimestamp)) {
      const { uid } = object.metadata;
      const now = clock.now();
      const { acts, status, wakeAt } = cloneSetStep({
        object,
        revisions: revisions.filter((revision) => isControlledBy(revision, uid)),
        pods: pods.filter((pod) => isControlledBy(pod, uid)),
        now,
      });
      for (const act of acts) await written(act);
      const isNews = !sameJson(object.status ?? {}, status);
      if (isNews) heard(await cluster.replace(resources.cloneSet, { ...object, status }, 'status'));
      if (acts.length > 0 || isNews) wakeIn(NOTICE_MS);
      if (wakeAt !== undefined) wakeIn(Math.min(wakeAt - now, WAIT_MOST_MS));
    }
  }

  async function listed<T extends KubeObject>(resource: Resource): Promise<T[]> {
    const answer = await cluster.list<T>(resource);
    if (answer.ok) return answer.object.items;
    heard(answer);
    return [];
  }

  async function written({ verb, resource, object }: Act): Promise<void> {
    if (verb === 'create') heard(await cluster.create(resource, object));
    else if (verb === 'replace') heard(await cluster.replace(resource, object));
    else heard(await cluster.delete(resource, object.metadata, { uid: object.metadata.uid ?? '' }));
  }

  function heard(result: ClusterResult<unknown>): void {
    if (result.ok) return;
    wakeIn(AGAIN_MS);
    if (result.fault.kind !== 'Conflict' && result.fault.kind !== 'NotFound') {
      options.onTrouble(result.fault.message);
    }
  }

  const unsubscribe = CLONE_SET_KINDS.map((resource) =>
    options.stores.of(resource).subscribe(() => wakeIn(NOTICE_MS)),
  );
  wakeIn(0);
  return () => {
    stopped = true;
    cancelTimer?.();
    for (const stop of unsubscribe) stop();
  };
}
