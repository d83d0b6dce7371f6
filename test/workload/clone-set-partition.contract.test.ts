import type { CloneSet } from '../../src/api/clone-set.ts';
import { cloneSet } from '../builders/clone-set.ts';
import { rollout } from '../builders/rollout.ts';
import { runCloneSets } from '../world/clone-sets.ts';
import { kubelet } from '../world/kubelet.ts';
import { styleContract } from './style.contract.ts';
import type { RunControllers } from './style-world.ts';

const run: RunControllers = (options) => {
  const stops = [kubelet(options), runCloneSets(options)];
  return () => {
    for (const stop of stops) stop();
  };
};

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
  const { workloadRef, ...spec } = rollout().spec;
  styleContract(`a CloneSet ${name}`, {
    rollout: {
      ...rollout(),
      spec: {
        ...spec,
        workloadRef: { ...workloadRef, apiVersion: 'apps.kruise.io/v1alpha1', kind: 'CloneSet' },
      },
    },
    workload: cloneSet({ replicas: 4, ...(updateStrategy && { updateStrategy }) }),
    run,
    size: 4,
    mayMiss,
  });
}
