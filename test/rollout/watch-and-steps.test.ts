import { describe, expect, test } from 'vitest';
import type { AnalysisPhase } from '../../src/api/analysis-run.ts';
import type { HoldReason } from '../../src/api/rollout-record.ts';
import type { Snapshot } from '../../src/rollout/snapshot.ts';
import { analysis, guardFacts } from '../builders/guard.ts';
import { ownRun, watchingRun } from '../builders/run.ts';
import { ago, held, type ReleasePart, releasing } from '../builders/snapshot.ts';
import { service } from '../builders/traffic.ts';
import { decided } from './decided.ts';

/** What a Background analysis says never makes anybody forget what was found, said or asked for before. */
const BACKGROUND = analysis({ name: 'health', mode: 'Background' });
const ROLLS_BACK = [guardFacts({ analyses: [analysis(), BACKGROUND] })];
const PAUSES = [guardFacts({ analyses: [analysis(), BACKGROUND], onFailure: 'Pause' })];
const FAILED = { phase: 'Failed' as const, reason: 'AnalysisFailed', message: 'it failed', at: ago(60) };

function holdOf(reason: HoldReason, mode?: 'Background') {
  return { reason, since: ago(60), message: 'it is held', ...(mode ? { mode } : {}) };
}

/** A step with its traffic, its Step run in `phase`, and its Background run in `watching`. */
function watched(
  part: ReleasePart,
  watching: { phase?: AnalysisPhase; measuredAgo?: number },
  phase: AnalysisPhase,
): Snapshot {
  const base = releasing({
    guards: ROLLS_BACK,
    ...part,
    release: { trafficSince: ago(400), ...part.release },
  });
  const { phase: watchingPhase = 'Running', measuredAgo = 5 } = watching;
  return { ...base, runs: [watchingRun(base, watchingPhase, { measuredAgo }), ownRun(base, phase)] };
}

function approved(snapshot: Snapshot): Snapshot {
  const { releaseId, release } = snapshot.record;
  const approval = { releaseId, stepEntry: release?.step?.entry ?? 0, step: 1, user: 'ann', at: ago(1) };
  const { rollout } = snapshot;
  const status = { ...rollout.status, approvals: [approval] } as NonNullable<typeof rollout.status>;
  return { ...snapshot, rollout: { ...rollout, status } };
}

describe('a Background analysis that failed, and whose run was made anew', () => {
  test('does not let the step go on', () => {
    const step = { hold: holdOf('AnalysisFailed', 'Background'), verdict: FAILED };
    const snapshot = watched({ guards: PAUSES, state: 'StepPaused', step }, {}, 'Successful');
    expect(decided(snapshot).is).toBe('Wait WaitingForApproval');
  });

  test.each([
    ['its guard still there', PAUSES],
    ['its guard gone', []],
  ])('does not let the last rolling update go on, %s', (_title, guards) => {
    const base = releasing({
      stage: 'Finalising',
      guards,
      pinnedGuards: PAUSES,
      step: {
        index: 2,
        state: 'Completed',
        hold: holdOf('AnalysisFailed', 'Background'),
        verdict: FAILED,
      },
      traffic: { service: service() },
      release: { trafficSince: ago(400), serviceRestoredAt: ago(60) },
      workload: { object: held() },
    });
    const snapshot = { ...base, runs: [watchingRun(base, 'Running', { measuredAgo: 5 })] };
    expect(decided(snapshot).is).toBe('Wait WaitingForApproval');
  });
});

describe('a Step analysis that failed while the Background analyses are in trouble', () => {
  test.each<[title: string, part: ReleasePart, watching: Parameters<typeof watched>[1]]>([
    ['is followed although they are stale', {}, { measuredAgo: 31 }],
    ['is followed although they are judged anew later', {}, { phase: 'Error' }],
    [
      'is followed although they hold the step',
      { state: 'StepPaused', step: { hold: holdOf('AnalysisStale', 'Background') } },
      { measuredAgo: 90 },
    ],
  ])('%s', (_title, part, watching) => {
    expect(decided(watched(part, watching, 'Failed')).is).toBe('RollBack AnalysisFailed');
    expect(decided(approved(watched(part, watching, 'Failed'))).is).toBe('RollBack AnalysisFailed');
  });
});

describe('an approval of a step that stale Background analyses hold', () => {
  const step = { hold: holdOf('AnalysisStale', 'Background') };

  test('is followed, and not kept for what may hold the step later, when they measure again', () => {
    const snapshot = watched({ state: 'StepPaused', step }, {}, 'Running');
    expect(decided(snapshot).is).toBe('Analyse AnalysisResumed');
    expect(decided(approved(snapshot)).is).toBe('Advance Approved');
  });
});
