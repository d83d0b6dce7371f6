import { assessAll } from '../analysis/measure.ts';
import type { Answered } from '../analysis/measure-job.ts';
import type { SampleValue } from '../analysis/query-answer.ts';
import { ONLY_QUERY } from '../analysis/questions.ts';
import { answerTo } from '../analysis/read-variables.ts';
import { judgeTests } from './judge-tests.ts';
import { type JudgedSample, judgedAs } from './judged-sample.ts';
import type { Period, PlannedMetric } from './plan.ts';
import { type AnsweredChunk, recallOf } from './recall.ts';
import type { PastLook } from './replay-test.ts';
import type { PlannedSeries } from './series.ts';

export interface PastTests {
  looksFrom(at: number): PastLook[];
  /** Whether one would have failed if the canary might have so many times the stable rate. */
  failsWith(ratio: number): (at: number) => boolean;
}

/** What a metric would have been answered, and judged as, at each of its moments. */
export interface SampledMetric {
  planned: PlannedMetric;
  /** The first moment, in epoch milliseconds. */
  from: number;
  /** By the number of the moment. Of a sequential metric, what the test comes to that begins there. */
  judged: JudgedSample[];
  /** The tests of a sequential metric, by the moment at which they begin; unset for any other metric. */
  tests?: PastTests | undefined;
}

/**
 * Judges one metric at every moment of the period, as the controller judges a measurement: all its queries, answered
 * for that moment, by its conditions or its test. `chunks` are the answers to each of its series.
 */
export function judgeSamples(
  planned: PlannedMetric,
  { from, to }: Period,
  chunks: ReadonlyMap<PlannedSeries, readonly AnsweredChunk[]>,
): SampledMetric {
  const { metric, series, resolutionMs } = planned;
  const { judge } = metric;
  if (judge?.kind === 'sequential') return judgeTests(planned, judge, { from, to }, chunks);
  const recalls = series.map((each) => ({ name: each.name, recall: recallOf(each, chunks.get(each) ?? []) }));
  const judged = Array.from({ length: Math.ceil((to - from) / resolutionMs) }, (_, index) => {
    const at = from + index * resolutionMs;
    const answers = recalls.map(({ name, recall }) => ({ name, answer: recall(at) }));
    return {
      ...judgedAs(at, onlyValue(answers), assessAll(metric, answers)),
      unanswered: answers.find(({ answer }) => answer.kind === 'fault')?.name,
    };
  });
  return { planned, from, judged };
}

/** The sample of the only query that is an instant one and gives `value`. */
function onlyValue(answers: readonly Answered[]): number | undefined {
  const answer = answerTo(answers, ONLY_QUERY);
  return answer?.kind === 'samples' && answer.values.length === 1 ? numberOf(answer.values[0]) : undefined;
}

function numberOf(value: SampleValue | undefined): number | undefined {
  if (value === '+Inf') return Infinity;
  if (value === '-Inf') return -Infinity;
  return typeof value === 'number' ? value : undefined;
}

/** The moment of an instant, or the newest before it; undefined outside of what was asked for. */
export function sampleAt({ from, judged, planned }: SampledMetric, at: number): JudgedSample | undefined {
  return judged[Math.floor((at - from) / planned.momentMs)];
}
