import type { AnalysisRun } from '../api/analysis-run.ts';
import { parseTime } from '../api/timestamp.ts';

/**
 * When a finished run is to be deleted, in epoch milliseconds; undefined while it runs, and where its ttlStrategy
 * says nothing about its end. Of two times that apply the earlier counts. A run that judges a Rollout has no
 * ttlStrategy: its guard says how many are kept.
 */
export function expiresAt({ spec, status }: AnalysisRun): number | undefined {
  const completedAt = parseTime(status?.completedAt);
  if (!spec.ttlStrategy || !status || completedAt === undefined) return undefined;
  const { secondsAfterCompletion, secondsAfterFailure, secondsAfterSuccess } = spec.ttlStrategy;
  const bad = status.phase === 'Failed' || status.phase === 'Error' || status.phase === 'Inconclusive';
  const applying = [
    secondsAfterCompletion,
    ...(bad ? [secondsAfterFailure] : []),
    ...(status.phase === 'Successful' ? [secondsAfterSuccess] : []),
  ].filter((seconds) => seconds !== undefined);
  return applying.length === 0 ? undefined : completedAt + Math.min(...applying) * 1_000;
}
