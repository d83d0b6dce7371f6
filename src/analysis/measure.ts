import type { Outcome } from '../api/analysis-run.ts';
import type { CompiledCondition, ConditionVariables } from './condition.ts';
import { formatNumber, listText } from './format-number.ts';
import type { QueryAnswer, SampleValue } from './query-answer.ts';
import { conditionText, type ResolvedMetric } from './resolve-metric.ts';

/** What one measurement comes to, and why, in one word and in one sentence. */
export interface Assessment {
  outcome: Outcome;
  value?: string;
  samples?: number;
  reason: string;
  message: string;
  /** Whether a value was measured. Without one an outcome is only what the metric's `noData` says. */
  hasData: boolean;
}

const NO_DATA_OUTCOMES = {
  Inconclusive: 'Inconclusive',
  // Shown as Inconclusive, and not counted: see recordMeasurement.
  Wait: 'Inconclusive',
  Pass: 'Successful',
  Fail: 'Failed',
} as const satisfies Record<ResolvedMetric['noData'], Outcome>;

/** Judges what a source answered by the conditions of the metric. */
export function assess(metric: ResolvedMetric, answer: QueryAnswer): Assessment {
  if (answer.kind === 'fault') {
    return error(
      answer.reason,
      `${metric.name} could not be measured for ${conditionText(metric)}: ${answer.message}`,
    );
  }
  if (answer.kind === 'series') {
    return error('UnexpectedAnswer', `${metric.name} was answered with a range of samples`);
  }
  return withWarnings(metric, assessSamples(metric, answer.values), answer.warnings);
}

/** What a measurement is whose query was not sent, because it would select pods and there are none. */
export function assessNoPods(metric: ResolvedMetric): Assessment {
  return noData(metric, 'NoPods', 'the query selects pods and there are none, so it was not sent');
}

function assessSamples(metric: ResolvedMetric, samples: readonly SampleValue[]): Assessment {
  const numbers = samples.map(toNumber).filter((number) => !Number.isNaN(number));
  const shown = {
    ...(samples.length > 0 && { value: listText(samples.map(String)) }),
    samples: samples.length,
  };
  const needsOne = [metric.successCondition, metric.failureCondition].some((each) => each?.uses.has('value'));
  if (samples.length > 1 && needsOne) {
    return {
      ...error(
        'SeveralSeries',
        `${metric.name} returned ${samples.length} series, and ${conditionText(metric)} asks for one value: aggregate the query, as sum(…) does, or use \`values\` in the condition`,
      ),
      ...shown,
    };
  }
  const [value] = numbers;
  if (value === undefined) {
    const what = samples.length === 0 ? 'the query returned nothing' : 'the query returned NaN';
    return { ...noData(metric, 'NoData', what), ...shown };
  }
  return { ...assessNumbers(metric, { value, values: numbers }), ...shown };
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

/** Of an incomplete answer nobody knows what is missing: it may fail a canary and never pass one. */
function withWarnings(
  metric: ResolvedMetric,
  assessment: Assessment,
  warnings: readonly string[],
): Assessment {
  if (warnings.length === 0 || assessment.outcome !== 'Successful') return assessment;
  return {
    ...assessment,
    outcome: 'Inconclusive',
    reason: 'PartialData',
    message: `${assessment.message}, but the answer of source ${metric.source} may be incomplete: ${warnings.join('; ')}`,
  };
}

function noData(metric: ResolvedMetric, reason: 'NoData' | 'NoPods', what: string): Assessment {
  const policy = metric.noData === 'Inconclusive' ? '' : ` (noData: ${metric.noData})`;
  return {
    outcome: NO_DATA_OUTCOMES[metric.noData],
    reason,
    message: `${metric.name} has no data for ${conditionText(metric)}: ${what}${policy}`,
    hasData: false,
  };
}

function error(reason: string, message: string): Assessment {
  return { outcome: 'Error', reason, message, hasData: false };
}

/** The value in few digits, or in full where rounding would make the message contradict the outcome. */
function describeMeasured(
  { value, values }: ConditionVariables,
  conditions: readonly (CompiledCondition | undefined)[],
): string {
  if (values.length > 1) return listText(values.map(formatNumber));
  const short = formatNumber(value);
  const rounded = Number.isFinite(value) ? Number(short) : value;
  const same = conditions.every((condition) => {
    const exact = condition?.evaluate({ value, values });
    const shown = condition?.evaluate({ value: rounded, values: [rounded] });
    return exact?.ok === shown?.ok && (!exact?.ok || !shown?.ok || exact.result === shown.result);
  });
  return same ? short : String(value);
}

function toNumber(sample: SampleValue): number {
  if (sample === '+Inf') return Infinity;
  if (sample === '-Inf') return -Infinity;
  return typeof sample === 'number' ? sample : Number.NaN;
}
