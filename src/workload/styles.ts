import type { Rollout } from '../api/rollout.ts';
import { deploymentBlueGreen } from './deployment-blue-green.ts';
import { deploymentCanary } from './deployment-canary.ts';
import { deploymentPartition } from './deployment-partition.ts';
import type { Style } from './style.ts';

/** How the workload of a Rollout is upgraded; undefined for a kind or a style that Assay cannot drive. */
export function styleOf({ spec }: Rollout): Style | undefined {
  const { workloadRef, strategy } = spec;
  const [group] = workloadRef.apiVersion.split('/');
  switch (`${group} ${workloadRef.kind}`) {
    case 'apps Deployment':
      if (strategy.blueGreen) return deploymentBlueGreen;
      if (!strategy.canary) return undefined;
      return strategy.canary.enableExtraWorkloadForCanary ? deploymentCanary : deploymentPartition;
    default:
      return undefined;
  }
}
