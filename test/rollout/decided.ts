import { describe, expect, test } from 'vitest';
import type { RecordStatus } from '../../src/api/rollout-record.ts';
import { decide } from '../../src/rollout/decide.ts';
import type { Decision } from '../../src/rollout/decision.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { CANARY_NAME, NOW } from '../builders/snapshot.ts';

/** A decision in the few words that a table compares. */
export interface Decided {
  /** Decision and reason. */
  is: string;
  /** Where the release is then: its stage, its step and the state of that; its outcome where it has ended. */
  to: string;
  acts: string[];
  /** Seconds until it looks again; left out where it waits for a change. */
  wakeIn?: number;
}

/** A row: what is known, and what is decided. */
export interface Row extends Partial<Decided> {
  title: string;
  given: Snapshot;
  is: string;
  /** A part of the message. */
  says?: string | RegExp;
}

export function decided(snapshot: Snapshot): Decided & { message: string; full: Decision } {
  const full = decide(snapshot, NOW);
  return {
    is: `${full.decision} ${full.reason}`,
    to: placeOf(full.record),
    acts: full.acts.map(({ verb, object, why }) =>
      `${verb} ${object.kind} ${object.metadata.name}: ${why}`.replaceAll(CANARY_NAME, '<canary>'),
    ),
    ...(full.wakeAt === undefined ? {} : { wakeIn: (full.wakeAt - NOW) / 1_000 }),
    message: full.message.replaceAll(CANARY_NAME, '<canary>'),
    full,
  };
}

function placeOf({ releaseId, release }: RecordStatus): string {
  if (!release) return 'no release';
  const { stage, step, outcome } = release;
  if (stage === 'Completed') return `release ${releaseId} Completed ${outcome}`;
  const at = (stage === 'InRolling' || stage === 'GoingBack') && step ? ` ${step.index} ${step.state}` : '';
  return `release ${releaseId} ${stage}${at}`;
}

/** Tests each row: decision, reason and acts (none where it names none), and of the rest what it speaks of. */
export function table(name: string, rows: readonly Row[]): void {
  describe(name, () => {
    for (const { title, given, says, ...told } of rows) {
      test(title, () => {
        const { message, full: _full, ...found } = decided(given);
        const wanted = { acts: [], ...told };
        expect(Object.fromEntries(Object.entries(found).filter(([field]) => field in wanted))).toEqual(
          wanted,
        );
        if (says) expect(message).toMatch(says);
      });
    }
  });
}
