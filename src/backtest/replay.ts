import { isFinished, judgeRun, newResult, recordMeasurement } from '../analysis/judge.ts';
import type { MetricResult } from '../api/analysis-run.ts';
import { type BacktestPlan, isEndless, slotMs } from './plan.ts';
import { type PastLook, recordLook } from './replay-test.ts';
import { type SampledMetric, sampleAt } from './samples.ts';

/**
 * What an analysis would have come to. `NoData` is Inconclusive for want of data; `Running` is one that had
 * nothing against the release when the time was over, as of metrics without an end.
 */
export const RUN_VERDICTS = ['Successful', 'Failed', 'Inconclusive', 'NoData', 'Error', 'Running'] as const;
export type RunVerdict = (typeof RUN_VERDICTS)[number];

export interface ReplayedRun {
  startedAt: number;
  endedAt: number;
  verdict: RunVerdict;
  /** The metric that decided, or `score`; unset where all of them passed. */
  metric?: string;
  message: string;
}

/** The result of a metric, and when it is measured next. */
interface Turn {
  sampled: SampledMetric;
  result: MetricResult;
  /** The number of the measurement in its metric's grid. */
  slot: number;
  /** Of a sequential metric, the looks that are left. */
  looks?: PastLook[] | undefined;
  hadData: boolean;
}

/**
 * Replays the analysis that starts at `startedAt` by the functions that judge real ones: each metric is measured
 * when it is due, and the first that ends other than Successful ends the run. Dry runs decide nothing and are left out.
 */
export function replayRun(
  all: readonly SampledMetric[],
  startedAt: number,
  { maxDurationMs, period, score }: Pick<BacktestPlan, 'maxDurationMs' | 'period' | 'score'>,
): ReplayedRun {
  const sampled = all.filter(({ planned }) => !planned.metric.dryRun);
  const metrics = sampled.map(({ planned }) => planned.metric);
  const turns: Turn[] = sampled.map((each) => {
    const looks = each.tests?.looksFrom(startedAt).toReversed();
    return {
      sampled: each,
      result: newResult(each.planned.metric),
      slot: slotOf(looks, 0),
      looks,
      hadData: false,
    };
  });
  const deadline = startedAt + maxDurationMs;
  const judge = (now: number) =>
    judgeRun(
      metrics,
      turns.map(({ result }) => result),
      { now, startedAt, maxDurationMs, terminate: false, score },
    );

  for (;;) {
    const now = Math.min(...turns.map((turn) => dueAt(turn, startedAt)));
    if (now >= deadline || now >= period.to) break;
    const due = turns.filter((turn) => dueAt(turn, startedAt) === now);
    // Most measurements decide nothing, so the run is judged only when a metric has come to its end.
    if (due.map((turn) => measure(turn, now)).some(Boolean)) {
      const { phase, message = '' } = judge(now);
      if (isFinished(phase)) return replayed(turns, startedAt, now, phase as RunVerdict, message);
    }
  }
  if (deadline > period.to || turns.some(({ sampled: { planned } }) => isEndless(planned.metric))) {
    const endedAt = Math.min(deadline, period.to);
    return {
      startedAt,
      endedAt,
      verdict: 'Running',
      message: 'nothing was against it when the time was over',
    };
  }
  const { phase, message = '' } = judge(deadline);
  return replayed(turns, startedAt, deadline, phase as RunVerdict, message);
}

function dueAt({ sampled: { planned }, result, slot }: Turn, startedAt: number): number {
  if (isFinished(result.phase)) return Infinity;
  return startedAt + planned.metric.initialDelayMs + slot * slotMs(planned.metric);
}

/** The slot of the next look of a test, which is its last item: those between are undecided. */
function slotOf(looks: readonly PastLook[] | undefined, otherwise: number): number {
  return looks ? (looks.at(-1)?.slot ?? Infinity) : otherwise;
}

/** Takes one measurement; answers whether it ended the metric. */
function measure(turn: Turn, now: number): boolean {
  const look = turn.looks?.pop();
  if (look) {
    turn.slot = slotOf(turn.looks, 0);
    turn.result = recordLook(turn.result, turn.sampled.planned.metric, look, now);
    turn.hadData = look.assessment.hasData;
    return isFinished(turn.result.phase);
  }
  const sample = sampleAt(turn.sampled, now);
  turn.slot += 1;
  if (!sample) return false;
  const { hasData } = sample.assessment;
  const measurement = { ...sample.measurement, sequence: turn.result.nextSequence };
  turn.result = recordMeasurement(turn.result, turn.sampled.planned.metric, measurement, hasData);
  turn.hadData = hasData;
  return isFinished(turn.result.phase);
}

function replayed(
  turns: readonly Turn[],
  startedAt: number,
  endedAt: number,
  phase: RunVerdict,
  message: string,
): ReplayedRun {
  if (phase === 'Successful') return { startedAt, endedAt, verdict: phase, message };
  const decided =
    turns.find(({ result }) => result.phase === phase) ??
    turns.find(({ result }) => !isFinished(result.phase));
  const verdict = phase === 'Inconclusive' && decided?.hadData === false ? 'NoData' : phase;
  return { startedAt, endedAt, verdict, metric: decided?.result.name ?? 'score', message };
}
