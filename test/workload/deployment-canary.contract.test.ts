import { deployment } from '../builders/deployment.ts';
import { rollout } from '../builders/rollout.ts';
import { runDeployments } from '../world/deployments.ts';
import { styleContract } from './style.contract.ts';

const { status: _status, ...authored } = deployment({ replicas: 4 });

styleContract('a Deployment with an extra Deployment', {
  rollout: rollout(),
  workload: authored,
  run: runDeployments,
  size: 4,
  mayMiss: 0,
});
