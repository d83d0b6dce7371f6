import type { Pod } from '../api/kubernetes.ts';

/** Whether requests are sent to a pod: it is ready, and not on its way out. */
export function isPodReady({ metadata, status }: Pod): boolean {
  return (
    !metadata.deletionTimestamp &&
    (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True')
  );
}
