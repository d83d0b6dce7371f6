import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import type { RecordStatus } from '../api/rollout-record.ts';
import { decideBeside } from '../gate/decide.ts';
import { decide } from '../rollout/decide.ts';
import type { Choice } from '../rollout/decision.ts';
import type { Freshest } from './freshest.ts';
import { observeBeside } from './observe-beside.ts';
import { observeRollout } from './observe-rollout.ts';

/** Who moves the pods: Assay itself, or an installed Kruise Rollouts, whose steps Assay then only judges. */
export const ENGINES = ['builtin', 'kruise'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Observes one Rollout and decides about it; a status is answered by the engine that writes it. */
export type Engine = (
  cache: Freshest,
  rollout: Rollout,
  record: RecordStatus,
  now: number,
) => Choice & { status?: RolloutStatus };

export const engines: Record<EngineName, Engine> = {
  builtin: (cache, rollout, record, now) => decide(observeRollout(cache, rollout, record), now),
  kruise: (cache, rollout, record, now) => decideBeside(observeBeside(cache, rollout, record), now),
};
