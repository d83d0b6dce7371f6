import type { Answered } from './measure-job.ts';
import type { QueryAnswer } from './query-answer.ts';

export type QueryFault = Extract<QueryAnswer, { kind: 'fault' }>;

/**
 * The fault of a measurement: that of any of its queries. One that no retry can mend comes first, and only
 * when there is none the measurement can be tried again, after the longest pause that was asked for.
 */
export function faultIn(answers: readonly Answered[]): QueryFault | undefined {
  const faults = answers.flatMap(({ answer }) => (answer.kind === 'fault' ? [answer] : []));
  const worst = faults.find(({ retryable }) => !retryable) ?? faults[0];
  if (!worst) return undefined;
  if (!worst.retryable) return worst;
  const pauses = faults.flatMap(({ retryAfterMs }) => (retryAfterMs === undefined ? [] : [retryAfterMs]));
  return { ...worst, ...(pauses.length > 0 && { retryAfterMs: Math.max(...pauses) }) };
}
