import { ROLLOUT_HASH_ANNOTATION } from '../api/annotations.ts';
import type { Rollout } from '../api/rollout.ts';
import { stepsOf } from '../rollout/plan.ts';
import type { WorkloadFacts } from '../workload/style.ts';
import { type ForeignRelease, MOVER, nameStep } from './foreign-release.ts';
import { whyUnguarded } from './guardable.ts';
import { runsPresentTemplate } from './versions.ts';

/** Whether Kruise Rollouts waits at a step for somebody to say that it may go on. */
export type Standing =
  /** It does something else, or has not yet seen the newest of what people wrote. */
  | { kind: 'busy'; why: string }
  /** It rests, and goes on by itself. */
  | { kind: 'unguarded'; why: string }
  /** It waits; `since` is when the step had its traffic. */
  | { kind: 'waiting'; since: string };

/** All that must be so at once for a verdict about the present step to count, from one observation. */
export function standingOf(rollout: Rollout, workload: WorkloadFacts, foreign: ForeignRelease): Standing {
  const { metadata, spec, status } = rollout;
  const busy = (why: string): Standing => ({ kind: 'busy', why });
  if (spec.disabled) return busy('the Rollout is disabled');
  if (spec.strategy.paused) return busy('spec.strategy.paused is true: the release rests');
  if (foreign.progress !== 'InRolling') return busy(`${MOVER} is ${foreign.progress ?? 'not progressing'}`);
  if (status?.observedGeneration !== metadata.generation) {
    return busy(`${MOVER} has not seen the newest spec of the Rollout yet`);
  }
  if (foreign.planHash === '' || foreign.planHash !== metadata.annotations?.[ROLLOUT_HASH_ANNOTATION]) {
    return busy(`${MOVER} has not taken up the changed plan yet`);
  }
  const step = nameStep(rollout, foreign.index);
  if (foreign.index < 1 || foreign.index > stepsOf(rollout).length) return busy(`there is no ${step}`);
  if (foreign.state !== 'StepPaused') return busy(`${step} is at ${foreign.state}`);
  if (foreign.since === undefined) return busy(`${MOVER} does not say since when ${step} is paused`);
  if (!runsPresentTemplate(rollout, workload, foreign)) {
    return busy(`${MOVER} has not taken up the newest template of ${workload.object.metadata.name} yet`);
  }
  const unguarded = whyUnguarded(rollout, foreign.index);
  return unguarded === undefined
    ? { kind: 'waiting', since: foreign.since }
    : { kind: 'unguarded', why: unguarded };
}
