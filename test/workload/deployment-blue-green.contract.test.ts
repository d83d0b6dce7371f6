import type { Deployment } from '../../src/api/kubernetes.ts';
import { deployment } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { runDeployments } from '../world/deployments.ts';
import { styleContract } from './style.contract.ts';

const { status: _status, ...plain } = deployment({ replicas: 4 });

/** What authors write of the settings that a release changes. */
const SETTINGS: [string, Partial<Deployment['spec']>][] = [
  ['no settings of its own', {}],
  [
    'every setting of its own',
    {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } },
      minReadySeconds: 2,
      progressDeadlineSeconds: 300,
    },
  ],
  ['a strategy without numbers', { strategy: { type: 'RollingUpdate' } }],
];

for (const [what, settings] of SETTINGS) {
  styleContract(`a blue-green Deployment with ${what}`, {
    rollout: rollout({ blueGreen: true }),
    workload: { ...plain, spec: { ...plain.spec, ...settings } },
    run: runDeployments,
    size: 4,
    mayMiss: 0,
  });
}
