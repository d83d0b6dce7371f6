import type { KubeObject } from '../../src/api/kubernetes.ts';
import type { Rollout, RolloutStep } from '../../src/api/rollout.ts';
import { namedStrategy, rollingStyleOf } from '../../src/api/rollout-style.ts';
import { mergePatch } from '../world/patch.ts';

type Plan = readonly RolloutStep[];

/** Plans that people change to in the middle; each has two steps, as no other number is let through then. */
const PLANS: readonly Plan[] = [
  [
    { replicas: '20%', traffic: '5%', pause: {} },
    { replicas: '60%', traffic: '50%', pause: {} },
  ],
  [
    { replicas: 1, traffic: '15%', pause: { duration: 4 } },
    { replicas: '100%', traffic: '60%', pause: { duration: 0 } },
  ],
  [
    { replicas: '40%', pause: {} },
    { replicas: '50%', traffic: '40%', pause: {} },
  ],
  [
    { replicas: 1, matches: [{ headers: [{ name: 'x-user', value: 'alice' }] }], pause: {} },
    { replicas: 2, traffic: '20%', pause: { duration: 2 } },
  ],
];

/** Where pods are exchanged, no step that routes requests may ask for more than half of them. */
const PARTITION_PLANS: readonly Plan[] = [
  [
    { replicas: '20%', traffic: '5%', pause: {} },
    { replicas: '50%', traffic: '50%', pause: {} },
  ],
  [
    { replicas: 1, traffic: '15%', pause: { duration: 4 } },
    { replicas: '100%', pause: { duration: 0 } },
  ],
  ...PLANS.slice(2),
];

/** The plans that this Rollout can have. */
export function plansOf(rollout: Rollout): readonly Plan[] {
  return rollingStyleOf(rollout) === 'partition' ? PARTITION_PLANS : PLANS;
}

/** What gives it to a Rollout, as a merge patch. */
export function planPatch(rollout: Rollout, steps: Plan): object {
  return { spec: { strategy: { [namedStrategy(rollout)?.field ?? 'canary']: { steps } } } };
}

export function withPlan(object: KubeObject, oneOf: (plans: readonly Plan[]) => Plan): KubeObject {
  if (object.kind !== 'Rollout') return object;
  const rollout = object as Rollout;
  return mergePatch(object, planPatch(rollout, oneOf(plansOf(rollout)))) as KubeObject;
}
