import { daemonSet } from '../builders/daemon-set.ts';
import { rollout } from '../builders/rollout.ts';
import { runDaemonSets } from '../world/daemon-sets.ts';
import { kubelet } from '../world/kubelet.ts';
import { styleContract } from './style.contract.ts';
import type { RunControllers } from './style-world.ts';

const run: RunControllers = (options) => {
  const stops = [kubelet(options), runDaemonSets({ ...options, nodes: 4 })];
  return () => {
    for (const stop of stops) stop();
  };
};

const contract = { rollout: rollout({ kind: 'DaemonSet' }), run, size: 4 };

styleContract('a DaemonSet', { ...contract, mayMiss: 1, workload: daemonSet() });

styleContract('a DaemonSet of which half may be missing', {
  ...contract,
  mayMiss: 2,
  workload: daemonSet({
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '50%' } },
  }),
});

styleContract('a DaemonSet whose author deletes pods by hand', {
  ...contract,
  mayMiss: 1,
  workload: daemonSet({ updateStrategy: { type: 'OnDelete' } }),
});
