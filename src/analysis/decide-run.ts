import type { AnalysisPhase, AnalysisRun, AnalysisRunStatus, MetricResult } from '../api/analysis-run.ts';
import { sameJson } from '../api/canonical.ts';
import type { SchemaFault } from '../api/kind.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { maxDurationOf } from './check-template.ts';
import type { InFlight } from './in-flight.ts';
import { isFinished, judgeRun, newResult, recordMeasurement } from './judge.ts';
import type { MeasureJob } from './measure-job.ts';
import { type Next, nextOf, turnOf } from './metric-turn.ts';
import { allSeen, type SeenPods, sidesToSee, withSeenPods } from './pod-ledger.ts';
import { type PreparedRun, prepareRun } from './prepare-run.ts';
import type { ResolvedMetric } from './resolve-metric.ts';

/** Measurements that arrive this close together share one write of the status. */
const GATHER_MS = 250;
/** A job without a result is offered again after this; the queue knows those that it still has. */
const RESUBMIT_AFTER_MS = 5_000;
/** The start of a run is written with its first measurement when that comes within this. */
const SOON_MS = 5_000;

export interface RunFacts {
  run: AnalysisRun;
  /** What the last pass answered, with the results that came since (see `deliver`); empty after a restart. */
  inFlight: readonly InFlight[];
  /** Epoch milliseconds. */
  now: number;
  /** When an earlier pass began the run, where no status says so yet. Losing it costs a moment. */
  begunAt?: number | undefined;
  resubmitAfterMs?: number;
  /**
   * How long before its instant a job is offered, where who does it waits for that instant; 0 unless told. A query
   * about pods is offered at its instant all the same: it names those that there are then.
   */
  offerAheadMs?: number;
  /** The pods that there are now, of the versions that are known by their pods (see `sidesToSee`). */
  pods?: SeenPods;
  /** What `prepareRun` answers to the run's spec, where it is known already. */
  prepared?: PreparedRun;
}

