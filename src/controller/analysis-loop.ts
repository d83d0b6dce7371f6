import { decideRun, type RunDecision } from '../analysis/decide-run.ts';
import { deliver, type InFlight } from '../analysis/in-flight.ts';
import { isFinished } from '../analysis/judge.ts';
import type { MeasureJob, MeasureResult } from '../analysis/measure-job.ts';
import { type PreparedRun, prepareRun } from '../analysis/prepare-run.ts';
import { expiresAt } from '../analysis/run-expiry.ts';
import type { AnalysisRun } from '../api/analysis-run.ts';
import { keyOf } from '../api/kubernetes.ts';
import { resources } from '../api/resource.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { JobQueue } from '../queue/port.ts';
import { writeStatus } from './apply.ts';
import type { RecordEvent } from './event-recorder.ts';
import type { Freshest } from './freshest.ts';
import { podsNow } from './seen-pods.ts';
import type { Next } from './work-queue.ts';

/**
 * So long before its instant a measurement sets out for a worker: the way there must not make it late. It takes one
 * of the places of its source meanwhile, and a longer wait would keep what is due at once from them.
 */
const OFFER_AHEAD_MS = 100;

export interface AnalysisLoopDeps {
  cache: Freshest;
  queue: JobQueue;
  recordEvent: RecordEvent;
  clock: Clock;
  log: Log;
  /** Asks for a pass over a run. */
  wake(key: string): void;
}

/** A pass over one AnalysisRun, and the place where measurements are handed in. */
export interface AnalysisLoop {
  pass(key: string): Promise<Next>;
  /**
   * Whether this version of a run, which the watch brought, is what a pass wrote and decided on: to see it come back
   * tells nothing new. A version that comes during a write is looked at when that is answered, and needs no pass here.
   */
  isOwn(run: AnalysisRun): boolean;
  measured(result: MeasureResult): void;
}

/**
 * Keeps the schedule of every run and adds a job when it is due. What is under way is remembered here only to
 * spare the queue: after a restart the runs' own status says what is due, and the queue knows its jobs by id.
 */
