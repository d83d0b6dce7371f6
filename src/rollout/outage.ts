import type { AnalysisRun } from '../api/analysis-run.ts';
import { DEFAULT_SOURCE } from '../api/metric-source.ts';
import { parseTime } from '../api/timestamp.ts';
import type { SourceOutage } from './snapshot.ts';

/** After a source is back, what waited for it has this long to measure before it is somebody's affair. */
export const CATCH_UP_MS = 120_000;

/** Whether a run ended in an Error because a source of it was down for several Rollouts. */
export function isOfOutage({ spec, status }: AnalysisRun, outages: readonly SourceOutage[]): boolean {
  const endedAt = parseTime(status?.completedAt);
  if (endedAt === undefined) return false;
  return spec.metrics.some(({ name, source }) => {
    const outage = outageOf(source, outages);
    const failed = status?.metricResults.find((each) => each.name === name)?.phase === 'Error';
    return failed && outage !== undefined && endedAt <= (parseTime(outage.endedAt) ?? Infinity);
  });
}

/** The source of a metric that it cannot measure with, or could not a moment ago; undefined for none. */
export function blindedBy(
  { spec }: AnalysisRun,
  metric: string,
  outages: readonly SourceOutage[],
  now: number,
): string | undefined {
  const outage = outageOf(spec.metrics.find(({ name }) => name === metric)?.source, outages);
  return outage && now < caughtUpAt(outage) ? outage.source : undefined;
}

/** When what waited for the source had time enough to measure again; never while it is down. */
export function caughtUpAt({ endedAt }: SourceOutage): number {
  return (parseTime(endedAt) ?? Infinity) + CATCH_UP_MS;
}

/** The newest outage of a source, the default one where none is named. */
export function outageOf(
  source: string = DEFAULT_SOURCE,
  outages: readonly SourceOutage[],
): SourceOutage | undefined {
  return outages.find((each) => each.source === source);
}
