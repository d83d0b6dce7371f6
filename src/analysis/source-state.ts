import type { QueryAnswer } from './query-answer.ts';

/** What the results of its queries tell of one metric source. */
export interface SourceState {
  /** When the newest result was finished, in epoch milliseconds. */
  at: number;
  /** Since when nothing but faults of the source itself came, and the newest of them. */
  down?: { since: number; reason: string; message: string };
}

/** Faults of the source: whoever asks it anything gets them. */
const OF_THE_SOURCE: readonly string[] = [
  'BadSource',
  'BrokenAnswer',
  'ClockSkew',
  'NoCredentials',
  'NoToken',
  'NotPrometheus',
  'Redirected',
  'ServerError',
  'Timeout',
  'TooManyRequests',
  'Unauthorized',
  'Unreachable',
  'Untrusted',
];
/** Faults of one query, which show that the source does answer. */
const OF_THE_QUERY: readonly string[] = ['BadQuery', 'TooLarge'];

/** Faults that tell nothing of a source: it was not asked. */
const NOT_ASKED: readonly string[] = ['Forbidden', 'Cancelled', 'UnknownSource'];

/** What the reason of an Error tells of the source: that it is down, that it answered, or nothing. */
export function toldBy(reason: string): 'down' | 'answers' | undefined {
  if (OF_THE_SOURCE.includes(reason)) return 'down';
  return NOT_ASKED.includes(reason) ? undefined : 'answers';
}

/**
 * The state of a source after a result of whichever run, so that what is one trouble of one source need not
 * be told once a run. Results come in any order: one that is older than the newest changes nothing.
 */
export function observeSource(
  before: SourceState | undefined,
  { answer, finishedAt: at }: { answer: QueryAnswer; finishedAt: number },
): SourceState | undefined {
  if (before && at < before.at) return before;
  if (answer.kind !== 'fault' || OF_THE_QUERY.includes(answer.reason)) return { at };
  // Such as Forbidden and Cancelled: they tell nothing of the source.
  if (!OF_THE_SOURCE.includes(answer.reason)) return before;
  const { reason, message } = answer;
  return { at, down: { since: before?.down?.since ?? at, reason, message } };
}
