import type { Share } from '../traffic/provider.ts';
import { batchOf } from '../workload/batch-size.ts';
import type { StepContext } from './context.ts';
import { styleIn } from './order.ts';
import { replicasOf, shareOf } from './plan.ts';

/**
 * The share that a step routes to the canary. A step that leaves no stable pod routes nothing, whatever the plan says:
 * the stable Service would have no pods behind it, and serves every pod again before the last of them goes.
 */
export function routedShare({ snapshot, workload, step }: Omit<StepContext, 'watch'>): Share | undefined {
  const style = styleIn(snapshot);
  const size = style.size(workload);
  const takesAll =
    !style.hasExtraPods && batchOf(style, replicasOf(snapshot.rollout, step.index), size) >= size;
  return takesAll ? undefined : shareOf(snapshot.rollout, step.index);
}
