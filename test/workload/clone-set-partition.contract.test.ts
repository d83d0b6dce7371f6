import type { CloneSet } from '../../src/api/clone-set.ts';
import { cloneSet, cloneSetRollout } from '../builders/clone-set.ts';
import { runCloneSetsAndPods } from '../world/clone-sets.ts';
import { styleContract } from './style.contract.ts';

const strategies: { name: string; updateStrategy?: CloneSet['spec']['updateStrategy']; mayMiss: number }[] = [
  { name: 'with the strategy that OpenKruise gives it', mayMiss: 1 },
  {
    name: 'that makes a pod before it deletes one',
    updateStrategy: { maxSurge: 1, maxUnavailable: 0 },
    mayMiss: 0,
  },
  {
    name: 'of which its author keeps back a part',
    updateStrategy: { type: 'ReCreate', partition: '30%', maxUnavailable: 2, paused: false },
    mayMiss: 2,
  },
  { name: 'that its author has paused', updateStrategy: { partition: 1, paused: true }, mayMiss: 1 },
];

for (const { name, updateStrategy, mayMiss } of strategies) {
  styleContract(`a CloneSet ${name}`, {
    rollout: cloneSetRollout(),
    workload: cloneSet({ replicas: 4, ...(updateStrategy && { updateStrategy }) }),
    run: runCloneSetsAndPods,
    size: 4,
    mayMiss,
  });
}
