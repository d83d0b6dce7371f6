import type { Condition, Pod } from '../../src/api/kubernetes.ts';

/** A Pod, with the few more of its fields that its kubelet reads. */
export interface RunnablePod extends Pod {
  spec: Omit<Pod['spec'], 'containers'> & {
    containers: {
      name: string;
      image?: string;
      ports?: { containerPort: number; name?: string; protocol?: string }[];
    }[];
    affinity?: {
      nodeAffinity?: {
        requiredDuringSchedulingIgnoredDuringExecution?: {
          nodeSelectorTerms: { matchFields?: { key: string; values?: string[] }[] }[];
        };
      };
    };
    readinessGates?: { conditionType: string }[];
    terminationGracePeriodSeconds?: number;
  };
}

/** How far a pod has come. */
export type Stage =
  | { kind: 'starting' | 'ready' | 'draining'; ip: string }
  | { kind: 'image-missing'; reason: 'ErrImagePull' | 'ImagePullBackOff' }
  | { kind: 'crashed'; ip: string; restartCount: number; backOffSeconds: number };

/** The status that a kubelet reports at `now`, epoch ms. Conditions of others, and instants of change, are kept. */
export function statusOf(pod: RunnablePod, stage: Stage, hostIp: string, now: number): unknown {
  const at = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const ready = stage.kind === 'ready';
  const notReady = {
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${pod.spec.containers.map(({ name }) => name).join(' ')}]`,
  };
  const conditions: Condition[] = [
    { type: 'PodScheduled', status: 'True' },
    { type: 'Initialized', status: 'True' },
    { type: 'ContainersReady', ...readiness(ready, notReady) },
    { type: 'Ready', ...readiness(ready && gatesAreOpen(pod), notReady) },
  ];
  const ip = 'ip' in stage ? { podIP: stage.ip, podIPs: [{ ip: stage.ip }] } : {};
  return {
    phase: stage.kind === 'image-missing' ? 'Pending' : 'Running',
    hostIP: hostIp,
    ...ip,
    startTime: (pod.status as { startTime?: string } | undefined)?.startTime ?? at,
    conditions: merged(pod.status?.conditions ?? [], conditions, at),
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: '',
      ready,
      started: 'ip' in stage && stage.kind !== 'crashed',
      restartCount: stage.kind === 'crashed' ? stage.restartCount : 0,
      ...containerState(stage, pod.metadata.name, name, image, at),
    })),
  };
}

function readiness(
  isReady: boolean,
  notReady: { reason: string; message: string },
): Pick<Condition, 'status'> {
  return isReady ? { status: 'True' } : { status: 'False', ...notReady };
}

/** Conditions that others set and that a pod names as a condition of its readiness. */
function gatesAreOpen({ spec, status }: RunnablePod): boolean {
  return (spec.readinessGates ?? []).every(({ conditionType }) =>
    status?.conditions?.some(({ type, status: value }) => type === conditionType && value === 'True'),
  );
}

function merged(before: readonly Condition[], ours: readonly Condition[], at: string): Condition[] {
  const others = before.filter(({ type }) => !ours.some((condition) => condition.type === type));
  const dated = ours.map((condition) => {
    const known = before.find(({ type }) => type === condition.type);
    const since = known?.status === condition.status ? known.lastTransitionTime : undefined;
    return { ...condition, lastTransitionTime: since ?? at };
  });
  return [...others, ...dated];
}

function containerState(stage: Stage, pod: string, container: string, image: string, at: string): object {
  switch (stage.kind) {
    case 'starting':
    case 'ready':
    case 'draining':
      return { state: { running: { startedAt: at } } };
    case 'image-missing':
      return { state: { waiting: { reason: stage.reason, message: pullMessage(stage.reason, image) } } };
    case 'crashed':
      return {
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: `back-off ${stage.backOffSeconds}s restarting failed container=${container} pod=${pod}`,
          },
        },
        lastState: { terminated: { exitCode: 1, reason: 'Error', startedAt: at, finishedAt: at } },
      };
  }
}

function pullMessage(reason: 'ErrImagePull' | 'ImagePullBackOff', image: string): string {
  return reason === 'ErrImagePull'
    ? `failed to pull and unpack image "${image}": ${image}: not found`
    : `Back-off pulling image "${image}"`;
}
