import type { CloneSet } from '../../src/api/clone-set.ts';
import { cloneSet, cloneSetRollout } from '../builders/clone-set.ts';
import { runCloneSetsAndPods } from '../world/clone-sets.ts';
import { styleContract } from './style.contract.ts';

/** What authors write of the settings that a release changes. */
const SETTINGS: [string, Partial<CloneSet['spec']>][] = [
  ['no settings of its own', {}],
  [
    'every setting of its own',
    {
      minReadySeconds: 2,
      scaleStrategy: { maxUnavailable: 3 },
      updateStrategy: { type: 'ReCreate', maxUnavailable: 0, maxSurge: '50%', paused: false },
    },
  ],
  ['a part that its author keeps back', { updateStrategy: { partition: '30%', maxUnavailable: 1 } }],
];

for (const [what, settings] of SETTINGS) {
  styleContract(`a blue-green CloneSet with ${what}`, {
    rollout: cloneSetRollout({ blueGreen: true }),
    workload: cloneSet({ replicas: 4, ...settings }),
    run: runCloneSetsAndPods,
    size: 4,
    mayMiss: 0,
  });
}
