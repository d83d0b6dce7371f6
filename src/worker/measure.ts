import { faultIn, type QueryFault } from '../analysis/answers-fault.ts';
import type { Answered, MeasureJob, Question } from '../analysis/measure-job.ts';
import type { QueryAnswer, QuerySource } from '../analysis/query-answer.ts';
import { observeSource, type SourceState } from '../analysis/source-state.ts';
import { sameJson } from '../api/canonical.ts';
import type { ClusterMetricSource } from '../api/metric-source.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../cluster/log.ts';
import type { Cluster, Store } from '../cluster/port.ts';
import type { PrometheusConfig } from '../prometheus/source.ts';
import type { JobWorkers, MeasureTry, Turn } from '../queue/port.ts';
import { askSource } from './ask-source.ts';

const DEFAULT_CONCURRENCY = 20;
const LONGEST_PAUSE_MS = 60_000;
/** A job comes ahead of its instant. By a clock that is slow it comes from the future; it is not waited for longer. */
const LONGEST_HOLD_MS = 1_000;
/** A source that asks for one pause after the other is not waited for longer: the fault becomes the result. */
const LONGEST_WAIT_MS = 120_000;

export interface MeasureWorkerDeps {
  workers: JobWorkers;
  sources: Store<ClusterMetricSource>;
  cluster: Cluster;
  /** The namespace of the controller, where the credentials of sources are. */
  namespace: string;
  openSource: (config: PrometheusConfig) => QuerySource;
  clock: Pick<Clock, 'now' | 'after'>;
  log: Log;
  onMeasured?: (measured: Measured) => void;
}

/** One query that was asked, for metrics. */
export interface Measured {
  source: string;
  /** `Answered`, or the reason of the fault. */
  outcome: string;
  durationMs: number;
  /** What this worker knows of the source, after this query. */
  state?: SourceState;
}

type Limits = Parameters<JobWorkers['serveMeasures']>[0];

/**
 * Serves the queue of every ClusterMetricSource that exists: jobs become queries, answers become results.
 * The queue of a source that does not exist is not served. Answers how to stop.
 */
export function measureWorker(deps: MeasureWorkerDeps): () => Promise<void> {
  const { workers, sources, clock, log } = deps;
  const ended = new AbortController();
  const ask = askSource({ ...deps, signal: ended.signal });
  const served = new Map<string, { limits: Limits; stop: () => Promise<void> }>();
  const states = new Map<string, SourceState>();
  /** Changes are followed one after the other, each to what the source is by then. */
  let turn = Promise.resolve();

  /**
   * Asks the queries of a measurement at its instant, one after the other: what limits the measurements under way, in all replicas
   * together, then limits the queries. All are evaluated at one instant, whenever they are asked. After a fault the
   * others would be asked for nothing.
   */
  async function measure(job: MeasureJob, turn: Turn): Promise<MeasureTry> {
    await until(job.evaluateAt);
    const startedAt = clock.now();
    const answers: Answered[] = [];
    let failed: QueryAnswer | undefined;
    for (const question of job.questions) {
      const answer = failed ?? (await timed(job.source, () => answerTo(job, question, turn)));
      if (answer.kind === 'fault') failed = answer;
      answers.push({ name: question.name, answer });
    }
    const finishedAt = clock.now();
    const fault = faultIn(answers);
    const pauseMs = fault && pauseAfter(job, fault, finishedAt);
    return { job, startedAt, finishedAt, answers, ...(pauseMs !== undefined && { pauseMs }) };
  }

  /** Where the queue is behind nothing is early, and nothing waits here. */
  async function until(instant: number): Promise<void> {
    const holdMs = Math.min(instant - clock.now(), LONGEST_HOLD_MS);
    if (holdMs > 0) await new Promise<void>((resolve) => clock.after(holdMs, resolve));
  }

  async function timed(source: string, query: () => Promise<QueryAnswer>): Promise<QueryAnswer> {
    const startedAt = clock.now();
    const answer = await query();
    const finishedAt = clock.now();
    deps.onMeasured?.({
      source,
      outcome: answer.kind === 'fault' ? answer.reason : 'Answered',
      durationMs: finishedAt - startedAt,
      ...observe(source, { answer, finishedAt }),
    });
    return answer;
  }

  /** Tells a person once when a source goes and once when it is back, however many runs ask it. */
  function observe(
    source: string,
    result: { answer: QueryAnswer; finishedAt: number },
  ): Pick<Measured, 'state'> {
    const before = states.get(source);
    const state = observeSource(before, result);
    if (!state) return {};
    states.set(source, state);
    if (state.down && !before?.down) {
      log.warn({ source, reason: state.down.reason }, `a metric source is down: ${state.down.message}`);
    } else if (!state.down && before?.down) {
      log.info({ source, downSince: before.down.since }, 'a metric source answers again');
    }
    return { state };
  }

  async function answerTo(
    { source: name, run, evaluateAt }: MeasureJob,
    { name: _, ...query }: Question,
    turn: Turn,
  ): Promise<QueryAnswer> {
    const source = sources.get({ name });
    if (!source) {
      const message = `ClusterMetricSource ${name} does not exist; create it or name another in the template`;
      return { kind: 'fault', reason: 'UnknownSource', message, retryable: true };
    }
    const allowed = source.spec.allowedNamespaces;
    if (allowed && !allowed.includes(run.namespace)) {
      const message = `ClusterMetricSource ${name} is not for namespace ${run.namespace}; add it to its allowedNamespaces or name another source`;
      return { kind: 'fault', reason: 'Forbidden', message, retryable: false };
    }
    return ask(source, { ...query, evaluateAt }, turn);
  }

  async function follow(name: string): Promise<void> {
    const source = sources.get({ name });
    const limits = source && limitsOf(source);
    const present = served.get(name);
    if (sameJson(present?.limits ?? null, limits ?? null)) return;
    served.delete(name);
    if (!source) states.delete(name);
    await present?.stop();
    if (limits) {
      served.set(name, { limits, stop: await workers.serveMeasures(limits, measure) });
      log.info({ source: name, limits }, 'serving the queue of a metric source');
    } else {
      log.info({ source: name }, 'a metric source is gone; its queue is served no more');
    }
  }

  const unsubscribe = sources.subscribe(({ before, after }) => {
    const name = (after ?? before)?.metadata.name;
    if (name === undefined) return;
    turn = turn
      .then(() => follow(name))
      .catch((error: unknown) =>
        log.error({ source: name, err: error }, 'the queue of a source cannot be served'),
      );
  });

  return async () => {
    unsubscribe();
    await turn;
    await Promise.all([...served.values()].map(({ stop }) => stop()));
    // Only now: queries that were under way had their chance to end.
    ended.abort();
  };
}

/** For how long the source is left alone before this job is done again; undefined when the answer is final. */
function pauseAfter(job: MeasureJob, fault: QueryFault, now: number): number | undefined {
  if (fault.retryAfterMs === undefined || now - job.evaluateAt >= LONGEST_WAIT_MS) return undefined;
  return Math.min(fault.retryAfterMs, LONGEST_PAUSE_MS);
}

function limitsOf({ metadata, spec }: ClusterMetricSource): Limits {
  const { maxConcurrentQueries, maxQueriesPerSecond } = spec.prometheus;
  return {
    name: metadata.name,
    concurrency: maxConcurrentQueries ?? DEFAULT_CONCURRENCY,
    perSecond: maxQueriesPerSecond,
  };
}
