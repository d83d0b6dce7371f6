import type {
  AnalysisPhase,
  Measurement,
  MetricResult,
  ScoreResult,
  SequentialProgress,
} from '../api/analysis-run.ts';
import { formatDuration } from '../api/duration.ts';
import type { Score } from '../api/judge-schemas.ts';
import { conditionText, type ResolvedMetric } from './resolve-metric.ts';
import { isScored, isUnjudged, scoreOf } from './run-score.ts';

/** How many measurements of a metric are kept; the counters know all of them. */
const KEPT_MEASUREMENTS = 20;
/** Fifty metrics with twenty measurements each must fit into one object of the API server. */
const QUERY_LENGTH = 600;
const MESSAGE_LENGTH = 500;

/** The one order of severity, inside a metric and between metrics; the first that occurs decides. */
const SEVERITY = ['Failed', 'Error', 'Inconclusive', 'Cancelled'] as const satisfies AnalysisPhase[];

type Phase = { phase: AnalysisPhase; message?: string };

/** Whether nothing can follow this phase. */
export function isFinished(phase: AnalysisPhase): boolean {
  return phase !== 'Pending' && phase !== 'Running';
}

/** A metric of which nothing has been measured yet. */
export function newResult(metric: ResolvedMetric): MetricResult {
  return {
    name: metric.name,
    phase: 'Pending',
    ...(metric.dryRun && { dryRun: true }),
    count: 0,
    successful: 0,
    failed: 0,
    inconclusive: 0,
    error: 0,
    consecutiveSuccess: 0,
    consecutiveFailure: 0,
    consecutiveError: 0,
    nextSequence: 0,
    withData: 0,
    measurements: [],
  };
}

/**
 * Counts one measurement and judges the metric anew. A sequence number that is recorded already, or one
 * out of turn, changes nothing: results are delivered at least once. `hasData` is whether there was a value,
 * `state` what a sequential test knows after it.
 */
export function recordMeasurement(
  result: MetricResult,
  metric: ResolvedMetric,
  measurement: Measurement,
  hasData: boolean,
  state?: SequentialProgress,
): MetricResult {
  if (measurement.sequence !== result.nextSequence || isFinished(result.phase)) return result;
  const { outcome } = measurement;
  // It waits for data: it is shown, and decides nothing.
  const waits = metric.noData === 'Wait' && outcome === 'Inconclusive' && !hasData;
  const counts = outcome !== 'Error' && !waits;
  const { message: _, ...rest } = result;
  const counted: MetricResult = {
    ...rest,
    count: result.count + (counts ? 1 : 0),
    successful: result.successful + (outcome === 'Successful' ? 1 : 0),
    failed: result.failed + (outcome === 'Failed' ? 1 : 0),
    inconclusive: result.inconclusive + (outcome === 'Inconclusive' && counts ? 1 : 0),
    error: result.error + (outcome === 'Error' ? 1 : 0),
    consecutiveSuccess: streak(result.consecutiveSuccess, outcome === 'Successful', waits),
    consecutiveFailure: streak(result.consecutiveFailure, outcome === 'Failed', waits),
    // An answer without data is still an answer of the source.
    consecutiveError: streak(result.consecutiveError, outcome === 'Error', false),
    nextSequence: result.nextSequence + 1,
    withData: result.withData + (hasData ? 1 : 0),
    ...(state && { state }),
    measurements: [...outlined(result.measurements, measurement), shorten(measurement)].slice(
      -KEPT_MEASUREMENTS,
    ),
  };
  return { ...counted, ...judgeMetric(counted, metric) };
}

function streak(length: number, goesOn: boolean, untouched: boolean): number {
  if (untouched) return length;
  return goesOn ? length + 1 : 0;
}

/**
 * The measurements before a newer one. Those that succeeded come down to how the value went once a newer one says the
 * rest: each field that a status holds is work for the API server at every write.
 */
function outlined(measurements: readonly Measurement[], newer: Measurement): Measurement[] {
  const last = newer.outcome === 'Successful' ? newer : measurements.findLast(isSuccess);
  return measurements.map((each) => (isSuccess(each) && each !== last ? outlineOf(each) : each));
}

