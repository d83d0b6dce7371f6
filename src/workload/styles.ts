import type { Rollout } from '../api/rollout.ts';
import { cloneSetBlueGreen } from './clone-set-blue-green.ts';
import { cloneSetPartition } from './clone-set-partition.ts';
import { daemonSet } from './daemon-set.ts';
import { deploymentBlueGreen } from './deployment-blue-green.ts';
import { deploymentCanary } from './deployment-canary.ts';
import { deploymentPartition } from './deployment-partition.ts';
import { statefulSet } from './stateful-set.ts';
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
    case 'apps.kruise.io CloneSet':
      if (strategy.blueGreen) return cloneSetBlueGreen;
      return strategy.canary ? cloneSetPartition : undefined;
    case 'apps StatefulSet':
      return strategy.canary ? statefulSet : undefined;
    case 'apps DaemonSet':
      return strategy.canary ? daemonSet : undefined;
    default:
      return undefined;
  }
}