export function analysisLoop(deps: AnalysisLoopDeps): AnalysisLoop {
  const { cache, clock, log } = deps;
  /** What each run waits for; replaced by every pass. */
  const flights = new Map<string, readonly InFlight[]>();
  /** What came since the last pass. */
  const arrived = new Map<string, MeasureResult[]>();
  /** When runs began whose status does not say so yet. */
  const begun = new Map<string, { uid: string | undefined; at: number }>();
  /** Of each run, what its spec comes to: it does not change from pass to pass, and takes long to find out. */
  const prepared = new Map<string, { of: string; run: PreparedRun }>();
  /** Of each run that goes on, the version that the last pass wrote. */
  const versions = new Map<string, string | undefined>();
  /** Of each run that is being written, the version that came over the watch since: often before the answer. */
  const writing = new Map<string, string | undefined>();

  async function pass(key: string): Promise<Next> {
    const [namespace = '', name = ''] = key.split('/');
    const run = cache.get<AnalysisRun>(resources.analysisRun, { namespace, name });
    if (!run || run.metadata.deletionTimestamp) {
      flights.delete(key);
      arrived.delete(key);
      prepared.delete(key);
      begun.delete(key);
      versions.delete(key);
      return { kind: 'on change' };
    }
    const now = clock.now();
    const expiry = expiresAt(run);
    if (expiry !== undefined) return expire(run, expiry, now);
    const inFlight = collect(key, run, now);
    const isOver = run.status !== undefined && isFinished(run.status.phase);
    const before = begun.get(key);
    const begunAt = before && before.uid === run.metadata.uid ? before.at : undefined;
    const decision = decideRun({
      run,
      inFlight,
      now,
      begunAt,
      offerAheadMs: OFFER_AHEAD_MS,
      pods: podsNow(cache, run),
      ...(!isOver && { prepared: prepare(key, run) }),
    });
    if (decision.changed) {
      writing.set(key, undefined);
      const written = await writeStatus(cache, resources.analysisRun, run, decision.status);
      const seen = writing.get(key);
      writing.delete(key);
      if (!written.ok) {
        log.debug(
          { run: key, fault: written.fault },
          'the status of a run could not be written; observing again',
        );
        return { kind: 'retry' };
      }
      // When a finished run goes is decided when its end is seen.
      const own = isFinished(decision.status.phase) ? undefined : written.version;
      if (own !== undefined) versions.set(key, own);
      if (seen !== undefined && seen !== own) deps.wake(key);
    }
    if (decision.changed || run.status) begun.delete(key);
    else begun.set(key, { uid: run.metadata.uid, at: begunAt ?? Math.floor(now) });
    remember(key, decision.inFlight);
    // Queries first: an Event must not make them late.
    await dispatch(decision.jobs);
    await announce(run, decision, now);
    if (isFinished(decision.status.phase)) {
      versions.delete(key);
      prepared.delete(key);
    }
    return decision.wakeAt === undefined ? { kind: 'on change' } : { kind: 'at', at: decision.wakeAt };
  }

  function prepare(key: string, run: AnalysisRun): PreparedRun {
    const of = `${run.metadata.uid}/${run.metadata.generation}`;
    const known = prepared.get(key);
    if (known?.of === of) return known.run;
    const fresh = { of, run: prepareRun(run.spec) };
    prepared.set(key, fresh);
    return fresh.run;
  }

  /** A finished run has nothing left to decide but when it goes. */
  async function expire(run: AnalysisRun, at: number, now: number): Promise<Next> {
    if (now < at) return { kind: 'at', at };
    const deleted = await cache.delete(resources.analysisRun, run);
    return deleted.ok || deleted.fault.kind === 'NotFound' ? { kind: 'on change' } : { kind: 'retry' };
  }

  /** What the run waits for, with the results that have come; those for an earlier run of this name are dropped. */
  function collect(key: string, run: AnalysisRun, now: number): readonly InFlight[] {
    const results = (arrived.get(key) ?? []).filter(({ job }) => job.run.uid === run.metadata.uid);
    arrived.delete(key);
    const waiting = (flights.get(key) ?? []).filter(({ job }) => job.run.uid === run.metadata.uid);
    const inFlight = results.reduce<readonly InFlight[]>(
      (known, result) => deliver(known, result, now),
      waiting,
    );
    remember(key, inFlight);
    return inFlight;
  }

  function remember(key: string, inFlight: readonly InFlight[]): void {
    if (inFlight.length === 0) flights.delete(key);
    else flights.set(key, inFlight);
  }

  /** An Event only of what is not as it should be: a run that passed says so itself, and so does its Rollout's Event. */
  async function announce(run: AnalysisRun, decision: RunDecision, now: number): Promise<void> {
    for (const note of decision.notes) {
      log.info({ run: `${run.metadata.namespace}/${run.metadata.name}`, reason: note.reason }, note.message);
      if (note.type === 'Warning') await deps.recordEvent(run, note, note.message, now);
    }
  }

  async function dispatch(jobs: readonly MeasureJob[]): Promise<void> {
    await Promise.all(
      jobs.map(async (job) => {
        // It came while the status was written: to ask again would be to ask twice.
        if (isAnswered(job)) return;
        if (cache.get(resources.clusterMetricSource, { name: job.source })) {
          const added = await deps.queue.addMeasure(job);
          if (!added) log.warn({ job: job.id }, 'the queue takes no jobs now; the job is offered again');
          return;
        }
        // No worker serves the queue of a source that does not exist: the answer is known here.
        const now = clock.now();
        const message = `ClusterMetricSource ${job.source} does not exist; create it or name another in the template`;
        const answer = { kind: 'fault', reason: 'UnknownSource', message, retryable: true } as const;
        const answers = job.questions.map(({ name }) => ({ name, answer }));
        measured({ job, startedAt: now, finishedAt: now, answers });
      }),
    );
  }

  function isAnswered({ id, run }: MeasureJob): boolean {
    return (arrived.get(`${run.namespace}/${run.name}`) ?? []).some(({ job }) => job.id === id);
  }

  function measured(result: MeasureResult): void {
    const key = `${result.job.run.namespace}/${result.job.run.name}`;
    arrived.set(key, [...(arrived.get(key) ?? []), result]);
    deps.wake(key);
  }

  return {
    pass,
    measured,
    isOwn: ({ metadata }) => {
      const key = keyOf({ metadata });
      const { resourceVersion } = metadata;
      if (resourceVersion === undefined) return false;
      if (!writing.has(key)) return versions.get(key) === resourceVersion;
      // Whose it is the answer tells; the pass that waits for it looks.
      writing.set(key, resourceVersion);
      return true;
    },
  };
}
