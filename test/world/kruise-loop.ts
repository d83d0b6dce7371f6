import { resources } from '../../src/api/resource.ts';
import type { Clock } from '../../src/clock.ts';
import type { Log } from '../../src/cluster/log.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { type KruiseOptions, kruiseManager } from './kruise-manager.ts';

/**
 * Runs the stand-in of Kruise Rollouts on a clock, each Rollout once a beat: upstream is woken by changes, which makes
 * no difference to others. Answers how to stop.
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

  async function beat(): Promise<void> {
    for (const { metadata } of stores.of(resources.rollout).list()) await manager.turn(metadata);
    if (!stopped) cancel = clock.after(options.beatMs, start);
  }

  function start(): void {
    beat().catch((error: unknown) => log.error({ err: error }, 'Kruise Rollouts failed'));
  }

  start();
  return () => {
    stopped = true;
    cancel();
  };
}
