/** How late queries arrived, in ms after the instant for which they ask. */
export interface Drift {
  count: number;
  p50: number;
  p99: number;
  max: number;
  /** Evaluation times that are not one interval after the one before. */
  offGrid: number;
}

/** Reads the stub's log: `query<TAB>evaluation time<TAB>arrival` a line. The first gap of a run may be a jitter longer. */
export function driftOf(log: string, intervalMs: number): Drift {
  const rows = log
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([query = '', evaluateAt, arrivedAt]) => ({
      query,
      at: Number(evaluateAt),
      late: Number(arrivedAt) - Number(evaluateAt),
    }));
  const late = rows.map((row) => row.late).toSorted((a, b) => a - b);
  const byQuery = Map.groupBy(rows, ({ query }) => query);
  const offGrid = [...byQuery.values()].flatMap((asked) => {
    const times = asked.map(({ at }) => at).toSorted((a, b) => a - b);
    return times.slice(1).filter((time, index) => {
      const gap = time - (times[index] ?? 0);
      return Math.abs(gap - intervalMs) > (index === 0 ? intervalMs / 10 : 1);
    });
  }).length;
  const at = (share: number) =>
    late[Math.min(late.length - 1, Math.floor(share * late.length))] ?? Number.NaN;
  return { count: rows.length, p50: at(0.5), p99: at(0.99), max: late.at(-1) ?? Number.NaN, offGrid };
}
