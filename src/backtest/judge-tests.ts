import { noData } from '../analysis/assessment.ts';
import { isFinished, newResult } from '../analysis/judge.ts';
import type { ResolvedMetric } from '../analysis/resolve-metric.ts';
import type { SequentialParameters } from '../analysis/sequential-test.ts';
import { countPast, type SequentialJudge } from './counted-past.ts';
import { type JudgedSample, judgedAs } from './judged-sample.ts';
import type { Period, PlannedMetric } from './plan.ts';
import type { AnsweredChunk } from './recall.ts';
import { lookGrid, type PastLook, recordLook, replayTest } from './replay-test.ts';
import type { SampledMetric } from './samples.ts';
import type { PlannedSeries } from './series.ts';

/** Judges a sequential metric: the test that begins at each moment of the period. */
export function judgeTests(
  planned: PlannedMetric,
  judge: SequentialJudge,
  { from, to }: Period,
  chunks: ReadonlyMap<PlannedSeries, readonly AnsweredChunk[]>,
): SampledMetric {
  const { metric, resolutionMs, momentMs, maxDurationMs } = planned;
  const weighBy = countPast(planned, judge, chunks);
  const samples = Math.ceil((to - from) / resolutionMs);
  const grid = lookGrid(metric, { resolutionMs, maxDurationMs, samples });
  const testsWith = (parameters: SequentialParameters) => {
    const past = weighBy(parameters);
    const asked = { metric, judge: { ...judge, parameters }, grid };
    return (at: number) => replayTest(past, asked, Math.floor((at - from) / resolutionMs));
  };
  const looksFrom = testsWith(judge.parameters);
  const looks = Array.from({ length: Math.ceil((to - from) / momentMs) }, (_, index) =>
    looksFrom(from + index * momentMs),
  );
  return {
    planned,
    from,
    judged: looks.map((each, index) => judgeTest(metric, each, from + index * momentMs)),
    tests: {
      looksFrom: (at) => looks[Math.floor((at - from) / momentMs)] ?? [],
      failsWith(ratio) {
        const looksWith = testsWith({ ...judge.parameters, ratio });
        return (at) => looksWith(at).some(({ assessment }) => assessment.outcome === 'Failed');
      },
    },
  };
}

/** What the test comes to that begins at this moment, when nothing else ends its analysis. */
function judgeTest(metric: ResolvedMetric, looks: readonly PastLook[], at: number): JudgedSample {
  let result = newResult(metric);
  let last: PastLook | undefined;
  for (const look of looks) {
    if (isFinished(result.phase)) break;
    result = recordLook(result, metric, look, at);
    last = look;
  }
  const assessment = last?.assessment ?? noData(metric, 'NoSamples', 'the period ends before its first look');
  return { ...judgedAs(at, last?.ratio, assessment), unanswered: last?.unanswered };
}
