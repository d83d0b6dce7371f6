import { runCloneSets as runController } from '../../playground/clone-set/controller.ts';
import type { Clock } from '../../src/clock.ts';
import type { Cluster } from '../../src/cluster/port.ts';
import type { Stores } from '../../src/controller/freshest.ts';
import { kubelet } from './kubelet.ts';

/** The stand-in for OpenKruise's controller that the playground runs, in a small world. Answers how to stop. */
export function runCloneSets(options: { cluster: Cluster; stores: Stores; clock: Clock }): () => void {
  return runController({
    ...options,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
}

/** …with the pods that it makes. */
export function runCloneSetsAndPods(options: {
  cluster: Cluster;
  stores: Stores;
  clock: Clock;
  podReadyMs: number;
}): () => void {
  const stops = [kubelet(options), runCloneSets(options)];
  return () => {
    for (const stop of stops) stop();
  };
}
