import type { FieldRoots } from '../analysis/field-path.ts';
import type { AnalysisMode } from '../api/analysis-run.ts';
import { durationMs } from '../api/duration.ts';
import { remembered } from '../api/remembered.ts';
import type { Rollout } from '../api/rollout.ts';
import type {
  AlertEvent,
  FailureAction,
  GIT_OPS,
  RolloutGuard,
  UndecidedAction,
} from '../api/rollout-guard.ts';
import type { PinnedAnalysis, PinnedGuard } from '../api/rollout-record.ts';
import { FAILURE_SEVERITY } from './decision.ts';
import { pinAnalyses } from './pin-analyses.ts';
import type { GuardFacts, Snapshot } from './snapshot.ts';

const DEFAULTS = {
  onSuccess: 'Promote',
  onFailure: 'Rollback',
  onTimeout: 'Abort',
  gitOps: 'Auto',
  onInconclusive: 'Pause',
  onError: 'Retry',
  retryAttempts: 3,
  retryDelay: '30s',
  runHistoryLimit: 10,
  holdTimeout: '30m',
  maxDuration: '1h',
  progressDeadlineSeconds: 600,
} as const;

const DEFAULT_ALERTS: readonly AlertEvent[] = ['Failed', 'RolledBack', 'Aborted', 'Waiting'];

/** Whether the guard is meant for this Rollout, suspended or not. */
export function selects(guard: RolloutGuard, rollout: Rollout): boolean {
  if (guard.metadata.deletionTimestamp) return false;
  const { rolloutRef, selector } = guard.spec;
  if (rolloutRef) return rolloutRef.name === rollout.metadata.name;
  const labels = rollout.metadata.labels ?? {};
  const wanted = Object.entries(selector?.matchLabels ?? {});
  return wanted.length > 0 && wanted.every(([name, value]) => labels[name] === value);
}

export type EffectiveGuard =
  | { kind: 'none' }
  | { kind: 'faulty'; message: string }
  | { kind: 'guard'; guard: PinnedGuard };

/**
 * The guards of one Rollout as one: every analysis of each must pass, the strictest action counts, and the
 * shortest of each limit. Suspended guards do not count; one that cannot be resolved makes the whole faulty,
 * since a release must not go on with less than what was asked for. `subject` is as of `pinAnalyses`.
 */
export function effectiveGuard(
  facts: readonly GuardFacts[],
  subject: FieldRoots | undefined,
): EffectiveGuard {
  const active = facts.filter(({ guard }) => !guard.spec.suspend);
  if (active.length === 0) return { kind: 'none' };
  const analyses: PinnedAnalysis[] = [];
  for (const fact of active) {
    const resolved = pinAnalyses(fact, subject);
    if (typeof resolved === 'string') return { kind: 'faulty', message: resolved };
    analyses.push(...resolved);
  }
  const specs = active.map(({ guard }) => guard.spec);
  const holdsSomewhere = specs.some((spec) => spec.onSuccess === 'Hold');
  return {
    kind: 'guard',
    guard: {
      analyses,
      onSuccess: holdsSomewhere ? 'Hold' : DEFAULTS.onSuccess,
      onFailure: strictest(specs.map((spec) => spec.onFailure ?? DEFAULTS.onFailure)),
      onTimeout: strictest(specs.map((spec) => spec.onTimeout ?? DEFAULTS.onTimeout)),
      onInconclusive: everyRetries(specs.map((spec) => spec.onInconclusive ?? DEFAULTS.onInconclusive)),
      onError: everyRetries(specs.map((spec) => spec.onError ?? DEFAULTS.onError)),
      rollback: {
        gitOps: gitOpsOf(specs.map((spec) => spec.rollback?.gitOps ?? DEFAULTS.gitOps)),
        urgent: specs.some((spec) => spec.rollback?.urgent === true),
      },
      retry: {
        attempts: Math.min(...specs.map((spec) => spec.retry?.attempts ?? DEFAULTS.retryAttempts)),
        delayMs: Math.max(...specs.map((spec) => durationMs(spec.retry?.delay ?? DEFAULTS.retryDelay))),
      },
      // The one limit of which the longest counts: less history never makes a release safer.
      runHistoryLimit: Math.max(...specs.map((spec) => spec.runHistoryLimit ?? DEFAULTS.runHistoryLimit)),
      holdTimeoutMs: Math.min(...specs.map((spec) => durationMs(spec.holdTimeout ?? DEFAULTS.holdTimeout))),
      maxDurationMs: Math.min(...specs.map((spec) => durationMs(spec.maxDuration ?? DEFAULTS.maxDuration))),
      progressDeadlineMs:
        Math.min(...specs.map((spec) => spec.progressDeadlineSeconds ?? DEFAULTS.progressDeadlineSeconds)) *
        1_000,
      alerts: specs.flatMap((spec) =>
        (spec.alerts ?? []).map((alert) => ({
          receiver: alert.receiver,
          on: [...(alert.events ?? DEFAULT_ALERTS)],
        })),
      ),
    },
  };
}

