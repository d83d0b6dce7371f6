const UNIT_MS = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/**
 * How far a query looks back from the moment at which it is evaluated: its longest range, in milliseconds;
 * 0 without one. Of subqueries, the range counts and not what is inside of it.
 */
export function lookbackMs(query: string): number {
  const ranges = [...query.matchAll(/\[\s*((?:\d+(?:ms|[smhdwy]))+)\s*[\]:]/g)].map(
    (match) => match[1] ?? '',
  );
  return Math.max(0, ...ranges.map(rangeMs));
}

function rangeMs(text: string): number {
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (total, [, amount, unit]) => total + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}
