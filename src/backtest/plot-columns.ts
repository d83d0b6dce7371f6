import type { Point } from './report.ts';

/** What one column of a plot shows of the moments that fall into it. */
export interface Column {
  from: number;
  to: number;
  /** Of its finite values; undefined without any. */
  low: number | undefined;
  high: number | undefined;
  moments: number;
  /** Moments that were not successful. */
  bad: number;
}

/** Gathers moments into columns of the same length, in order of time. Extremes are kept, so that no spike is lost. */
export function columnsOf(
  points: readonly Point[],
  period: { from: number; to: number },
  columns: number,
): Column[] {
  const widthMs = (period.to - period.from) / columns;
  const made = Array.from(
    { length: columns },
    (_, index): Column => ({
      from: period.from + index * widthMs,
      to: period.from + (index + 1) * widthMs,
      low: undefined,
      high: undefined,
      moments: 0,
      bad: 0,
    }),
  );
  for (const { at, value, outcome } of points) {
    const column = made[Math.min(columns - 1, Math.floor((at - period.from) / widthMs))];
    if (!column) continue;
    column.moments += 1;
    if (outcome !== 'Successful') column.bad += 1;
    if (value === undefined || !Number.isFinite(value)) continue;
    column.low = Math.min(column.low ?? value, value);
    column.high = Math.max(column.high ?? value, value);
  }
  return made;
}

/** The lowest and the highest of what a plot shows, the thresholds included; undefined when there is nothing. */
export function extentOf(
  columns: readonly Column[],
  thresholds: readonly number[],
): { low: number; high: number } | undefined {
  const lows = columns.flatMap(({ low }) => low ?? []);
  const highs = columns.flatMap(({ high }) => high ?? []);
  if (lows.length === 0) return undefined;
  const low = Math.min(...lows, ...thresholds);
  const high = Math.max(...highs, ...thresholds);
  // A line that never moves stands in the middle.
  return low < high ? { low, high } : { low: low - 1, high: high + 1 };
}
