import { sameJson } from '../api/canonical.ts';
import { keyOf } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Rollout, RolloutStatus } from '../api/rollout.ts';
import { type Applied, writeStatus } from './apply.ts';
import type { Freshest } from './freshest.ts';

/** Words, counts and the single jobs of an ending change with every pod: they are written so long after the last write. */
const WORDS_EVERY_MS = 5_000;
/** Of all Rollouts together: the words of a hundred releases must not keep the API server from their steps. */
const WORDS_APART_MS = 250;

/** Writes the statuses of Rollouts: at once what tools go by, once in a while what says the same in other words. */
export interface RolloutStatuses {
  /** `moved`: the next pass follows at once, and says what is waited for then. */
  write(rollout: Rollout, status: RolloutStatus, moved: boolean, now: number): Promise<StatusWritten>;
  /** The Rollout is gone. */
  forget(key: string): void;
}

/** When to look again for the sake of words that are still to be written. */
export type StatusWritten = Exclude<Applied, { ok: true }> | { ok: true; wordsAt?: number };

export function rolloutStatuses(cache: Freshest): RolloutStatuses {
  const writtenAt = new Map<string, number>();
  /** When the words of a Rollout that wait are to be written. */
  const turns = new Map<string, number>();

  function turnOf(key: string, now: number): number {
    const known = turns.get(key);
    if (known !== undefined) return known;
    const due = (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + WORDS_EVERY_MS;
    let turn = Math.max(now, due);
    for (const taken of [...turns.values()].sort((a, b) => a - b))
      if (Math.abs(taken - turn) < WORDS_APART_MS) turn = taken + WORDS_APART_MS;
    turns.set(key, turn);
    return turn;
  }

  return {
    write: async (rollout, status, moved, now) => {
      // The Rollout itself may have been one of the acts: its newest version carries the status.
      const fresh = cache.get<Rollout>(resources.rollout, rollout.metadata) ?? rollout;
      if (fresh.metadata.resourceVersion !== rollout.metadata.resourceVersion) return { ok: true };
      if (sameJson(rollout.status, status)) return { ok: true };
      const key = keyOf(rollout);
      if (saysTheSame(rollout.status, status)) {
        if (moved) return { ok: true };
        const wordsAt = turnOf(key, now);
        if (now < wordsAt) return { ok: true, wordsAt };
      }
      turns.delete(key);
      writtenAt.set(key, now);
      const written = await writeStatus(cache, resources.rollout, rollout, status);
      return written.ok ? { ok: true } : written;
    },
    forget: (key) => {
      turns.delete(key);
      writtenAt.delete(key);
    },
  };
}

/** Whether two statuses differ in words for people and in counts alone. */
function saysTheSame(before: RolloutStatus | undefined, after: RolloutStatus): boolean {
  return before !== undefined && sameJson(withoutWords(before), withoutWords(after));
}

function withoutWords({ message: _message, canaryStatus, blueGreenStatus, ...status }: RolloutStatus) {
  const passing = {
    message: undefined,
    finalisingStep: undefined,
    lastUpdateTime: undefined,
    observedWorkloadGeneration: undefined,
  };
  return {
    ...status,
    canaryStatus: canaryStatus && {
      ...canaryStatus,
      ...passing,
      canaryReplicas: undefined,
      canaryReadyReplicas: undefined,
    },
    blueGreenStatus: blueGreenStatus && {
      ...blueGreenStatus,
      ...passing,
      updatedReplicas: undefined,
      updatedReadyReplicas: undefined,
    },
  };
}
