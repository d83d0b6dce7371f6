import type { Rollout } from '../api/rollout.ts';
import { cloneSetPartition } from './clone-set-partition.ts';
import { deploymentCanary } from './deployment-canary.ts';
import type { Style } from './style.ts';

/** How the workload of a Rollout is upgraded; undefined for a kind or a style that Assay cannot drive. */
export function styleOf({ spec }: Rollout): Style | undefined {
  const { workloadRef, strategy } = spec;
  const [group] = workloadRef.apiVersion.split('/');
  switch (`${group} ${workloadRef.kind}`) {
    case 'apps Deployment':
      return strategy.canary?.enableExtraWorkloadForCanary ? deploymentCanary : undefined;
    case 'apps.kruise.io CloneSet':
      return strategy.blueGreen ? undefined : cloneSetPartition;
    default:
      return undefined;
  }
}
