import type { BlueGreenStrategy, CanaryStrategy, Rollout } from './rollout.ts';
import { isDeployment } from './rollout-workload.ts';

/**
 * How a new version comes to the pods.
 * - canary: pods of an extra Deployment beside the workload's own.
 * - partition: the workload's own pods, a part of them at each step.
 * - blueGreen: as many pods more as the step asks for; the former ones stay until the end.
 */
export type RollingStyle = 'canary' | 'partition' | 'blueGreen';

/** A strategy with the field of `spec.strategy` that it stands in. */
export type NamedStrategy =
  | { field: 'canary'; strategy: CanaryStrategy }
  | { field: 'blueGreen'; strategy: BlueGreenStrategy };

/** The one strategy of a Rollout; undefined where it has none or two. */
export function namedStrategy({ spec }: Rollout): NamedStrategy | undefined {
  const { canary, blueGreen } = spec.strategy;
  if (canary && blueGreen) return undefined;
  if (canary) return { field: 'canary', strategy: canary };
  return blueGreen ? { field: 'blueGreen', strategy: blueGreen } : undefined;
}

/** Only a Deployment can have an extra one beside it: for other kinds the field that asks for it says nothing. */
export function rollingStyleOf({ spec }: Rollout): RollingStyle {
  const { canary, blueGreen } = spec.strategy;
  if (blueGreen) return 'blueGreen';
  return canary?.enableExtraWorkloadForCanary && isDeployment(spec.workloadRef) ? 'canary' : 'partition';
}
