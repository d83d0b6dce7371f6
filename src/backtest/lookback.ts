import { durationPartsMs } from '../analysis/promql-numbers.ts';

/**
 * How far a query looks back from the moment at which it is evaluated: its longest range, in milliseconds;
 * 0 without one. Of subqueries, the range counts and not what is inside of it.
 */
export function lookbackMs(query: string): number {
  const ranges = [...query.matchAll(/\[\s*((?:\d+(?:ms|[smhdwy]))+)\s*[\]:]/g)].map(
    (match) => match[1] ?? '',
  );
  return Math.max(0, ...ranges.map(durationPartsMs));
}
