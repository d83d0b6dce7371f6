import type { SampledMetric } from './samples.ts';

/** Moments of a metric that could not be judged, because a range query of the backtest was not answered. */
export interface Unanswered {
  metric: string;
  /** The name of the query, in a metric of several. */
  query: string;
  /** The first and the last of these moments. */
  from: number;
  to: number;
  moments: number;
  /** The word of the fault, and what it said. */
  reason: string;
  message: string;
}

/** Gathers what could not be asked for: moments one after the other with one and the same fault are one. */
export function unansweredOf({ planned, judged }: SampledMetric): Unanswered[] {
  const stretches: Unanswered[] = [];
  let current: Unanswered | undefined;
  for (const { at, unanswered: query, assessment } of judged) {
    const { reason, message } = assessment;
    if (query === undefined) {
      current = undefined;
    } else if (current?.query === query && current.message === message) {
      current.to = at;
      current.moments += 1;
    } else {
      current = { metric: planned.metric.name, query, from: at, to: at, moments: 1, reason, message };
      stretches.push(current);
    }
  }
  return stretches;
}
