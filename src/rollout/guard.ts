import { resolveArguments } from '../analysis/arguments.ts';
import { durationMs } from '../api/duration.ts';
import type { Rollout } from '../api/rollout.ts';
import type { AlertEvent, FailureAction, RolloutGuard } from '../api/rollout-guard.ts';
import type { PinnedAnalysis, PinnedGuard } from '../api/rollout-record.ts';
import { FAILURE_SEVERITY } from './decision.ts';
import type { GuardFacts } from './snapshot.ts';

const DEFAULTS = {
  onSuccess: 'Promote',
  onFailure: 'Rollback',
  onTimeout: 'Abort',
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
 * since a release must not go on with less than what was asked for.
 */
export function effectiveGuard(facts: readonly GuardFacts[]): EffectiveGuard {
  const active = facts.filter(({ guard }) => !guard.spec.suspend);
  if (active.length === 0) return { kind: 'none' };
  const analyses: PinnedAnalysis[] = [];
  for (const fact of active) {
    const resolved = pinAnalyses(fact);
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

function strictest(actions: readonly FailureAction[]): FailureAction {
  return actions.reduce((worst, action) =>
    FAILURE_SEVERITY[action] > FAILURE_SEVERITY[worst] ? action : worst,
  );
}

function pinAnalyses({ guard, templates }: GuardFacts): PinnedAnalysis[] | string {
  const pinned: PinnedAnalysis[] = [];
  for (const [index, analysis] of guard.spec.analyses.entries()) {
    const where = `RolloutGuard ${guard.metadata.name}: analysis ${analysis.name}`;
    const template = templates[index];
    if (!template) {
      return `${where} names ${analysis.template.kind} ${analysis.template.name}, which does not exist; create it`;
    }
    const args = resolveArguments(template.spec.args ?? [], analysis.args ?? []);
    if (!args.ok)
      return `${where}: ${args.faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ')}`;
    pinned.push({
      name: analysis.name,
      guard: {
        name: guard.metadata.name,
        uid: guard.metadata.uid ?? '',
        generation: guard.metadata.generation ?? 1,
      },
      ...(analysis.steps === undefined ? {} : { steps: analysis.steps }),
      ...(analysis.onSuccess === undefined ? {} : { onSuccess: analysis.onSuccess }),
      metrics: template.spec.metrics,
      args: args.args,
    });
  }
  return pinned;
}

/** The analyses of a pinned guard that judge this step, 1-based. */
export function analysesOfStep(guard: PinnedGuard | undefined, step: number): readonly PinnedAnalysis[] {
  return (guard?.analyses ?? []).filter(
    (analysis) => analysis.steps === undefined || analysis.steps.includes(step),
  );
}

/** Whether a successful step goes on by itself: an analysis may say Hold for its steps where the guard promotes. */
export function holdsOnSuccess(guard: PinnedGuard, step: number): boolean {
  return (
    guard.onSuccess === 'Hold' ||
    analysesOfStep(guard, step).some((analysis) => analysis.onSuccess === 'Hold')
  );
}