/** What a Kubernetes Event is to say. */
export interface Note {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/**
 * What to do for a run. Apply it in this order: write `status` when it `changed`, and only when that
 * succeeded add `jobs`, remember `inFlight` and publish `notes`. On a conflict, observe and decide again.
 */
export interface RunDecision {
  status: AnalysisRunStatus;
  changed: boolean;
  /** To add to the queue now; adding one twice is harmless. */
  jobs: MeasureJob[];
  inFlight: InFlight[];
  /** When to decide again, in epoch milliseconds; undefined for: when something changes. */
  wakeAt: number | undefined;
  notes: Note[];
}

/**
 * Decides what is next for one AnalysisRun: which measurements are due, which results are recorded, and
 * whether a verdict is reached. A finished run decides nothing more.
 */
export function decideRun(facts: RunFacts): RunDecision {
  const { run, pods = {} } = facts;
  if (sidesToSee(run.spec).length === 0) return decideTurn(facts);
  const seen = allSeen(run, pods);
  const decision = decideTurn({ ...facts, run: withSeenPods(run, seen), offerAheadMs: 0 });
  if (run.status && isFinished(run.status.phase)) return decision;
  const isNews = !sameJson(run.status?.pods, seen);
  return {
    ...decision,
    status: { ...decision.status, pods: seen },
    changed: decision.changed || isNews,
  };
}

function decideTurn(facts: RunFacts): RunDecision {
  const { run, now, inFlight, resubmitAfterMs = RESUBMIT_AFTER_MS, offerAheadMs = 0 } = facts;
  if (run.status && isFinished(run.status.phase)) return nothingMore(run.status);
  const prepared = facts.prepared ?? prepareRun(run.spec);
  if (!prepared.ok) return refuse(run, prepared.faults, now);

  const { metrics } = prepared;
  const isStartWritten = parseTime(run.status?.startedAt) !== undefined;
  const startedAt = parseTime(run.status?.startedAt) ?? facts.begunAt ?? Math.floor(now);
  const before = metrics.map((metric) => resultOf(run, metric));
  const lookAt = (results: readonly MetricResult[], entries: readonly InFlight[]): Next[] =>
    metrics.map((metric, index) => {
      const turn = turnOf(run, metric, results[index] ?? newResult(metric), startedAt);
      return nextOf(turn, entries, { now, resubmitAfterMs, offerAheadMs });
    });

  const nexts = lookAt(before, inFlight);
  const after = metrics.map((metric, index) =>
    record(before[index] ?? newResult(metric), metric, nexts[index]),
  );
  const deadline = startedAt + maxDurationOf(run.spec);
  const verdict = judgeRun(metrics, after, {
    now,
    startedAt,
    maxDurationMs: maxDurationOf(run.spec),
    terminate: run.spec.terminate ?? false,
    score: run.spec.score,
  });
  const recorded = nexts.some((next) => next.kind === 'measured');
  const notes = measurementNotes(before, nexts);

  if (isFinished(verdict.phase)) {
    const status = {
      ...statusOf(verdict.phase, startedAt, verdict.results),
      ...(verdict.score && { score: verdict.score }),
      message: verdict.message ?? '',
      completedAt: formatTime(now),
    };
    return {
      status,
      changed: true,
      jobs: [],
      inFlight: [],
      wakeAt: undefined,
      notes: [...notes, endNote(verdict.phase, status.message)],
    };
  }

  const gatherUntil = recorded ? gatheringEnds(nexts, now) : now;
  if (gatherUntil > now) {
    return {
      status: statusOf('Running', startedAt, before),
      changed: false,
      ...outstanding(nexts, Math.min(gatherUntil, deadline)),
      notes: [],
    };
  }
  // A metric that was just measured may be due again, when its answer took longer than its interval.
  const following = recorded ? lookAt(after, entriesOf(nexts)) : nexts;
  const merged = nexts.map((next, index) => (next.kind === 'measured' ? (following[index] ?? next) : next));
  return {
    status: statusOf('Running', startedAt, after),
    changed: recorded || (!isStartWritten && (isFarOff(nexts, now) || now - startedAt >= SOON_MS)),
    ...outstanding(merged, merged.some((next) => next.kind === 'measured') ? now : deadline),
    notes,
  };
}

/** Whether no measurement is about to be written that would bring the start of the run with it. */
function isFarOff(nexts: readonly Next[], now: number): boolean {
  return nexts.every((next) => next.kind === 'idle' && next.wakeAt > now + SOON_MS);
}

function resultOf(run: AnalysisRun, metric: ResolvedMetric): MetricResult {
  return run.status?.metricResults.find(({ name }) => name === metric.name) ?? newResult(metric);
}

function record(result: MetricResult, metric: ResolvedMetric, next: Next | undefined): MetricResult {
  if (next?.kind !== 'measured') return result;
  return recordMeasurement(result, metric, next.measurement, next.hasData, next.state);
}

/**
 * Until when results are kept back so that one write records them together with those that are about to
 * come. Only queries asked a moment ago are waited for, and never longer than 250 ms after the first result.
 */
function gatheringEnds(nexts: readonly Next[], now: number): number {
  const awaited = nexts.flatMap((next) => {
    if (next.kind !== 'inFlight' || next.job || next.entry.notBefore !== undefined) return [];
    const { addedAt, job } = next.entry;
    return job.evaluateAt > now ? [] : [Math.max(addedAt, job.evaluateAt)];
  });
  const arrivals = nexts.flatMap((next) =>
    next.kind === 'measured' ? [Math.min(next.arrived?.result?.finishedAt ?? now - GATHER_MS, now)] : [],
  );
  return Math.min(Math.max(...awaited) + GATHER_MS, Math.min(...arrivals) + GATHER_MS);
}

/** The jobs to offer now, what to remember, and when to look again. */
function outstanding(
  nexts: readonly Next[],
  ...wakeAts: number[]
): Pick<RunDecision, 'jobs' | 'inFlight' | 'wakeAt'> {
  return {
    jobs: nexts.flatMap((next) => (next.kind === 'inFlight' && next.job ? [next.job] : [])),
    inFlight: entriesOf(nexts),
    wakeAt: Math.min(...wakeAts, ...nexts.flatMap((next) => ('wakeAt' in next ? [next.wakeAt] : []))),
  };
}

function entriesOf(nexts: readonly Next[]): InFlight[] {
  return nexts.flatMap((next) => {
    if (next.kind === 'inFlight') return [next.entry];
    return next.kind === 'measured' && next.arrived ? [next.arrived] : [];
  });
}

function statusOf(phase: AnalysisPhase, startedAt: number, metricResults: MetricResult[]): AnalysisRunStatus {
  return { phase, startedAt: formatTime(startedAt), metricResults };
}

function nothingMore(status: AnalysisRunStatus): RunDecision {
  return { status, changed: false, jobs: [], inFlight: [], wakeAt: undefined, notes: [] };
}

function refuse(run: AnalysisRun, faults: readonly SchemaFault[], now: number): RunDecision {
  const message = faults.map((fault) => `${fault.path}: ${fault.message}`).join('; ');
  const startedAt = parseTime(run.status?.startedAt) ?? Math.floor(now);
  const results = (run.status?.metricResults ?? []).map((result) =>
    isFinished(result.phase)
      ? result
      : { ...result, phase: 'Cancelled' as const, message: `${result.name} cancelled: ${message}` },
  );
  return {
    ...nothingMore({ ...statusOf('Error', startedAt, results), message, completedAt: formatTime(now) }),
    changed: true,
    notes: [endNote('Error', message)],
  };
}

function endNote(phase: AnalysisPhase, message: string): Note {
  const type = phase === 'Successful' || phase === 'Cancelled' ? 'Normal' : 'Warning';
  return { type, reason: `Run${phase}`, message };
}

/** One for each measurement that is not a success; waiting for data is told once and not at every look. */
function measurementNotes(before: readonly MetricResult[], nexts: readonly Next[]): Note[] {
  return nexts.flatMap((next, index) => {
    if (next.kind !== 'measured' || next.measurement.outcome === 'Successful') return [];
    const { outcome, reason, message = '' } = next.measurement;
    const previous = before[index]?.measurements.at(-1);
    if (outcome === 'Inconclusive' && !next.hasData && previous?.reason === reason) return [];
    return [{ type: 'Warning' as const, reason: `Measurement${outcome}`, message }];
  });
}
