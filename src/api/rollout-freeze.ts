import { sameJson } from './canonical.ts';
import type { SchemaFault } from './kind.ts';
import type { Rollout } from './rollout.ts';
import { namedStrategy } from './rollout-style.ts';

interface Frozen {
  what: string;
  path(rollout: Rollout): string;
  of(rollout: Rollout): unknown;
}

const FROZEN: readonly Frozen[] = [
  { what: 'the workload', path: () => 'spec.workloadRef', of: ({ spec }) => spec.workloadRef },
  {
    what: 'the rolling style',
    path: () => 'spec.strategy',
    of: ({ spec: { strategy } }) => [
      Boolean(strategy.blueGreen),
      Boolean(strategy.canary),
      strategy.canary?.enableExtraWorkloadForCanary ?? false,
    ],
  },
  {
    what: 'the traffic routing',
    path: (rollout) => `${strategyPath(rollout)}.trafficRoutings`,
    of: (rollout) => namedStrategy(rollout)?.strategy.trafficRoutings ?? [],
  },
];

/** Frozen for who writes v1beta1 alone: in v1alpha1 Kruise Rollouts never looked at it. */
const FROZEN_IN_V1BETA1: Frozen = {
  what: 'the number of steps',
  path: (rollout) => `${strategyPath(rollout)}.steps`,
  of: (rollout) => namedStrategy(rollout)?.strategy.steps?.length ?? 0,
};

/**
 * Checks that an edit leaves alone what a release under way was started with. What a step says, pauses, the
 * tolerance of failures, `paused` and `disabled` may change at any time.
 *
 * @param before as it is stored, with its status
 * @param writtenIn the version in which the author of the edit wrote it
 */
export function checkRolloutUpdate(before: Rollout, after: Rollout, writtenIn: string): SchemaFault[] {
  const phase = before.status?.phase;
  if (phase !== 'Progressing' && phase !== 'Terminating') return [];
  const frozen = writtenIn === 'v1alpha1' ? FROZEN : [...FROZEN, FROZEN_IN_V1BETA1];
  return frozen
    .filter(({ of }) => !sameJson(of(before), of(after)))
    .map(({ path, what }) => ({
      path: path(after),
      message: `${what} cannot be changed while the Rollout is ${phase}: let the release end first, or restore the stable pod template of the workload to roll back`,
    }));
}

function strategyPath(rollout: Rollout): string {
  return `spec.strategy.${namedStrategy(rollout)?.field ?? 'canary'}`;
}
