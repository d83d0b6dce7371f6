import type { AnalysisRun, Measurement, MetricResult, SequentialProgress } from '../api/analysis-run.ts';
import { sameJson } from '../api/canonical.ts';
import { formatTime, parseTime } from '../api/timestamp.ts';
import { faultIn, type QueryFault } from './answers-fault.ts';
import type { Assessment } from './assessment.ts';
import { type InFlight, jobId, retry } from './in-flight.ts';
import { isFinished } from './judge.ts';
import { assessAll, assessNoPods } from './measure.ts';
import type { MeasureJob, MeasureResult, Question } from './measure-job.ts';
import { askedOf, lastingQuestions, questionsText } from './questions.ts';
import type { ResolvedMetric } from './resolve-metric.ts';
import { type Grid, gridOf, isSlotStart, nextDue, slotEnd } from './schedule.ts';
import { intervalStart, rawRange } from './sequential-metric.ts';
import { windowAt, windowReadyAt } from './window.ts';

/** The last instant that a timestamp can name. */
const LAST_TIME_MS = 8.64e15;

/** One metric of a run in one pass. */
export interface Turn {
  run: AnalysisRun;
  metric: ResolvedMetric;
  result: MetricResult;
  grid: Grid;
  /** Since when `{{window}}` counts, in epoch milliseconds. */
  windowStart: number;
}

/** When a metric is looked at, and how its jobs are offered. */
export interface Look {
  /** Epoch milliseconds. */
  now: number;
  /** A job without a result is offered again after this. */
  resubmitAfterMs: number;
  /** A job is offered so long before its instant; who does it waits for the rest. */
  offerAheadMs: number;
}

/** What is next for a metric. */
export type Next =
  | { kind: 'finished' }
  | { kind: 'idle'; wakeAt: number }
  /** `job` is to be offered to the queue now. */
  | { kind: 'inFlight'; entry: InFlight; job?: MeasureJob; wakeAt: number }
  /** `arrived` is the entry whose result it is; none when no query was needed, or the slot ended. */
  | {
      kind: 'measured';
      measurement: Measurement;
      hasData: boolean;
      state?: SequentialProgress;
      arrived?: InFlight;
    };

export function turnOf(
  run: AnalysisRun,
  metric: ResolvedMetric,
  result: MetricResult,
  startedAt: number,
): Turn {
  const windowStart = parseTime(run.spec.target?.windowStart) ?? startedAt;
  const { initialDelayMs, intervalMs, window } = metric;
  const readyAt = window && windowReadyAt(windowStart, window);
  const grid = gridOf({ runUid: uidOf(run), startedAt, initialDelayMs, intervalMs, readyAt });
  return { run, metric, result, grid, windowStart };
}

/** What is next for this metric, given what is in flight for the run. */
export function nextOf(turn: Turn, inFlight: readonly InFlight[], look: Look): Next {
  if (isFinished(turn.result.phase)) return { kind: 'finished' };
  const { now } = look;
  const entry = entryOf(turn, inFlight, now + look.offerAheadMs);
  if (!entry) return start(turn, look);
  const { evaluateAt } = entry.job;
  const slotEndsAt = slotEnd(turn.grid, evaluateAt);
  // The clock of its worker is ahead of ours: it counts when it is due, like any other.
  if (entry.result && evaluateAt > now) return { kind: 'inFlight', entry, wakeAt: evaluateAt };
  if (entry.result) return settle(turn, entry, entry.result, slotEndsAt, now);
  if (entry.lastFault) {
    // The tries within one slot are one Error, even when the last of them never comes back.
    if (now >= slotEndsAt) return measured(entry.job, faulty(turn, entry, entry.lastFault), now, now);
    const next = offer(entry, look);
    return { ...next, wakeAt: Math.min(next.wakeAt, slotEndsAt) };
  }
  return offer(entry, look);
}

function start(turn: Turn, { now, resubmitAfterMs, offerAheadMs }: Look): Next {
  const { result, grid, metric } = turn;
  const evaluateAt = nextDue(grid, lastEvaluation(result), now);
  const offerAt = evaluateAt - offerAheadMs;
  if (offerAt > now) return { kind: 'idle', wakeAt: offerAt };
  const sequence = result.nextSequence;
  const job = jobFor(turn, sequence, 1, evaluateAt);
  if (!job && evaluateAt > now) return { kind: 'idle', wakeAt: evaluateAt };
  if (!job) return measured({ sequence, evaluateAt }, assessNoPods(metric), now, now);
  const entry: InFlight = { metric: metric.name, sequence, attempt: 1, job, addedAt: now };
  return { kind: 'inFlight', entry, job, wakeAt: now + resubmitAfterMs };
}

/** Offers a job when its time has come: a retry once, anything again when the queue seems to have lost it. */
function offer(entry: InFlight, { now, resubmitAfterMs }: Look): Extract<Next, { kind: 'inFlight' }> {
  const { notBefore, ...offered } = entry;
  const offerAt = notBefore ?? entry.addedAt + resubmitAfterMs;
  if (now < offerAt) return { kind: 'inFlight', entry, wakeAt: offerAt };
  return {
    kind: 'inFlight',
    entry: { ...offered, addedAt: now },
    job: entry.job,
    wakeAt: now + resubmitAfterMs,
  };
}

