import type { RecordStatus } from '../api/rollout-record.ts';
import { presentGuard } from '../rollout/guard.ts';
import type { Wanted } from '../rollout/kstatus.ts';
import { datedCondition } from '../rollout/project-status.ts';
import type { Snapshot } from '../rollout/snapshot.ts';
import { foreignRelease } from './foreign-release.ts';
import { unguardedSteps, whyUnguarded } from './guardable.ts';

/** The record with the condition Guarded: about the present step, and between releases about the whole plan. */
export function withGuarded(snapshot: Snapshot, record: RecordStatus, now: number): RecordStatus {
  const wanted = guarded(snapshot);
  const { conditions: before = [], ...rest } = record;
  return wanted ? { ...rest, conditions: [datedCondition(before, wanted, now)] } : rest;
}

function guarded(snapshot: Snapshot): Wanted | undefined {
  const { rollout } = snapshot;
  const guard = presentGuard(snapshot);
  if (guard.kind === 'none') return undefined;
  if (guard.kind === 'faulty') return not('GuardNotReady', guard.message);
  const foreign = foreignRelease(rollout);
  // Before it is in its first step its status speaks of the last one of the release before.
  const isInStep = foreign?.progress === 'InRolling' || foreign?.progress === 'Paused';
  const why = isInStep
    ? whyUnguarded(rollout, foreign.index)
    : unguardedSteps(rollout).join('; ') || undefined;
  if (why !== undefined) return not('NotGuarded', why);
  const names = [...new Set(guard.guard.analyses.map((analysis) => analysis.guard.name))].join(', ');
  return { type: 'Guarded', status: 'True', reason: 'Guarded', message: `guarded by RolloutGuard ${names}` };
}

function not(reason: string, message: string): Wanted {
  return { type: 'Guarded', status: 'False', reason, message };
}