/** The guards of a snapshot as one, with arguments read from the Rollout and its workload as they are now. */
export const presentGuard = remembered(
  ({ guards, rollout, workload }: Snapshot): EffectiveGuard =>
    effectiveGuard(guards, { rollout, workload: workload?.object }),
);

/**
 * Whether a guard that was pinned selects the Rollout no more, or is suspended: what it asked for must not be left
 * out without a word, even where other guards stay. One that was made anew under its name has returned.
 */
export function isGuardGone({ guards }: Snapshot, pinned: PinnedGuard | undefined): boolean {
  const active = guards.filter(({ guard }) => !guard.spec.suspend).map(({ guard }) => guard.metadata.name);
  return active.length === 0 || (pinned?.analyses ?? []).some(({ guard }) => !active.includes(guard.name));
}

/** One guard that knows it is enough; that none does is only so where all say so. */
function gitOpsOf(words: readonly (typeof GIT_OPS)[number][]): (typeof GIT_OPS)[number] {
  if (words.includes('Yes')) return 'Yes';
  return words.every((word) => word === 'No') ? 'No' : 'Auto';
}

/** To pause is stricter than to try again. */
function everyRetries(actions: readonly UndecidedAction[]): UndecidedAction {
  return actions.includes('Pause') ? 'Pause' : 'Retry';
}

function strictest(actions: readonly FailureAction[]): FailureAction {
  return actions.reduce((worst, action) =>
    FAILURE_SEVERITY[action] > FAILURE_SEVERITY[worst] ? action : worst,
  );
}

/** The analyses of a pinned guard that watch in this mode. */
export function analysesOfMode(
  guard: PinnedGuard | undefined,
  mode: AnalysisMode,
): readonly PinnedAnalysis[] {
  return (guard?.analyses ?? []).filter((analysis) => analysis.mode === mode);
}

/** The Step analyses that judge this step, 1-based. */
export function analysesOfStep(guard: PinnedGuard | undefined, step: number): readonly PinnedAnalysis[] {
  return analysesOfMode(guard, 'Step').filter(({ steps }) => steps === undefined || steps.includes(step));
}

/** Whether a step is left upwards only with leave of the guard: some analysis judges it, or watches beside it. */
export function isGuarded(guard: PinnedGuard | undefined, step: number): boolean {
  return analysesOfStep(guard, step).length > 0 || analysesOfMode(guard, 'Background').length > 0;
}

/** Whether a successful step goes on by itself: an analysis may say Hold for its steps where the guard promotes. */
export function holdsOnSuccess(guard: PinnedGuard, step: number): boolean {
  return (
    guard.onSuccess === 'Hold' ||
    analysesOfStep(guard, step).some((analysis) => analysis.onSuccess === 'Hold')
  );
}
