import type { MannWhitney } from '../api/judge-schemas.ts';
import { formatNumber } from './format-number.ts';
import { judgeKayenta, type KayentaMetric, type KayentaResult } from './kayenta-judge.ts';
import type { Answered } from './measure-job.ts';
import type { SampleValue } from './query-answer.ts';
import type { MetricQuestion } from './questions.ts';
import type { ResolvedRange } from './range.ts';

const ARMS = ['canary', 'stable'] as const;

/** What a comparison of the samples of both versions found. */
export type MannWhitneyAssessment =
  | { kind: 'compared'; result: KayentaResult; message: string; value: string; samples: number }
  | { kind: 'noData'; reason: string; message: string; samples: number }
  | { kind: 'error'; reason: string; message: string; samples: number };

/** The queries of the test: a range of samples of each version. */
export function mannWhitneyQuestions(
  fields: MannWhitney,
  range: ResolvedRange | undefined,
): MetricQuestion[] {
  return ARMS.map((arm) => ({ name: arm, query: fields[arm], ...(range && { range }) }));
}

/** Compares the samples of the canary with those of the stable version; none of the answers is a fault. */
export function assessMannWhitney(
  parameters: KayentaMetric,
  answers: readonly Answered[],
): MannWhitneyAssessment {
  const points: SampleValue[][] = [];
  for (const arm of ARMS) {
    const answer = answers.find(({ name }) => name === arm)?.answer;
    if (answer?.kind !== 'series') {
      const message = `the query ${arm} was not answered with a range of samples`;
      return { kind: 'error', reason: 'UnexpectedAnswer', message, samples: 0 };
    }
    if (answer.series.length > 1) {
      const message = `the query ${arm} returned ${answer.series.length} series of samples, and one is needed: aggregate the query, as sum(…) does`;
      return { kind: 'error', reason: 'SeveralSeries', message, samples: 0 };
    }
    points.push((answer.series[0]?.samples ?? []).map(([, value]) => value));
  }
  const [canary = [], stable = []] = points;
  const samples = canary.length + stable.length;
  const result = judgeKayenta(canary, stable, parameters);
  const counted = `${result.points.canary} samples of the canary and ${result.points.stable} of the stable version`;
  if (result.label === 'Nodata' || result.label === 'NodataFailMetric') {
    const message = `${counted}, and ${Math.max(parameters.minimumPoints, 1)} of each are needed`;
    return { kind: 'noData', reason: result.reason, message, samples };
  }
  if (result.label === 'Error') {
    const message = `${counted} cannot be ranked, since nearly all are equal`;
    return { kind: 'error', reason: result.reason, message, samples };
  }
  return {
    kind: 'compared',
    result,
    message: `${wordsOf(result)} (${counted})`,
    value: shownOf(result),
    samples,
  };
}

function wordsOf({ reason, shift, effect, pValue }: KayentaResult): string {
  const change = {
    Equal: 'both versions have the same values',
    NoChange: 'no clear change',
    SmallEffect: 'a change that is small enough to be allowed',
    Increase: 'the canary is higher',
    Decrease: 'the canary is lower',
    NoPoints: 'no samples to compare',
    FewPoints: 'too few samples to compare',
    NoVariance: 'nothing to rank',
  }[reason];
  const facts = [
    ...(shift ? [`shift ${formatNumber(shift.estimate)}, ${intervalOf(shift)}`] : []),
    ...(effect === undefined ? [] : [`effect ${formatNumber(effect)}`]),
    ...(pValue === undefined ? [] : [`p ${formatNumber(pValue)}`]),
  ];
  return [change, ...facts].join(', ');
}

function shownOf({ label, shift }: KayentaResult): string {
  return shift ? `${label}, shift ${formatNumber(shift.estimate)}, ${intervalOf(shift)}` : label;
}

function intervalOf({ low, high }: NonNullable<KayentaResult['shift']>): string {
  return `between ${formatNumber(low)} and ${formatNumber(high)}`;
}
