import type { AnalysisRun, Measurement } from '../api/analysis-run.ts';
import { keyOf } from '../api/kubernetes.ts';
import { DEFAULT_SOURCE, type Outage } from '../api/metric-source.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { toldBy } from './source-state.ts';

/** What a measurement tells of its source. */
export interface SourceResult {
  /** As namespace/name; unset for a run that was made by hand. */
  rollout: string | undefined;
  /** Epoch milliseconds. */
  at: number;
  fault: { reason: string; message: string } | undefined;
}

export interface OutageDecision {
  outage: Outage | undefined;
  /** When to look again, though nothing came; epoch milliseconds. */
  wakeAt: number | undefined;
}

/** An outage is one trouble of several Rollouts; that of a single one is its own. */
const SEVERAL = 2;
/** A source that answers one query and fails the next is not back. */
const QUIET_MS = 15_000;
/** What is older tells nothing of the source any more. */
const FORGOTTEN_MS = 3_600_000;

/** The sources that a run asks. */
export function sourcesOf({ spec }: AnalysisRun): string[] {
  return [...new Set(spec.metrics.map(({ source = DEFAULT_SOURCE }) => source))];
}

/**
 * What the runs know of one source: of each metric that asks it, its newest measurement that was asked, and its newest
 * fault.
 */
export function resultsOf(source: string, runs: readonly AnalysisRun[]): SourceResult[] {
  return runs.flatMap((run) => {
    const rollout = rolloutOf(run);
    const asking = run.spec.metrics.filter((metric) => (metric.source ?? DEFAULT_SOURCE) === source);
    return asking.flatMap(({ name }) => {
      const { measurements = [] } = run.status?.metricResults.find((each) => each.name === name) ?? {};
      const told = measurements.flatMap((measurement) => resultOf(measurement, rollout));
      const [newest, fault] = [told.at(-1), told.findLast((each) => each.fault)];
      return [newest, fault === newest ? undefined : fault].filter((each) => each !== undefined);
    });
  });
}

/** Whether the newest that a run knows of a source is a fault. */
export function isFailing(source: string, run: AnalysisRun): boolean {
  const results = resultsOf(source, [run]);
  const newest = Math.max(...results.map(({ at }) => at));
  return results.some(({ at, fault }) => fault !== undefined && at === newest);
}

function rolloutOf({ metadata }: AnalysisRun): string | undefined {
  const owner = metadata.ownerReferences?.find(({ kind, controller }) => controller && kind === 'Rollout');
  return owner && keyOf({ metadata: { ...metadata, name: owner.name } });
}

function resultOf(
  { query, outcome, reason = outcome, message = '', finishedAt }: Measurement,
  rollout: string | undefined,
): SourceResult[] {
  const at = parseTime(finishedAt);
  const told = outcome === 'Error' ? toldBy(reason) : 'answers';
  if (query === undefined || at === undefined || told === undefined) return [];
  return [{ rollout, at, fault: told === 'down' ? { reason, message } : undefined }];
}

/**
 * Whether a source is down, from what all runs know of it: it is, once it failed several Rollouts after its last
 * answer. It is back once it has answered after the last fault and no other came for a while; and it is forgotten
 * when nobody has heard of it for an hour. One that is back stays, with its end, until the next.
 */
export function decideOutage(
  before: Outage | undefined,
  results: readonly SourceResult[],
  now: number,
): OutageDecision {
  const faults = results.flatMap(({ fault, ...result }) => (fault ? [{ ...result, ...fault }] : []));
  const answeredAt = Math.max(-Infinity, ...results.flatMap(({ at, fault }) => (fault ? [] : [at])));
  const faultAt = Math.max(-Infinity, ...faults.map(({ at }) => at));
  if (before && before.endedAt === undefined) {
    const downAt = Math.max(faultAt, parseTime(before.since) ?? now);
    if (answeredAt > downAt) {
      const quietAt = downAt + QUIET_MS;
      if (now < quietAt) return { outage: before, wakeAt: quietAt };
      return { outage: { ...before, endedAt: formatTime(now) }, wakeAt: undefined };
    }
    if (now >= downAt + FORGOTTEN_MS) return { outage: undefined, wakeAt: undefined };
    const joined = faults.filter(({ at }) => at >= (parseTime(before.since) ?? now));
    const rollouts = rolloutsOf([...before.rollouts.map((rollout) => ({ rollout })), ...joined]);
    return { outage: { ...before, rollouts }, wakeAt: downAt + FORGOTTEN_MS };
  }
  const since = Math.max(answeredAt, parseTime(before?.endedAt) ?? -Infinity, now - FORGOTTEN_MS);
  const down = faults.filter(({ at, rollout }) => at > since && rollout !== undefined);
  const rollouts = rolloutsOf(down);
  const newest = down.toSorted((left, right) => right.at - left.at)[0];
  if (!newest || rollouts.length < SEVERAL) return { outage: before, wakeAt: undefined };
  const { reason, message } = newest;
  const begun = formatTime(Math.min(...down.map(({ at }) => at)));
  return { outage: { since: begun, reason, message, rollouts }, wakeAt: faultAt + FORGOTTEN_MS };
}

function rolloutsOf(results: readonly Pick<SourceResult, 'rollout'>[]): string[] {
  return [...new Set(results.flatMap(({ rollout }) => rollout ?? []))].toSorted();
}
