import { revisionOf } from '../../src/workload/pod-template.ts';
import type { Order } from '../../src/workload/style.ts';
import { template } from './deployment.ts';
import { rollout } from './rollout.ts';
import { CANARY_NAME, stableOf } from './snapshot.ts';

/** What release 1, from v1 to v2, wants of its workload when its steps have granted so many pods. */
export function order(goal: number, part: Partial<Order> = {}): Order {
  return {
    rollout: rollout(),
    releaseId: 1,
    revision: revisionOf(template('v2')),
    stable: stableOf(),
    canaryName: CANARY_NAME,
    goal,
    granted: goal,
    ...part,
  };
}
