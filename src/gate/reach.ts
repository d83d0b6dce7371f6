import type { Rollout } from '../api/rollout.ts';
import type { GuardAnalysis, RolloutGuard } from '../api/rollout-guard.ts';
import type { Wanted } from '../rollout/kstatus.ts';
import { MOVER } from './foreign-release.ts';
import { unguardedSteps } from './guardable.ts';

/** What a guard does not reach beside Kruise Rollouts: steps that wait for nobody, one sentence each. */
export function outOfReach(analyses: readonly GuardAnalysis[], rollout: Rollout): string[] {
  const judging = analyses.filter(({ mode = 'Step' }) => mode === 'Step');
  if (judging.length === 0) return [];
  // One without steps judges every step.
  const named = judging.every(({ steps }) => steps) ? judging.flatMap(({ steps = [] }) => steps) : undefined;
  return unguardedSteps(rollout, named).map((why) => `Rollout ${rollout.metadata.name}: ${why}`);
}

/** What a guard asks for that is not done beside Kruise Rollouts, one sentence each. */
export function weaker({ spec }: RolloutGuard): string[] {
  const actions = { onFailure: spec.onFailure, onTimeout: spec.onTimeout };
  return Object.entries(actions)
    .filter(([, action]) => action === 'Abort')
    .map(([field]) => `spec.${field}: Abort acts as Pause beside ${MOVER}, which takes no canary away alone`);
}

/** The condition Guarded of a guard: whether every step that it is to judge waits for its verdict. */
export function reachOf({ spec }: RolloutGuard, rollouts: readonly Rollout[]): Wanted {
  const missed = rollouts.flatMap((rollout) => outOfReach(spec.analyses, rollout));
  if (missed.length > 0) {
    return { type: 'Guarded', status: 'False', reason: 'NotGuarded', message: missed.join('; ') };
  }
  return rollouts.length === 0
    ? { type: 'Guarded', status: 'Unknown', reason: 'NotGuarded', message: 'no Rollout is selected' }
    : {
        type: 'Guarded',
        status: 'True',
        reason: 'Guarded',
        message: `every step that is to be judged waits for the verdict under ${MOVER}`,
      };
}
