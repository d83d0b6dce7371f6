import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { Resource } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Stores } from '../../src/controller/freshest.ts';

/** How long a controller takes to notice a change. */
const NOTICE_MS = 10;

/** Does `work` a moment after something of these kinds has changed, one time after the other. Answers how to stop. */
export function controllerLoop(
  { stores, clock }: { stores: Stores; clock: Clock },
  watched: readonly Resource[],
  work: () => Promise<void>,
): () => void {
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

  const unsubscribe = watched.map((resource) => stores.of<KubeObject>(resource).subscribe(notice));
  return () => {
    stopped = true;
    cancelTimer?.();
    for (const stop of unsubscribe) stop();
  };
}
