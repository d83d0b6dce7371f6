import type { Period } from './plan.ts';
import type { ReplayedRun } from './replay.ts';

/** Whether the analyses would have found an incident. */
export interface IncidentFinding extends Period {
  /** Analyses that start in it, and how many of them fail or do not pass. */
  analyses: number;
  failed: number;
  stopped: number;
  /** The first verdict Failed; undefined when it would have been missed. */
  found?: Finding | undefined;
  /** The first verdict that would have held the release without failing it. */
  paused?: Finding | undefined;
}

export interface Finding {
  at: number;
  /** From the start of the incident. */
  delayMs: number;
  metric: string;
  message: string;
}

/** When an incident would have been found by any analysis, one that was under way at its start included. */
export function findIncident(incident: Period, runs: readonly ReplayedRun[]): IncidentFinding {
  const within = runs.filter(({ startedAt }) => startedAt >= incident.from && startedAt < incident.to);
  return {
    ...incident,
    analyses: within.length,
    failed: within.filter(({ verdict }) => verdict === 'Failed').length,
    stopped: within.filter((run) => !isPassing(run)).length,
    found: first(incident, runs, ({ verdict }) => verdict === 'Failed'),
    paused: first(incident, runs, (run) => !isPassing(run) && run.verdict !== 'Failed'),
  };
}

/** Whether an analysis has nothing against the release. */
export function isPassing({ verdict }: Pick<ReplayedRun, 'verdict'>): boolean {
  return verdict === 'Successful' || verdict === 'Running';
}

function first(
  { from, to }: Period,
  runs: readonly ReplayedRun[],
  counts: (run: ReplayedRun) => boolean,
): Finding | undefined {
  const found = runs
    .filter((run) => run.endedAt >= from && run.endedAt < to && counts(run))
    .reduce<ReplayedRun | undefined>(
      (best, run) => (best && best.endedAt <= run.endedAt ? best : run),
      undefined,
    );
  if (!found) return undefined;
  return {
    at: found.endedAt,
    delayMs: found.endedAt - from,
    metric: found.metric ?? '',
    message: found.message,
  };
}
