import { rollout } from '../builders/rollout.ts';
import { statefulSet } from '../builders/stateful-set.ts';
import { kubelet } from '../world/kubelet.ts';
import { runStatefulSets } from '../world/stateful-sets.ts';
import { styleContract } from './style.contract.ts';
import type { RunControllers } from './style-world.ts';

const run: RunControllers = (options) => {
  const stops = [kubelet(options), runStatefulSets(options)];
  return () => {
    for (const stop of stops) stop();
  };
};

const contract = { rollout: rollout({ kind: 'StatefulSet' }), run, size: 4, mayMiss: 1 };

styleContract('a StatefulSet', { ...contract, workload: statefulSet() });

styleContract('a StatefulSet whose author keeps two pods behind', {
  ...contract,
  workload: statefulSet({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2, maxUnavailable: 1 } },
  }),
});
