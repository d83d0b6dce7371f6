import type { ConditionVariables } from './condition.ts';
import { listText } from './format-number.ts';
import type { Answered } from './measure-job.ts';
import type { QueryAnswer, SampleValue } from './query-answer.ts';
import { type MetricQuestion, MINIMUM_QUERY, ONLY_QUERY } from './questions.ts';
import { sampleNumber } from './sample-number.ts';

/** The samples of a measurement as text, and how many there were. */
export interface Shown {
  value?: string;
  samples: number;
}

/** What the answers to the queries of one measurement say; none of them is a fault. */
export type Reading = { shown: Shown } & (
  | { kind: 'variables'; variables: ConditionVariables }
  | { kind: 'noData'; what: string }
  | { kind: 'error'; reason: 'SeveralSeries' | 'UnexpectedAnswer'; query: string; what: string }
);

/** What the samples of one query are. */
type Trouble = Pick<Extract<Reading, { kind: 'error' }>, 'kind' | 'reason' | 'query' | 'what'>;
type Read =
  | { question: MetricQuestion; samples: readonly SampleValue[]; numbers: readonly number[] }
  | { question: MetricQuestion; samples: readonly SampleValue[]; trouble: Trouble };

/**
 * The variables of a condition by the names of the queries. A NaN is no data; an empty result is, too, unless the
 * query says what it stands for. NaN is left out where there are several samples.
 *
 * @param needsOne whether a metric of one instant query must have one sample
 */
export function readVariables(
  questions: readonly MetricQuestion[],
  answers: readonly Answered[],
  needsOne: boolean,
): Reading {
  const asked = questions.filter(({ name }) => name !== MINIMUM_QUERY);
  const isOnly = asked.every(({ name }) => name === ONLY_QUERY);
  const reads = asked.map((question) =>
    read(question, answerTo(answers, question.name), !isOnly || needsOne),
  );
  const shown = shownOf(reads, isOnly);
  const variables: Record<string, number | readonly number[]> = {};
  let empty: string | undefined;
  for (const one of reads) {
    if ('trouble' in one) return { ...one.trouble, shown };
    const { question, samples, numbers } = one;
    if (numbers.length === 0) {
      const label = isOnly ? 'the query' : `the query ${question.name}`;
      empty ??= `${label} returned ${samples.length === 0 ? 'nothing' : 'NaN'}`;
    }
    variables[question.name] = question.range ? numbers : (numbers[0] ?? Number.NaN);
    if (isOnly) variables['values'] = numbers;
  }
  if (empty !== undefined) return { kind: 'noData', what: empty, shown };
  return { kind: 'variables', variables, shown };
}

/** The answer to the query of this name. */
export function answerTo(answers: readonly Answered[], name: string): QueryAnswer | undefined {
  return answers.find((each) => each.name === name)?.answer;
}

function read(question: MetricQuestion, answer: QueryAnswer | undefined, needsOne: boolean): Read {
  const trouble = (reason: Trouble['reason'], what: string, samples: readonly SampleValue[] = []): Read => ({
    question,
    samples,
    trouble: { kind: 'error', reason, query: question.name, what },
  });
  let samples: readonly SampleValue[];
  if (question.range) {
    if (answer?.kind !== 'series')
      return trouble('UnexpectedAnswer', 'was not answered with a range of samples');
    const { series } = answer;
    if (series.length > 1) return trouble('SeveralSeries', `returned ${series.length} series of samples`);
    samples = (series[0]?.samples ?? []).map(([, value]) => value);
  } else {
    if (answer?.kind !== 'samples')
      return trouble('UnexpectedAnswer', 'was answered with a range of samples');
    samples = answer.values;
    if (samples.length > 1 && needsOne) {
      return trouble('SeveralSeries', `returned ${samples.length} series`, samples);
    }
  }
  if (samples.length === 0 && question.whenEmpty !== undefined) {
    return { question, samples: [question.whenEmpty], numbers: [question.whenEmpty] };
  }
  const numbers = samples.map(sampleNumber).filter((number) => !Number.isNaN(number));
  return { question, samples, numbers };
}

function shownOf(reads: readonly Read[], isOnly: boolean): Shown {
  const samples = reads.reduce((count, each) => count + each.samples.length, 0);
  const texts = reads.map((each) => listText(each.samples.map(String)));
  if (isOnly) return { ...(samples > 0 && { value: texts.join() }), samples };
  const value = reads
    .map(({ question }, index) => `${question.name} ${texts[index] || 'nothing'}`)
    .join(', ');
  return { value, samples };
}