function isSuccess({ outcome }: Measurement): boolean {
  return outcome === 'Successful';
}

function outlineOf({ sequence, outcome, value, evaluatedAt, finishedAt }: Measurement): Measurement {
  return {
    sequence,
    outcome,
    ...(value !== undefined && { value }),
    ...(evaluatedAt !== undefined && { evaluatedAt }),
    finishedAt,
  };
}

function shorten(measurement: Measurement): Measurement {
  const { query, message = '' } = measurement;
  return {
    ...measurement,
    message: cut(message, MESSAGE_LENGTH),
    ...(query !== undefined && { query: cut(query, QUERY_LENGTH) }),
  };
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/**
 * The phase of a metric by its counters. Breached limits come first, worst first; then what completes it.
 * Every phase but Running says by which measurement, and by which count against which limit.
 */
function judgeMetric(result: MetricResult, metric: ResolvedMetric): Phase {
  const { count, failed, inconclusive, consecutiveSuccess, consecutiveFailure, consecutiveError } = result;
  const { failureLimit, consecutiveFailureLimit, consecutiveSuccessLimit } = metric;
  const because = (phase: AnalysisPhase, why: string) => ({
    phase,
    message: `${evidence(result, metric)}; ${why}`,
  });

  if (failureLimit !== undefined && failed > failureLimit) {
    return because('Failed', `${failed} failed, failureLimit ${failureLimit}`);
  }
  if (consecutiveFailureLimit !== undefined && consecutiveFailure > consecutiveFailureLimit) {
    return because(
      'Failed',
      `${consecutiveFailure} failed in a row, consecutiveFailureLimit ${consecutiveFailureLimit}`,
    );
  }
  if (consecutiveError > metric.consecutiveErrorLimit) {
    return because(
      'Error',
      `${consecutiveError} error${consecutiveError === 1 ? '' : 's'} in a row, consecutiveErrorLimit ${metric.consecutiveErrorLimit}`,
    );
  }
  if (inconclusive > metric.inconclusiveLimit) {
    return because(
      'Inconclusive',
      `${inconclusive} inconclusive, inconclusiveLimit ${metric.inconclusiveLimit}`,
    );
  }
  if (metric.judge?.kind === 'sequential') return judgeDecision(result, metric);
  const done = `${count} of ${metric.count ?? 'any number'} measured`;
  if (consecutiveSuccessLimit !== undefined && consecutiveSuccess >= consecutiveSuccessLimit) {
    return passed(
      result,
      metric,
      `${consecutiveSuccess} successful in a row, consecutiveSuccessLimit ${consecutiveSuccessLimit}`,
    );
  }
  if (metric.count === undefined || count < metric.count) return { phase: 'Running' };
  if (consecutiveSuccessLimit !== undefined) {
    // As in Argo Rollouts: only where no failure limit is on does a missed streak mean a failure.
    return because(
      failureLimit === undefined ? 'Failed' : 'Inconclusive',
      `${done}, ${consecutiveSuccess} successful in a row at the end, consecutiveSuccessLimit ${consecutiveSuccessLimit} not reached`,
    );
  }
  return passed(result, metric, `${done}, ${failed} failed, failureLimit ${failureLimit ?? 'off'}`);
}

/** A sequential test has no limits: it has passed, or it goes on until its count is used up. */
function judgeDecision(result: MetricResult, metric: ResolvedMetric): Phase {
  const measured = `${result.count} measurement${result.count === 1 ? '' : 's'}`;
  const message = `${evidence(result, metric)}; after ${measured}`;
  if (result.successful > 0) return { phase: 'Successful', message };
  if (metric.count === undefined || result.count < metric.count) return { phase: 'Running' };
  return { phase: 'Inconclusive', message: `${message}, count ${metric.count}, undecided` };
}

/** Successful, unless nothing was ever measured and the metric does not say that this is enough. */
function passed(result: MetricResult, metric: ResolvedMetric, why: string): Phase {
  const message = `${evidence(result, metric)}; ${why}`;
  if (result.withData > 0) return { phase: 'Successful', message };
  if (metric.noData === 'Pass') return { phase: 'Successful', message: `${message}; passed without data` };
  return { phase: 'Inconclusive', message: `${message}; no measurement had data` };
}

/** The last measurement in words: metric, value and condition. */
function evidence(result: MetricResult, metric: ResolvedMetric): string {
  return (
    result.measurements.at(-1)?.message ?? `${metric.name} was never measured for ${conditionText(metric)}`
  );
}

export interface JudgeFacts {
  now: number;
  startedAt: number;
  maxDurationMs: number;
  terminate: boolean;
  /** Joins the metrics that have a group; none where it is unset. */
  score?: Score | undefined;
}

/**
 * The phase of a run. The first metric that ends other than Successful ends the run at once, and what is
 * unfinished then is Cancelled. Metrics of the score decide by it together, once all of them have ended; only one that
 * came to nothing ends the run by itself. Metrics that are dry runs have no say, and are Cancelled as well if
 * they are unfinished at the end. `results` are in the order of `metrics`.
 */
export function judgeRun(
  metrics: readonly ResolvedMetric[],
  results: readonly MetricResult[],
  facts: JudgeFacts,
): Phase & { results: MetricResult[]; score?: ScoreResult } {
  const score = scoreOf(facts.score, metrics, results);
  const scored = score && { score };
  const decisive = decisiveOf(metrics, results, facts.score, score);
  const worst = SEVERITY.map((phase) => decisive.find((each) => each.phase === phase)).find(Boolean);
  if (worst) {
    const why = `cancelled, because ${worst.name} ended as ${worst.phase}`;
    return {
      phase: worst.phase,
      message: worst.message ?? `${worst.name} ended as ${worst.phase}`,
      results: finishRest(metrics, results, 'Cancelled', why),
      ...scored,
    };
  }
  if (decisive.length > 0 && decisive.every((each) => each.phase === 'Successful')) {
    const message = cut(decisive.map((each) => each.message ?? each.name).join(' | '), 2 * MESSAGE_LENGTH);
    const why = 'cancelled, because the run ended as Successful without waiting for a dry run';
    return {
      phase: 'Successful',
      message,
      results: finishRest(metrics, results, 'Cancelled', why),
      ...scored,
    };
  }
  if (facts.terminate) return endAll(metrics, results, 'Cancelled', 'cancelled by spec.terminate');
  if (facts.now >= facts.startedAt + facts.maxDurationMs) {
    const why = `not finished within maxDuration ${formatDuration(facts.maxDurationMs)}`;
    return endAll(metrics, results, 'Inconclusive', why);
  }
  return { phase: 'Running', results: [...results] };
}

/** What has a say in the phase of a run: metrics by themselves, and the score in place of those that count in it. */
function decisiveOf(
  metrics: readonly ResolvedMetric[],
  results: readonly MetricResult[],
  asked: Score | undefined,
  score: ScoreResult | undefined,
): { name: string; phase: AnalysisPhase; message?: string | undefined }[] {
  const alone = results.filter((result, index) => {
    const metric = metrics[index];
    if (!metric || metric.dryRun) return metric === undefined;
    return !isScored(metric, asked) || isUnjudged(result);
  });
  if (!asked) return alone;
  return [...alone, { name: 'the score', ...(score ?? { phase: 'Running' as const }) }];
}

function endAll(
  metrics: readonly ResolvedMetric[],
  results: readonly MetricResult[],
  phase: AnalysisPhase,
  why: string,
): Phase & { results: MetricResult[] } {
  const ended = finishRest(metrics, results, phase, why);
  const decisive = ended.find((result, index) => result.phase === phase && metrics[index]?.dryRun !== true);
  const message = decisive?.message ?? why;
  return { phase, message, results: ended };
}

function finishRest(
  metrics: readonly ResolvedMetric[],
  results: readonly MetricResult[],
  phase: AnalysisPhase,
  why: string,
): MetricResult[] {
  return results.map((result, index) => {
    const metric = metrics[index];
    if (isFinished(result.phase) || !metric) return result;
    const counted = `${result.count} of ${metric.count ?? 'any number'} measured, ${result.failed} failed, failureLimit ${metric.failureLimit ?? 'off'}`;
    return { ...result, phase, message: `${evidence(result, metric)}; ${counted}; ${why}` };
  });
}
