import { keyOf, type Pod } from '../../src/api/kubernetes.ts';
import { resources } from '../../src/api/resource.ts';
import { formatTime } from '../../src/api/timestamp.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';

/** The image tag that no registry has. */
export const UNPULLABLE_TAG = 'failed';

/** The image tag of which every second pod starts and never gets ready. */
const HALF_READY_TAG = 'half';

/** How long a pull is tried before the pod says that it backs off. */
const BACK_OFF_MS = 400;

/** `v2` of `example/echo:v2`. */
export function imageTag(spec: { containers?: unknown } | Record<string, unknown>): string {
  const containers = Array.isArray(spec.containers) ? spec.containers : [];
  const image = String((containers[0] as { image?: string } | undefined)?.image ?? '');
  return image.slice(image.lastIndexOf(':') + 1);
}

/** Makes new pods ready after a while; one whose image has the tag `failed` never is. Answers how to stop. */
export function kubelet(options: {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  podReadyMs: number;
}): () => void {
  const { cluster, clock } = options;
  const pods = options.stores.of<Pod>(resources.pod);
  const timers = new Map<string, () => void>();
  let halves = 0;

  function report(key: string, status: NonNullable<Pod['status']>): void {
    timers.delete(key);
    const [namespace, name = ''] = key.split('/');
    const pod = pods.get({ name, namespace });
    if (pod) void cluster.replace(resources.pod, { ...pod, status }, 'status');
  }

  const unsubscribe = pods.subscribe(({ before, after }) => {
    if (before && !after) {
      timers.get(keyOf(before))?.();
      timers.delete(keyOf(before));
    }
    if (before || !after || after.status) return;
    const key = keyOf(after);
    const name = after.spec.containers[0]?.name ?? '';
    const image = after.spec.containers[0]?.image ?? '';
    const tag = imageTag(after.spec as unknown as Record<string, unknown>);
    if (tag === HALF_READY_TAG && halves++ % 2 === 0) return;
    const broken = tag === UNPULLABLE_TAG;
    const status = broken ? backingOff(name, image) : running(name, clock.now() + options.podReadyMs);
    timers.set(
      key,
      clock.after(broken ? BACK_OFF_MS : options.podReadyMs, () => report(key, status)),
    );
  });
  return () => {
    unsubscribe();
    for (const cancel of timers.values()) cancel();
  };
}

function running(name: string, at: number): NonNullable<Pod['status']> {
  return {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(at) }],
    containerStatuses: [{ name, ready: true, restartCount: 0 }],
  };
}

function backingOff(name: string, image: string): NonNullable<Pod['status']> {
  const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` };
  return {
    phase: 'Pending',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ name, ready: false, restartCount: 0, state: { waiting } }],
  };
}
