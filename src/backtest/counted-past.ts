import { assessPartial, assessUncounted } from '../analysis/assess-judge.ts';
import { type Assessment, error } from '../analysis/assessment.ts';
import { usedBoundaries } from '../analysis/histogram-test.ts';
import type { Judge } from '../analysis/metric-judge.ts';
import { conditionText } from '../analysis/resolve-metric.ts';
import { countAnswers } from '../analysis/sequential-metric.ts';
import {
  type SequentialParameters,
  type WeighedInterval,
  weighInterval,
} from '../analysis/sequential-test.ts';
import type { PlannedMetric } from './plan.ts';
import { type AnsweredChunk, recallSeriesOf } from './recall.ts';
import type { PlannedSeries } from './series.ts';

export type SequentialJudge = Extract<Judge, { kind: 'sequential' }>;

/** What the counters of both versions say of one interval of the past. */
export type PastInterval = CountedInterval | UncountedInterval;

export interface CountedInterval {
  kind: 'counts';
  /** At each bucket boundary; of events, at the only one. */
  weighed: ReadonlyMap<string, WeighedInterval>;
  /** The boundaries that a test uses which begins with this interval. */
  used: readonly string[];
  clamped: readonly string[];
  /** The number of the sample at which it ends: the newest of which both versions have some. */
  until: number;
}

interface UncountedInterval {
  kind: 'uncounted';
  assessment: Assessment;
  /** The query that could not be asked for, in the backtest. */
  unanswered?: string | undefined;
}

/** The past of a sequential metric: what was counted between any two of its samples, which it is asked for by number. */
export type CountedPast = (fromIndex: number, toIndex: number) => PastInterval;

/**
 * Counts intervals of the past from samples a moment apart, by the code that counts real ones. Analyses that begin at
 * different moments share most of their intervals, so each is counted and weighed once.
 *
 * @param parameters those of the metric, or others to try
 */
export function countPast(
  { metric, series }: PlannedMetric,
  judge: SequentialJudge,
  chunks: ReadonlyMap<PlannedSeries, readonly AnsweredChunk[]>,
): (parameters: SequentialParameters) => CountedPast {
  const recalls = series.map((each) => ({
    name: each.name,
    recall: recallSeriesOf(each, chunks.get(each) ?? []),
  }));
  const [{ first, resolutionMs } = { first: 0, resolutionMs: 1 }] = series;

  function count(fromIndex: number, toIndex: number) {
    const answers = recalls.map(({ name, recall }) => ({ name, answer: recall(fromIndex, toIndex) }));
    for (const { name, answer } of answers) {
      if (answer.kind !== 'fault') continue;
      const message = `${metric.name} could not be measured for ${conditionText(metric)}: ${answer.message}`;
      return uncounted(error(answer.reason, message), name);
    }
    const partial = assessPartial(metric, [
      ...new Set(answers.flatMap(({ answer }) => (answer.kind === 'fault' ? [] : answer.warnings))),
    ]);
    if (partial) return uncounted(partial);
    const counted = countAnswers(judge, answers, first + fromIndex * resolutionMs);
    if (counted.kind !== 'counts') return uncounted(assessUncounted(metric, counted));
    return { ...counted, until: Math.round((counted.until - first) / resolutionMs) };
  }

  const counts = memoized(count);
  return (parameters) =>
    memoized((fromIndex, toIndex): PastInterval => {
      const counted = counts(fromIndex, toIndex);
      if (counted.kind === 'uncounted') return counted;
      const { boundaries, clamped, until } = counted;
      const weighed = new Map(boundaries.map(({ le, ...both }) => [le, weighInterval(both, parameters)]));
      return { kind: 'counts', weighed, used: usedBoundaries(boundaries), clamped, until };
    });
}

function uncounted(assessment: Assessment, unanswered?: string): UncountedInterval {
  return { kind: 'uncounted', assessment, unanswered };
}

function memoized<T>(compute: (fromIndex: number, toIndex: number) => T): (from: number, to: number) => T {
  const known = new Map<number, Map<number, T>>();
  return (fromIndex, toIndex) => {
    const row = known.get(fromIndex) ?? new Map<number, T>();
    known.set(fromIndex, row);
    const found = row.get(toIndex);
    if (found !== undefined) return found;
    const computed = compute(fromIndex, toIndex);
    row.set(toIndex, computed);
    return computed;
  };
}
