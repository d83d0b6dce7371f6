import type { Outcome } from '../api/analysis-run.ts';
import { faultIn } from './answers-fault.ts';
import { judgeMannWhitney, judgeSequential, type Progress } from './assess-judge.ts';
import { type Assessment, error, noData, withWarnings } from './assessment.ts';
import type { CompiledCondition, ConditionVariables } from './condition.ts';
import { formatNumber, listText } from './format-number.ts';
import type { Answered } from './measure-job.ts';
import type { QueryAnswer } from './query-answer.ts';
import { MINIMUM_QUERY, ONLY_QUERY } from './questions.ts';
import { answerTo, readVariables, type Shown } from './read-variables.ts';
import { conditionText, type ResolvedMetric } from './resolve-metric.ts';
import { sampleNumber } from './sample-number.ts';

/** Judges what a source answered to the queries of one measurement by the conditions of the metric, or its judge. */
export function assessAll(
  metric: ResolvedMetric,
  answers: readonly Answered[],
  progress: Progress = { since: 0, state: undefined },
): Assessment {
  const fault = faultIn(answers);
  if (fault) {
    return error(
      fault.reason,
      `${metric.name} could not be measured for ${conditionText(metric)}: ${fault.message}`,
    );
  }
  const warnings = warningsOf(answers);
  if (metric.judge?.kind === 'sequential') {
    return judgeSequential(metric, metric.judge, answers, warnings, progress);
  }
  const assessment =
    metric.judge?.kind === 'mannWhitney'
      ? judgeMannWhitney(metric, metric.judge, answers)
      : assessAnswers(metric, answers);
  return withWarnings(metric, assessment, warnings);
}

/** The same for the only query of a metric. */
export function assess(metric: ResolvedMetric, answer: QueryAnswer): Assessment {
  return assessAll(metric, [{ name: ONLY_QUERY, answer }]);
}

/** What a measurement is whose query was not sent, because it would select pods and there are none. */
export function assessNoPods(metric: ResolvedMetric): Assessment {
  return noData(metric, 'NoPods', 'the query selects pods and there are none, so it was not sent');
}

function assessAnswers(metric: ResolvedMetric, answers: readonly Answered[]): Assessment {
  const needsOne = [metric.successCondition, metric.failureCondition].some((each) =>
    each?.uses.has(ONLY_QUERY),
  );
  const reading = readVariables(metric.questions, answers, needsOne);
  const { shown } = reading;
  const little = littleObserved(metric, answers, shown);
  if (little) return little;
  if (reading.kind === 'noData') return { ...noData(metric, 'NoData', reading.what), ...shown };
  if (reading.kind === 'error') {
    const subject = reading.query === ONLY_QUERY ? metric.name : `${metric.name}: ${reading.query}`;
    const advice = reading.reason === 'SeveralSeries' ? aggregate(metric, reading.query) : '';
    return { ...error(reading.reason, `${subject} ${reading.what}${advice}`), ...shown };
  }
  return { ...assessNumbers(metric, reading.variables), ...shown };
}

function aggregate(metric: ResolvedMetric, query: string): string {
  const isRange = metric.questions.some(({ name, range }) => name === query && range !== undefined);
  if (isRange) return ', and one is needed: aggregate the query, as sum(…) does';
  const other = query === ONLY_QUERY ? ', or use `values` in the condition' : '';
  return `, and ${conditionText(metric)} asks for one value: aggregate the query, as sum(…) does${other}`;
}

/** What a measurement is when less was observed than the metric asks for; undefined when it was enough. */
function littleObserved(
  metric: ResolvedMetric,
  answers: readonly Answered[],
  shown: Shown,
): Assessment | undefined {
  if (metric.minimum === undefined) return undefined;
  const answer = answerTo(answers, MINIMUM_QUERY);
  if (answer?.kind !== 'samples') {
    return error(
      'UnexpectedAnswer',
      `${metric.name}: the query of minimum was answered with a range of samples`,
    );
  }
  if (answer.values.length > 1) {
    const what = `the query of minimum returned ${answer.values.length} series, and one is needed`;
    return error('SeveralSeries', `${metric.name}: ${what}: aggregate it, as sum(…) does`);
  }
  const observed = sampleNumber(answer.values[0] ?? 'NaN');
  if (observed >= metric.minimum) return undefined;
  const least = formatNumber(metric.minimum);
  const what = Number.isNaN(observed)
    ? `nothing was observed, and minimum is ${least}`
    : `${observed} observed, and minimum is ${least}`;
  return { ...noData(metric, 'BelowMinimum', what), ...shown };
}

function warningsOf(answers: readonly Answered[]): string[] {
  return [...new Set(answers.flatMap(({ answer }) => (answer.kind === 'fault' ? [] : answer.warnings)))];
}

function assessNumbers(metric: ResolvedMetric, variables: ConditionVariables): Assessment {
  const { name, successCondition: success, failureCondition: failure } = metric;
  const failed = failure?.evaluate(variables);
  const succeeded = success?.evaluate(variables);
  const measured = `${name} ${describeMeasured(variables, [success, failure])}`;
  const decided = (outcome: Outcome, reason: string, rest: string): Assessment => ({
    outcome,
    reason,
    message: `${measured} ${rest}`,
    hasData: true,
  });
  const failureText = `the failure condition ${failure?.source.trim()}`;
  const successText = success?.source.trim();
  if (failed?.ok && failed.result) return decided('Failed', 'FailureConditionMet', `meets ${failureText}`);
  const broken = failed?.ok === false ? failed : succeeded?.ok === false ? succeeded : undefined;
  if (broken) {
    const source = broken === failed ? failureText : successText;
    return error('ConditionError', `${measured}: ${source} cannot be computed: ${broken.message}`);
  }
  if (succeeded?.ok && succeeded.result)
    return decided('Successful', 'SuccessConditionMet', `satisfies ${successText}`);
  if (!success) return decided('Successful', 'FailureConditionNotMet', `does not meet ${failureText}`);
  if (!failure) return decided('Failed', 'SuccessConditionNotMet', `does not satisfy ${successText}`);
  return decided(
    'Inconclusive',
    'NeitherConditionMet',
    `neither satisfies ${successText} nor meets ${failureText}`,
  );
}

/** The values in few digits, or in full where rounding would make the message contradict the outcome. */
function describeMeasured(
  variables: ConditionVariables,
  conditions: readonly (CompiledCondition | undefined)[],
): string {
  const short = textOf(variables, formatNumber);
  const rounded = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      typeof value === 'number' ? roundedNumber(value) : value.map(roundedNumber),
    ]),
  );
  const same = conditions.every((condition) => {
    const exact = condition?.evaluate(variables);
    const shown = condition?.evaluate(rounded);
    return exact?.ok === shown?.ok && (!exact?.ok || !shown?.ok || exact.result === shown.result);
  });
  return same ? short : textOf(variables, String);
}

/** `0.99`, `[1, 2]`, or `errors 3, requests 100`. */
function textOf(variables: ConditionVariables, format: (number: number) => string): string {
  const { values } = variables;
  if (typeof values === 'object') return listText(values.map(format));
  return Object.entries(variables)
    .map(([name, value]) => `${name} ${listText((typeof value === 'number' ? [value] : value).map(format))}`)
    .join(', ');
}

function roundedNumber(number: number): number {
  return Number.isFinite(number) ? Number(formatNumber(number)) : number;
}
