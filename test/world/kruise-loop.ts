import { resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { type KruiseOptions, kruiseManager } from './kruise-manager.ts';

/** Of beats in which nothing has changed only some are used: what waits for its time is looked at then. */
const RESTING_BEATS = 5;

/**
 * Runs the stand-in of Kruise Rollouts on a clock: each Rollout once a beat while anything changes, as upstream is woken
 * by changes. Answers how to stop.
 */
export function runKruise(options: {
  stores: Stores;
  clock: Clock;
  log: Log;
  manager: KruiseOptions;
  beatMs: number;
}): () => void {
  const { stores, clock, log } = options;
  const manager = kruiseManager(options.manager);
  let cancel: () => void = () => undefined;
  let stopped = false;
  let quietBeats = 0;
  const unsubscribe = [resources.rollout, resources.deployment, resources.replicaSet].map((resource) =>
    stores.of(resource).subscribe(() => {
      quietBeats = 0;
    }),
  );

  async function beat(): Promise<void> {
    const isDue = quietBeats % RESTING_BEATS === 0 || options.manager.alwaysWrites;
    quietBeats += 1;
    const rollouts = isDue ? stores.of(resources.rollout).list() : [];
    for (const { metadata } of rollouts) await manager.turn(metadata);
    if (!stopped) cancel = clock.after(options.beatMs, start);
  }

  function start(): void {
    beat().catch((error: unknown) => log.error({ err: error }, 'Kruise Rollouts failed'));
  }

  start();
  return () => {
    stopped = true;
    for (const stop of unsubscribe) stop();
    cancel();
  };
}