function settle(turn: Turn, entry: InFlight, result: MeasureResult, slotEndsAt: number, now: number): Next {
  const { answers, job } = result;
  const fault = faultIn(answers);
  if (fault?.retryable) {
    const again = retry(entry, fault, slotEndsAt, now);
    if (again) return { kind: 'inFlight', entry: again, wakeAt: again.notBefore };
  }
  const { state } = turn.result;
  const assessed = assessAll(turn.metric, answers, { since: sinceOf(turn, job.evaluateAt), state });
  return { ...measured(job, assessed, result.startedAt, result.finishedAt), arrived: entry };
}

/** What a measurement is whose last try came to this fault. */
function faulty({ metric }: Turn, { job }: InFlight, fault: QueryFault): Assessment {
  return assessAll(metric, [{ name: job.questions[0]?.name ?? '', answer: fault }]);
}

function measured(
  asked: Pick<MeasureJob, 'sequence' | 'evaluateAt'> & { questions?: readonly Question[] },
  assessment: Assessment,
  startedAt: number,
  finishedAt: number,
): Extract<Next, { kind: 'measured' }> {
  const { hasData, state, ...judged } = assessment;
  const measurement: Measurement = {
    sequence: asked.sequence,
    ...judged,
    ...(!hasData && judged.outcome !== 'Error' && { withoutData: true }),
    ...(asked.questions && { query: questionsText(asked.questions) }),
    evaluatedAt: formatTime(asked.evaluateAt),
    startedAt: formatTime(startedAt),
    finishedAt: formatTime(finishedAt),
  };
  return { kind: 'measured', measurement, hasData, ...(state && { state }) };
}

/**
 * What is in flight for the next sequence of this metric: an answer if there is one, of whichever try, else
 * the newest try. Queues are transport and are not trusted: a job or a result counts only when it is, to the
 * letter, what this run asks.
 */
function entryOf(turn: Turn, inFlight: readonly InFlight[], until: number): InFlight | undefined {
  const entries = inFlight
    .filter(({ metric, sequence }) => metric === turn.metric.name && sequence === turn.result.nextSequence)
    .filter(({ job }) => isOurs(turn, job, until))
    .map((entry) => withoutForeignResult(turn, entry, until))
    .toSorted(
      (left, right) => right.attempt - left.attempt || Number(!!right.result) - Number(!!left.result),
    );
  return entries.find(({ result }) => result && !faultIn(result.answers)) ?? entries[0];
}

function withoutForeignResult(turn: Turn, entry: InFlight, until: number): InFlight {
  const { result, ...unanswered } = entry;
  const counts =
    result &&
    isOurs(turn, result.job, until) &&
    isTime(result.startedAt) &&
    isTime(result.finishedAt) &&
    answersAll(result);
  return counts ? entry : unanswered;
}

function answersAll({ job, answers }: MeasureResult): boolean {
  return (
    answers.length === job.questions.length &&
    job.questions.every(({ name }, index) => answers[index]?.name === name)
  );
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= LAST_TIME_MS;
}

/** Whether this is the next that the run asks, at an instant that is not after `until`. */
function isOurs(turn: Turn, job: MeasureJob, until: number): boolean {
  const { evaluateAt, attempt } = job;
  const last = lastEvaluation(turn.result);
  if (evaluateAt > until || (last !== undefined && evaluateAt <= last)) return false;
  if (!isSlotStart(turn.grid, evaluateAt)) return false;
  const ours = jobFor(turn, turn.result.nextSequence, attempt, evaluateAt);
  return (
    ours !== undefined &&
    job.id === ours.id &&
    job.metric === ours.metric &&
    job.sequence === ours.sequence &&
    job.source === ours.source &&
    sameJson(job.questions, ours.questions)
  );
}

/** The job that asks this; undefined when the query selects pods and there are none. */
function jobFor(turn: Turn, sequence: number, attempt: number, evaluateAt: number): MeasureJob | undefined {
  const { run, metric, windowStart } = turn;
  const { name, namespace = '' } = run.metadata;
  const context = {
    args: run.spec.args ?? [],
    namespace,
    target: run.spec.target,
    windowMs: metric.window && windowAt(evaluateAt, windowStart, metric.window),
  };
  const { state } = turn.result;
  const asked = state ? lastingQuestions(metric.questions) : metric.questions;
  const questions = askedOf(asked, context, rawRange(sinceOf(turn, evaluateAt), evaluateAt));
  if (!questions) return undefined;
  const uid = uidOf(run);
  return {
    id: jobId(uid, metric.name, sequence, attempt),
    run: { uid, namespace, name },
    metric: metric.name,
    sequence,
    attempt,
    source: metric.source,
    questions,
    evaluateAt,
  };
}

/** Where the interval begins that a sequential test measures at this instant. */
function sinceOf({ result, windowStart }: Turn, evaluateAt: number): number {
  return intervalStart(result.state, evaluateAt, windowStart);
}

function lastEvaluation(result: MetricResult): number | undefined {
  const last = result.measurements.at(-1);
  return parseTime(last?.evaluatedAt) ?? parseTime(last?.finishedAt);
}

function uidOf(run: AnalysisRun): string {
  const { uid, name } = run.metadata;
  if (!uid) throw new Error(`AnalysisRun ${name} has no uid`);
  return uid;
}
